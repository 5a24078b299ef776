"""The digest of an ONNX file and of the weights beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx_files import WEIGHTS, linear

from flexiflow.candidates import adopt
from flexiflow.candidates.onnx_content import digest_of_file


def test_weights_beside_the_file_count(tmp_path: Path) -> None:
    how = {"save_as_external_data": True, "location": "w.bin", "size_threshold": 0}
    file = linear(tmp_path / "m.onnx", **how)
    first = adopt(file, "m").fingerprint
    content = Path(file).read_bytes()
    (tmp_path / "w.bin").unlink()
    linear(tmp_path / "m.onnx", weights=2 * WEIGHTS, **how)
    assert Path(file).read_bytes() == content
    assert adopt(file, "m").fingerprint != first
    np.testing.assert_allclose(adopt(file, "m").kind(np.eye(2)), 2 * WEIGHTS, rtol=1e-6)


def test_a_file_without_content_has_a_digest_and_a_missing_one_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "b").write_bytes(b"b")
    assert digest_of_file(str(tmp_path / "a")) != digest_of_file(str(tmp_path / "b"))
    with pytest.raises(FileNotFoundError):
        digest_of_file(str(tmp_path / "c"))


def test_several_files_of_weights_count(tmp_path: Path) -> None:
    entries = [b"\n\x08location\x12" + bytes([len(n)]) + n for n in (b"w1", b"w2", b"gone")]
    (tmp_path / "m").write_bytes(b"..".join(entries))
    digests = []
    for one, two in ((b"a", b"b"), (b"aa", b"b"), (b"aa", b"bb")):
        (tmp_path / "w1").write_bytes(one)
        (tmp_path / "w2").write_bytes(two)
        digests.append(digest_of_file(str(tmp_path / "m")))
    assert len(set(digests)) == 3
