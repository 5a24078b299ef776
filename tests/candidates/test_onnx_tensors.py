"""Types and shapes of a model's inputs, without a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flexiflow.candidates.onnx_tensors import Feed, Slot, fitted, split, stacked


@pytest.mark.parametrize(
    ("given", "wanted", "kept"),
    [
        (np.float64(0.1), "float", np.float32(0.1)),
        (np.float64(1e300), "float", None),
        (np.float64("inf"), "float", np.float32("inf")),
        (np.float64("nan"), "float", np.float32("nan")),
        (np.float32(1e5), "float16", None),
        (np.uint8(200), "float", np.float32(200)),
        (np.int64(2**24 + 1), "float", None),
        (np.int64(2**24 + 2), "float", np.float32(2**24 + 2)),
        (np.int64(2**63 - 1), "double", None),
        (np.int64(300), "int32", np.int32(300)),
        (np.int64(300), "uint8", None),
        (np.int64(-1), "uint64", None),
        (np.uint64(2**63), "int64", None),
        (True, "float", np.float32(1)),
        (np.int64(1), "bool", None),
        (np.float64(2.0), "int64", None),
        (1 + 2j, "float", None),
    ],
)
def test_types_are_converted_without_loss(given: Any, wanted: str, kept: Any) -> None:
    slot = Slot("x", f"tensor({wanted})", ())
    if kept is None:
        with pytest.raises(TypeError, match="does not keep its values"):
            fitted([slot], (given,), {})
    else:
        made = fitted([slot], (given,), {}).arrays["x"]
        assert made.dtype == kept.dtype
        np.testing.assert_array_equal(made, kept)


IMAGE = Slot("image", "tensor(float)", ("n", 3, "h", "w"))
SCALE = Slot("scale", "tensor(float)", (1,))
MASK = Slot("mask", "tensor(bool)", ("n", "h"))


def test_an_input_without_a_batch_is_left_alone() -> None:
    feed = fitted([IMAGE, SCALE], (np.zeros((3, 4, 5)), [0.5]), {})
    assert {k: v.shape for k, v in feed.arrays.items()} == {"image": (1, 3, 4, 5), "scale": (1,)}
    assert feed.widened == {"image"}
    whole = fitted([IMAGE, SCALE], (np.zeros((2, 3, 4, 5)), 0.5), {})
    assert {k: v.shape for k, v in whole.arrays.items()} == {"image": (2, 3, 4, 5), "scale": (1,)}


def test_one_example_and_a_batch_do_not_go_together() -> None:
    with pytest.raises(ValueError, match=r"Got 'image' \(3, 4, 5\), 'mask' \(1, 4\)"):
        fitted([IMAGE, MASK], (np.zeros((3, 4, 5)), [[True] * 4]), {})


def test_what_is_not_alike_is_not_stacked() -> None:
    def feed(size: int, scale: float = 1.0) -> Feed:
        return fitted([IMAGE, SCALE], (np.full((3, size, 2), scale), [scale]), {})

    joined = stacked([IMAGE, SCALE], [feed(4), feed(4)])
    assert joined is not None
    assert {k: v.shape for k, v in joined.items()} == {"image": (2, 3, 4, 2), "scale": (1,)}
    assert stacked([IMAGE, SCALE], [feed(4), feed(5)]) is None
    assert stacked([IMAGE, SCALE], [feed(4), feed(4, 2.0)]) is None
    batch = fitted([MASK], ([[True]],), {})
    assert stacked([MASK], [batch, batch]) is None


@pytest.mark.parametrize(
    ("first", "shape", "n", "apart"),
    [
        ("n", (1, 4), 1, (4,)),
        ("n", (2, 4), 2, (4,)),
        ("found", (1, 4), 1, (1, 4)),
        ("found", (2, 4), 2, None),
        (None, (1, 4), 1, (4,)),
        ("Gemmoutput_dim_0", (1, 4), 1, (4,)),
        ("Gemmoutput_dim_0", (2, 4), 2, None),
        (7, (7,), 1, (7,)),
        ("n", (), 1, ()),
    ],
)
def test_outputs_are_taken_apart_along_the_batch_alone(
    first: Any, shape: Any, n: int, apart: Any
) -> None:
    made = Slot("y", "tensor(float)", (first, 4) if shape else ())
    rows = split([IMAGE], [made], frozenset({"image"}), [np.zeros(shape)], n)
    got = None if rows is None else [row[0].shape for row in rows]
    assert got == (None if apart is None else [apart] * n)


def test_unnamed_axes_are_taken_for_the_same() -> None:
    x, y = Slot("x", "tensor(float)", ("a.Dimension.0", 2)), Slot("y", "tensor(float)", ("unk__7",))
    for n in (1, 2):
        assert split([x], [y], frozenset({"x"}), [np.ones(n)], n) == [[1.0]] * n
    fixed = Slot("x", "tensor(float)", (1, 2))
    assert split([fixed], [y], frozenset({"x"}), [np.ones(1)], 1) == [[np.ones(1)]]
    maps = split(
        [x], [Slot("p", "seq(map(int64,tensor(float)))", ())], frozenset({"x"}), [[{0: 1}]], 1
    )
    assert maps == [[{0: 1}]]
