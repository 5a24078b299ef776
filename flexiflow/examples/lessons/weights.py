"""Weights out of packages that one person has uploaded, used only if they are known.

The versions are pinned in the extras, and none of the packages' own code is run.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from flexiflow.errors import BadInput


class File(NamedTuple):
    """A file of a package, and what it must be."""

    package: str
    name: str
    sha256: str


def found(file: File, extra: str) -> Path:
    """Find a file wherever pip has put its package, and check what it is.

    Parameters
    ----------
    extra
        Of FlexiFlow, that brings the package.

    Raises
    ------
    BadInput
        It is not there, or it is another file.
    """
    try:
        package = distribution(file.package)
    except PackageNotFoundError:
        raise BadInput(
            f"This example needs {file.package}. Install: pip install 'flexiflow[{extra}]'"
        ) from None
    for part in package.files or ():
        path = Path(str(package.locate_file(part))).resolve()
        if part.name == file.name and path.is_file():
            with path.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() == file.sha256:
                    return path
    raise BadInput(
        f"{file.package} {package.version} has not the {file.name} that was tried here. "
        f"Install: pip install --force-reinstall 'flexiflow[{extra}]'"
    )
