"""Arrays go through text exactly, and what is no such text is refused."""

import base64
import json

import numpy as np
import pytest

from flexiflow.samplers.packing import packed, packed_symmetric, unpacked, unpacked_symmetric


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 0, 4), (1, 1, 1)])
def test_arrays_come_back_to_the_last_bit(shape):
    values = np.random.default_rng(0).normal(size=shape) * 10.0 ** np.arange(-7, -7 + shape[-1])
    again = unpacked(json.loads(json.dumps(packed(values))), shape)
    assert again.shape == shape
    assert np.array_equal(again, values)
    again += 1.0  # and can be written to


def test_the_text_is_little_endian_whatever_the_layout_of_the_array():
    values = np.arange(6.0).reshape(2, 3)
    assert base64.b64decode(packed(values.T)) == values.T.astype("<f8").tobytes()
    assert packed(values.astype(">f8")) == packed(values)


@pytest.mark.parametrize(("n", "d"), [(1, 1), (3, 4), (2, 0)])
def test_symmetric_matrices_take_half_the_room(n, d):
    root = np.random.default_rng(1).normal(size=(n, d, d))
    values = root + root.swapaxes(1, 2)
    text = packed_symmetric(values)
    assert len(base64.b64decode(text)) == 8 * n * d * (d + 1) // 2
    assert np.array_equal(unpacked_symmetric(text, n, d), values)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (packed(np.arange(4.0)), (3,)),
        (packed(np.arange(4.0)), (-1,)),
        (packed(np.array([1.0, np.nan])), (2,)),
        (packed(np.array([1.0, np.inf])), (2,)),
        ("no base64!", (1,)),
        ("AAA=", (1,)),
        (None, (1,)),
        ([1.0], (1,)),
    ],
    ids=["size", "shape", "nan", "infinite", "letters", "half a number", "nothing", "list"],
)
def test_what_is_no_such_text_is_refused(text, shape):
    with pytest.raises(ValueError, match=r"."):
        unpacked(text, shape)
