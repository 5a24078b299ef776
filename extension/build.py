"""Builds the JupyterLab extension for a wheel or an sdist, where it is not built already.

What is built says from which sources; it is built again where these differ, so that what was
built earlier is never shipped with later sources.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "flexiflow" / "labextension"
SOURCES = ("package.json", "package-lock.json", "tsconfig.json", "schema", "src", "style")


def build(target: str, version: str) -> None:
    """Build the extension unless it is built from these sources.

    Parameters
    ----------
    target, version
        What hatchling makes: "wheel" or "sdist"; "standard" or "editable".

    Raises
    ------
    RuntimeError
        If there is no npm. An editable install goes on without the extension.
    """
    if is_fresh():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            "The JupyterLab extension must be built, and there is no npm. Install Node.js 20.19 "
            "or later, or leave the extension out: SKIP_JUPYTER_BUILDER=1 pip install ..."
        )
    for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        subprocess.run([npm, *command], cwd=HERE, check=True)


def is_fresh() -> bool:
    """Whether what is built was built from the sources that are here."""
    manifest = BUILT / "package.json"
    if not manifest.is_file():
        return False
    said = json.loads(manifest.read_text("utf-8")).get("sources")
    return bool(said == hash_of_sources())


def hash_of_sources() -> str:
    """A line "hash path" for each source but the tests, sorted by path, hashed again."""
    inside = [p for name in SOURCES for p in (HERE / name, *(HERE / name).rglob("*"))]
    paths = [p for p in inside if p.is_file() and not p.name.endswith(".test.ts")]
    hashes = {p.relative_to(HERE).as_posix(): _sha256(p.read_bytes()) for p in paths}
    return _sha256("".join(f"{hashes[name]} {name}\n" for name in sorted(hashes)).encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
