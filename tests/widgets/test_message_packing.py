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

from flexiflow.widgets.packing import FEW, pack, unpack

ARRAYS = hnp.arrays(
    st.sampled_from([np.float16, np.float32, np.uint8, np.int32, np.bool_]),
    hnp.array_shapes(max_dims=3, max_side=9),
)
NAMES = {np.float16: "f2", np.float32: "f4", np.int32: "i4", np.uint8: "u1", np.bool_: "u1"}


@given(ARRAYS, st.booleans())
def test_large_arrays_come_back_bit_by_bit(array: Any, buffers: bool) -> None:
    content, raw = pack({"x": array}, buffers)
    back = unpack(json.loads(json.dumps(content, allow_nan=False)), raw)["x"]
    kind = NAMES[array.dtype.type]
    assert np.shape(back) == array.shape
    if array.size <= FEW[kind]:
        assert raw == []
    elif "$range" in content["x"]:
        np.testing.assert_array_equal(back, array)
    else:
        assert len(raw) == (1 if buffers else 0)
        assert back.dtype == kind
        np.testing.assert_array_equal(back, array.astype(kind))


@given(hnp.arrays(np.int32, hnp.array_shapes(max_dims=1, max_side=6)))
def test_a_range_stands_for_even_steps_only(array: Any) -> None:
    content, raw = pack({"x": array})
    steps = np.diff(array.astype(int))
    if array.size > 2 and (steps == steps[0]).all():
        assert content == {"x": {"$range": [int(array[0]), array.size, int(steps[0])]}}
    np.testing.assert_array_equal(unpack(content, raw)["x"], array)


def test_all_arrays_of_a_message_share_one_buffer() -> None:
    arrays = [np.arange(20, dtype=np.uint8), np.linspace(0, 1, 21), np.arange(40) ** 2]
    content, (raw,) = pack(arrays)
    assert content == [{"$buffer": [0, "u1", 20]}, {"$buffer": [20, "f4", 21]},
                       {"$buffer": [104, "i4", 40]}]  # fmt: skip
    assert len(raw) == 20 + 84 + 160
    for array, back in zip(arrays, unpack(content, [raw]), strict=True):
        np.testing.assert_allclose(back, array, atol=1e-7)


@pytest.mark.parametrize("buffers", [True, False])
def test_the_bytes_are_little_endian(buffers: bool) -> None:
    array = np.arange(20, dtype=">i4") ** 2
    content, raw = pack(array, buffers)
    assert unpack(content, raw).tolist() == [k * k for k in range(20)]
    if buffers:
        assert raw[0][:8] == b"\x00\x00\x00\x00\x01\x00\x00\x00"


def test_wide_numbers_are_narrowed() -> None:
    content, _ = pack({"a": np.arange(20.0), "b": np.arange(20) ** 2, "c": np.zeros(20, bool)})
    assert [content[k]["$buffer"][1] for k in "abc"] == ["f4", "i4", "u1"]


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
