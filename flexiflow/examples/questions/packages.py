"""Files of packages that one person has uploaded, read only if they are those that were tried.

The versions are pinned in the extras, and none of the packages' own code is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePath

from flexiflow.errors import BadInput


def files(
    package: str, keep: Callable[[PurePath], bool], sha256: str, install: str
) -> dict[PurePath, Path]:
    """Find files of an installed package, and check what they are.

    Parameters
    ----------
    package
        Its name on PyPI.
    keep
        Which files are wanted, by their path in the package.
    sha256
        Of the contents of these files one after the other, in the order of their paths.
    install
        What to give pip to install it.

    Returns
    -------
    dict
        Path in the package -> path on this machine.

    Raises
    ------
    BadInput
        The package is not there, or its files are other ones.
    """
    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise BadInput(f"This example needs {package}. Install: pip install {install}") from None
    paths: dict[PurePath, Path] = {
        f: Path(str(found.locate_file(f))) for f in sorted(found.files or ()) if keep(f)
    }
    seen = hashlib.sha256()
    for path in paths.values():
        if path.is_file():
            seen.update(path.read_bytes())
    if seen.hexdigest() != sha256:
        raise BadInput(
            f"{package} {found.version} has not the files that were tried here. "
            f"Install: pip install --force-reinstall {install}"
        )
    return paths
