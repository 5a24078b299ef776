"""Many like beliefs side by side in torch: their shape, precision and device.

torch is loaded when the first grid is made, so that the start stays light.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from flexiflow.errors import BadInput

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "float64"]


class Grid:
    """Base of beliefs that fill a shape, such as nodes x candidates x jobs.

    One belief is found by its flat position, counted row by row as in ``tensor.view(-1)``.
    Evidence is kept in float64 whatever the precision asked for: in float32 a count would stand
    still at 2^24. What is given out has the precision asked for.

    Parameters
    ----------
    shape
        Of the beliefs; empty for a single one.
    dtype
        ``"float64"`` or ``"float32"``.
    device
        Where the beliefs live: ``"cpu"``, ``"cuda"``, ``"cuda:1"``. On a GPU sums of repeated
        positions are added in no fixed order, so their last digits can differ between runs.

    Attributes
    ----------
    shape
        Of the beliefs.
    size
        How many there are.
    dtype, device
        Of what is given out.
    """

    def __init__(self, shape: Sequence[int], dtype: Precision, device: str) -> None:
        import torch

        if not isinstance(shape, Sequence) or not all(type(n) is int and n > 0 for n in shape):
            raise BadInput(f"shape must be whole numbers above 0, such as (3, 4). Got {shape!r}.")
        if dtype not in ("float32", "float64"):
            raise BadInput(f"dtype must be 'float32' or 'float64'. Got {dtype!r}.")
        kind = device.split(":")[0]
        if kind not in ("cpu", "cuda"):
            raise BadInput(f"device must be 'cpu' or 'cuda'. Got {device!r}.")
        if kind == "cuda" and not torch.cuda.is_available():
            raise BadInput(
                f"device={device!r} is asked for, and torch {torch.__version__} finds no CUDA "
                "device. Use device='cpu'."
            )
        self.shape = tuple(shape)
        self.size = math.prod(self.shape)
        self.dtype: torch.dtype = getattr(torch, dtype)
        self.device = torch.device(device)

    def _prior(
        self, name: str, value: float | torch.Tensor, least: float, most: float
    ) -> torch.Tensor:
        """A parameter of the prior at each position, `(size,)`, checked."""
        given = self._numbers(name, value)
        if not bool(((given >= least) & (given <= most)).all()):
            raise BadInput(f"{name} must lie between {least:g} and {most:g}. Got {value!r}.")
        try:
            return given.expand(self.shape).reshape(-1).clone()
        except RuntimeError as error:
            raise BadInput(
                f"{name} must be one number, or a tensor that can be expanded to the shape "
                f"{self.shape}. Got the shape {tuple(given.shape)}."
            ) from error

    def _zeros(self, *columns: int) -> torch.Tensor:
        import torch

        return torch.zeros((self.size, *columns), dtype=torch.float64, device=self.device)

    def _numbers(self, name: str, values: Any) -> torch.Tensor:
        import torch

        try:
            return torch.as_tensor(values, dtype=torch.float64, device=self.device)
        except (TypeError, ValueError, RuntimeError) as error:
            raise BadInput(f"{name} must be numbers. Got {values!r}.") from error

    def _positions(self, index: Any) -> torch.Tensor:
        """Flat positions, checked before they reach a GPU, whose own check ends the process."""
        import torch

        at = torch.as_tensor(index, device=self.device)
        if at.shape == (0,):
            return at.long()
        if at.dtype != torch.int64 or at.ndim != 1:
            raise BadInput(
                "index must be flat positions, a list of whole numbers (int64). "
                f"Got {at.dtype} of shape {tuple(at.shape)}."
            )
        if bool(((at < 0) | (at >= self.size)).any()):
            raise BadInput(
                f"index must hold flat positions from 0 to {self.size - 1}. "
                f"Got {int(at.min())} to {int(at.max())}."
            )
        return at

    def _same_shape(self, other: Grid) -> None:
        if type(other) is not type(self) or other.shape != self.shape:
            raise BadInput(
                f"{type(self).__name__} of shape {self.shape} can be merged only with others of "
                f"this shape. Got {type(other).__name__} of shape {other.shape}."
            )

    def _as_many(self, name: str, values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        if values.shape != index.shape:
            raise BadInput(
                f"{name} must have one entry for each of the {len(index)} positions. "
                f"Got the shape {tuple(values.shape)}."
            )
        return values

    def _shaped(self, values: torch.Tensor) -> torch.Tensor:
        """Numbers by position in the shape and precision of the beliefs."""
        return values.to(self.dtype).reshape((*values.shape[:-1], *self.shape))


def number(name: str, value: object, least: float, most: float) -> float:
    """A parameter, checked.

    Raises
    ------
    BadInput
        If it is not a number from ``least`` to ``most``.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise BadInput(f"{name} must lie between {least:g} and {most:g}. Got {value!r}.")
    return float(value)
