"""A torch module as a candidate: evaluation mode, no gradients, on its device.

Tensors and arrays among the arguments go to the module's device (arrays of numbers also to
its dtype), outputs come back on the CPU. A float output with one row of two or more
numbers gives a confidence: the largest probability, after a softmax unless the row is a
distribution already.
"""

from __future__ import annotations

import copy
import sys
import threading
from typing import TYPE_CHECKING, Any

from flexiflow.candidates.base import Options, Result
from flexiflow.errors import BadInput

if TYPE_CHECKING:
    import torch


class Module:
    """Runs a ``torch.nn.Module`` on one input, or on a batch that the user made."""

    expects = "a torch module"

    def __init__(self, model: torch.nn.Module, options: Options | None = None) -> None:
        self.model = model
        self._wanted = _available(options.device if options else "auto")
        self._placed = False
        self._lock = threading.Lock()

    @classmethod
    def accepts(cls, model: Any) -> bool:
        """Whether it is a module; while torch is not loaded nothing is."""
        torch = sys.modules.get("torch")
        return torch is not None and isinstance(model, torch.nn.Module)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; ``args`` are tensors, arrays, containers of these, or anything else."""
        output = self._forward(args, kwargs)
        confidence = _confidence(output)
        return output if confidence is None else Result(output, confidence)

    def together(self, args: tuple[list[Any], ...], kwargs: dict[str, Any]) -> list[Any]:
        """Run many inputs at once: equal shapes are stacked, the output is split again."""
        import torch

        stacked = tuple(_stacked(column) for column in args)
        if any(s is None for s in stacked):
            return [self(*row, **kwargs) for row in zip(*args, strict=True)]
        output = self._forward(stacked, kwargs)
        if not isinstance(output, torch.Tensor):
            raise TypeError(
                f"A module with batch= must return one tensor, a row for each input. "
                f"Got {type(output).__name__} instead."
            )
        return [_with_confidence(row) for row in output]

    def _forward(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        import torch

        if not self._placed:
            self._place()
        if self.model.training:
            self.model.eval()
        like = next(self.model.parameters(), None)
        device = like.device if like is not None else torch.device(_resolve(self._wanted))
        with torch.inference_mode():
            output = self.model(
                *[_move(a, device, like) for a in args],
                **{k: _move(v, device, like) for k, v in kwargs.items()},
            )
            return output if device.type == "cpu" else _move(output, torch.device("cpu"), None)

    def _place(self) -> None:
        """Bring the module to its device, once; with "auto", only away from the CPU."""
        with self._lock:
            if self._placed:
                return
            homes = {p.device.type for p in self.model.parameters()}
            if self._wanted != "auto" or homes == {"cpu"}:
                self.model.to(_resolve(self._wanted))
            self._placed = True


def _available(device: str) -> str:
    """The device that is asked for, if this machine has it."""
    import torch

    if device.startswith("cuda") and not torch.cuda.is_available():
        raise BadInput(
            f"device={device!r} is asked for, and torch {torch.__version__} finds no CUDA device "
            "here. Leave it out, or write device='auto': the GPU where there is one."
        )
    return device


def _resolve(device: str) -> str:
    import torch

    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _tensor(x: Any) -> Any:
    """Make an array of numbers a tensor; leave anything else as it is."""
    import numpy as np
    import torch

    if isinstance(x, np.ndarray) and x.dtype.kind in "biufc":
        return torch.from_numpy(x if x.flags.writeable else x.copy())
    return x


def _stacked(column: list[Any]) -> Any:
    """Stack tensors, or arrays, of one shape and dtype; None for anything else."""
    import numpy as np
    import torch

    first = column[0]
    for kind, stack in ((torch.Tensor, torch.stack), (np.ndarray, np.stack)):
        if all(isinstance(x, kind) for x in column):
            alike = all(x.shape == first.shape and x.dtype == first.dtype for x in column)
            return stack(column) if alike else None
    return None


def _move(x: Any, device: torch.device, like: torch.Tensor | None) -> Any:
    """Bring tensors and arrays, also inside containers, to a device."""
    import numpy as np
    import torch

    if isinstance(x, torch.Tensor):
        return x.to(device)
    if isinstance(x, np.ndarray):
        made = _tensor(x)
        if not isinstance(made, torch.Tensor):
            return x
        floats = like is not None and like.is_floating_point() and made.is_floating_point()
        return made.to(device, like.dtype if floats and like is not None else made.dtype)
    if isinstance(x, dict):
        moved = copy.copy(x)
        for key, value in x.items():
            moved[key] = _move(value, device, like)
        return moved
    if isinstance(x, (list, tuple)):
        parts = [_move(part, device, like) for part in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    return x


def _confidence(output: Any) -> float | None:
    """Give the largest probability of one row of scores: shape (C,) or (1, C), C >= 2."""
    import torch

    if not isinstance(output, torch.Tensor) or not output.is_floating_point():
        return None
    if output.ndim == 0 or output.shape[-1] < 2 or output.numel() != output.shape[-1]:
        return None
    if output.ndim > 2:
        return None
    row = output.detach().reshape(-1).float()
    total = float(row.sum())
    is_distribution = bool((row >= 0).all()) and abs(total - 1) < 1e-3
    return float((row if is_distribution else row.softmax(0)).max())


def _with_confidence(row: Any) -> Any:
    confidence = _confidence(row)
    return row if confidence is None else Result(row, confidence)
