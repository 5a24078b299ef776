"""Messages with arrays, there and back."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from flexiflow.widgets.packing import SMALL, pack, unpack

ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.uint8, np.int32, np.bool_]),
    hnp.array_shapes(max_dims=3, max_side=9),
)
KINDS = {"f": np.float32, "i": np.int32, "u": np.uint8, "b": np.uint8}


@given(ARRAYS, st.booleans())
def test_large_arrays_come_back_bit_by_bit(array: Any, buffers: bool) -> None:
    content, raw = pack({"x": array}, buffers)
    back = unpack(json.loads(json.dumps(content, allow_nan=False)), raw)["x"]
    if array.size <= SMALL:
        assert raw == []
        assert np.shape(back) == array.shape
    else:
        assert len(raw) == (1 if buffers else 0)
        assert back.dtype == KINDS[array.dtype.kind]
        np.testing.assert_array_equal(back, array.astype(back.dtype))


@pytest.mark.parametrize("buffers", [True, False])
def test_the_bytes_are_little_endian(buffers: bool) -> None:
    array = np.arange(20, dtype=">i4")
    content, raw = pack(array, buffers)
    assert unpack(content, raw).tolist() == list(range(20))
    if buffers:
        assert raw[0][:8] == b"\x00\x00\x00\x00\x01\x00\x00\x00"


def test_wide_numbers_are_narrowed() -> None:
    content, _ = pack({"a": np.arange(20.0), "b": np.arange(20), "c": np.zeros(20, bool)})
    assert [content[k]["dtype"] for k in "abc"] == ["float32", "int32", "uint8"]


def test_numbers_that_json_cannot_hold_become_null() -> None:
    message = {
        "a": math.nan,
        "b": [math.inf],
        "c": np.array([1.0, -np.inf]),
        "d": np.float64("nan"),
    }
    assert pack(message)[0] == {"a": None, "b": [None], "c": [1, None], "d": None}


def test_numbers_keep_four_digits() -> None:
    assert pack([0.123456, 123456.0, 7.0, np.float32(0.1)])[0] == [0.1235, 123500, 7, 0.1]


def test_numpy_scalars_tuples_and_sets_are_plain() -> None:
    assert pack({"n": np.int64(3), "t": (1, True), "s": {"x"}, "none": None})[0] == {
        "n": 3,
        "t": [1, True],
        "s": ["x"],
        "none": None,
    }


def test_texts_stay_as_they_are_save_half_characters() -> None:
    odd = "<script>'\"</svg> 😀 نموذج \u202e"
    content, _ = pack({odd: odd})
    assert content == {odd: odd}
    assert json.dumps(pack("a\ud800b")[0]).encode("utf-8")
    assert pack("a\ud800b")[0] == "a?b"


@pytest.mark.parametrize("thing", [object(), b"raw", np.array(["x"]), np.array([1j])])
def test_what_a_page_cannot_read_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        pack({"x": thing})
