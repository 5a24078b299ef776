"""The tutorial notebooks that travel with the package, copied to where the user works."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import NamedTuple

from flexiflow.errors import BadInput

FOLDER = "flexiflow-tutorials"


class Copied(NamedTuple):
    """What was copied.

    Attributes
    ----------
    folder
        Where to.
    notebooks
        Names of those that were copied.
    kept
        How many were there already, and were left as they are.
    """

    folder: str
    notebooks: list[str]
    kept: int


def copy_tutorials(where: Path) -> Copied:
    """Copy the tutorial notebooks into a folder of their own; nothing is overwritten.

    Parameters
    ----------
    where
        The folder in which the new one is made.

    Raises
    ------
    BadInput
        If the installation has no notebooks, or the folder cannot be written.
    """
    folder, copied, kept = where / FOLDER, list[str](), 0
    try:
        folder.mkdir(exist_ok=True)
        for name, content in _notebooks().items():
            target = folder / name
            if target.exists():
                kept += 1
            else:
                target.write_bytes(content)
                copied.append(name)
    except OSError as error:
        raise BadInput(f"The tutorials cannot be written to {folder}: {error}.") from error
    return Copied(str(folder), copied, kept)


def _notebooks() -> dict[str, bytes]:
    """The notebooks: within the package once installed, beside it in a checkout."""
    package = resources.files("flexiflow")
    for place in (package / "notebooks", package / ".." / "notebooks"):
        if place.is_dir():
            found = [it for it in place.iterdir() if it.name.endswith(".ipynb")]
            return {it.name: it.read_bytes() for it in sorted(found, key=lambda it: it.name)}
    raise BadInput("This installation lacks the tutorial notebooks. Install flexiflow again.")
