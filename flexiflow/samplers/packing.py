"""Arrays as text: base64 of little-endian 64-bit numbers, exact and without pickle."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def packed(values: Floats) -> str:
    """An array as text; its shape is kept elsewhere."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f8").tobytes()).decode()


def unpacked(text: Any, shape: tuple[int, ...]) -> Floats:
    """The array of a text.

    Raises
    ------
    ValueError
        If it is not a text of that many finite numbers.

    Examples
    --------
    >>> unpacked(packed(np.arange(4.0)), (2, 2)).tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """
    if not isinstance(text, str) or min(shape) < 0:
        raise ValueError(f"packed numbers of shape {shape} expected, not {text!r:.40}")
    try:
        values = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f8")
    except binascii.Error as error:
        raise ValueError(f"packed numbers are no base64: {error}") from error
    if values.size != np.prod(shape) or not np.isfinite(values).all():
        raise ValueError(f"finite numbers of shape {shape} expected, not {values.size} numbers")
    return values.astype(float).reshape(shape)


def packed_symmetric(matrices: Floats) -> str:
    """Symmetric matrices, `(n, d, d)`, by their lower triangles."""
    return packed(matrices[(slice(None), *np.tril_indices(matrices.shape[1]))])


def unpacked_symmetric(text: Any, n: int, d: int) -> Floats:
    """The matrices of a text, `(n, d, d)`; raises as :func:`unpacked`."""
    lower = unpacked(text, (n, d * (d + 1) // 2))
    found, at = np.zeros((n, d, d)), np.tril_indices(d)
    found[(slice(None), *at)] = lower
    found[(slice(None), *at[::-1])] = lower
    return found
