"""Weights out of packages: found, or a line that says what to install."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from flexiflow.errors import BadInput
from flexiflow.examples.lessons import weights
from flexiflow.examples.lessons.weights import File, found


def test_a_file_is_found_if_it_is_the_known_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model.bin").write_bytes(b"known")
    package = SimpleNamespace(
        version="1.0", files=[Path("other"), Path("model.bin")], locate_file=tmp_path.joinpath
    )
    monkeypatch.setattr(weights, "distribution", lambda name: package)
    file = File("some", "model.bin", hashlib.sha256(b"known").hexdigest())
    assert found(file, "extra").read_bytes() == b"known"
    (tmp_path / "model.bin").write_bytes(b"altered")
    with pytest.raises(BadInput, match=r"some 1\.0 has not the model\.bin that was tried here"):
        found(file, "extra")


def test_a_missing_package_is_told() -> None:
    with pytest.raises(BadInput, match=r"needs no-such-package.*pip install 'flexiflow\[extra\]'"):
        found(File("no-such-package", "model.bin", "0"), "extra")
