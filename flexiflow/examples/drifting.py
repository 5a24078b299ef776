"""A model that breaks while it is in use, and recovers: drift that comes at a switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Drifting:
    """A model with a switch: while it is broken, what it is given is spoiled first.

    It is a candidate like any other. To the workflow it stays the same model when the switch
    is turned, as a model does that is given worse pictures from one day to the next.

    Parameters
    ----------
    model
        What it is when it works; called with one value.
    spoil
        What happens to that value while it is broken.

    Attributes
    ----------
    broken
        The switch. It can be turned at any time, from any thread, and holds for the calls
        that begin after it.

    Examples
    --------
    >>> shout = Drifting(str.upper, spoil=lambda text: text[::-1])
    >>> shout("abc")
    'ABC'
    >>> shout.broken = True
    >>> shout("abc")
    'CBA'
    """

    def __init__(self, model: Callable[[Any], Any], spoil: Callable[[Any], Any]) -> None:
        self.model, self.spoil, self.broken = model, spoil, False

    def __call__(self, value: Any) -> Any:
        """Call the model, with the value as it is or spoiled."""
        return self.model(self.spoil(value) if self.broken else value)


def upside_down(picture: NDArray[Any]) -> NDArray[Any]:
    """Turn a picture of shape (height, width, ...) by 180 degrees.

    Examples
    --------
    >>> upside_down(np.array([[1, 2], [3, 4]])).tolist()
    [[4, 3], [2, 1]]
    """
    return np.ascontiguousarray(picture[::-1, ::-1])
