"""Telling in one line which packages an example lacks."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from flexiflow.errors import BadInput


def lacking(packages: Sequence[str]) -> list[str]:
    """Give those of the packages that cannot be imported.

    Examples
    --------
    >>> lacking(["json", "no_such_package"])
    ['no_such_package']
    """
    return [name for name in packages if importlib.util.find_spec(name) is None]


def need(extra: str, packages: Sequence[str]) -> None:
    """Make sure that an example's packages are there.

    Raises
    ------
    BadInput
        If one is not; the message says what to install.

    Examples
    --------
    >>> need("dates", ["json"])
    """
    missing = lacking(packages)
    if missing:
        raise BadInput(
            f"This example needs {', '.join(missing)}. Install: pip install 'flexiflow[{extra}]'"
        )
