"""Fitting arguments to the inputs of an ONNX model, and its outputs to one example.

Types: floats are rounded to the width that the model has, and an overflow is an error; whole
numbers and booleans are converted only where every value stays the same; floats never become
whole numbers. Shapes: where each input comes with one axis less than the model declares and
the missing first one is open (or 1), it is one example: the axis is added, and taken off the
outputs again: off those whose first size has the same name, is 1 as well, or has no name (or
one that a converter has counted) where the input's is open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

_TYPES = {f"tensor({name})": np.dtype(name) for name in ("float16", "bool", "int8", "int16")}
_TYPES |= {f"tensor({name})": np.dtype(name) for name in ("int32", "int64", "uint8", "uint16")}
_TYPES |= {f"tensor({name})": np.dtype(name) for name in ("uint32", "uint64")}
_TYPES |= {"tensor(float)": np.dtype("float32"), "tensor(double)": np.dtype("float64")}
_TYPES |= {"tensor(string)": np.dtype(object)}

_COUNTED = re.compile(r"unk__\d+|s\d+|.*dim(ension)?[._]?\d+", re.IGNORECASE)
"""Names of open sizes that a converter has counted, not given."""


class Slot(NamedTuple):
    """An input or output as the file declares it.

    Attributes
    ----------
    name
        Its name in the file.
    type
        Its type as the runtime writes it: ``tensor(float)``.
    shape
        Sizes; a text or None where a size is open; empty if nothing is declared.
    """

    name: str
    type: str
    shape: tuple[int | str | None, ...]

    def __str__(self) -> str:
        kind = _TYPES.get(self.type)
        text = self.type if kind is None else "text" if kind.hasobject else kind.name
        sizes = ", ".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.name!r}: {text}" + (f" of shape ({sizes})" if self.shape else "")


class Feed(NamedTuple):
    """What a session is given: arrays by name, and the inputs that were given a first axis."""

    arrays: dict[str, Any]
    widened: frozenset[str]


def slots(arguments: Iterable[Any]) -> tuple[Slot, ...]:
    """Read the inputs or the outputs of a session."""
    return tuple(Slot(a.name, a.type, tuple(a.shape or ())) for a in arguments)


def fitted(wanted: Sequence[Slot], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Feed:
    """Give each input its array, of its type and with its axes.

    Parameters
    ----------
    wanted
        The model's inputs.
    args, kwargs
        Values in the order of the inputs or by name; or one mapping of names to values.

    Raises
    ------
    TypeError
        An input is missing, unknown or of a type that does not fit.
    ValueError
        A shape does not fit.

    Examples
    --------
    >>> feed = fitted([Slot("x", "tensor(float)", ("n", 2))], ([1, 2],), {})
    >>> feed.arrays["x"].dtype.name, feed.arrays["x"].shape, sorted(feed.widened)
    ('float32', (1, 2), ['x'])
    """
    given = _named(wanted, args, kwargs)
    taken = [slot for slot in wanted if slot.name in given]
    arrays = {slot.name: _converted(slot, given[slot.name], wanted) for slot in taken}
    short = [slot for slot in taken if _misses_first(slot, arrays[slot.name])]
    open_ones = [slot for slot in taken if slot.shape and not isinstance(slot.shape[0], int)]
    mixed = len({slot in short for slot in open_ones}) > 1
    for slot in taken:
        if slot in short:
            arrays[slot.name] = arrays[slot.name][None]
        if mixed or not _fits(slot, arrays[slot.name]):
            got = ", ".join(f"{s.name!r} {np.shape(given[s.name])}" for s in taken)
            raise ValueError(f"The shapes do not fit the model. Got {got}. {expects(wanted)}")
    return Feed(arrays, frozenset(slot.name for slot in short))


def stacked(wanted: Sequence[Slot], feeds: Sequence[Feed]) -> dict[str, Any] | None:
    """Join single examples along the first axis; None where the model or they do not allow it."""
    first = feeds[0]
    alike = all(
        f.widened == first.widened and f.arrays.keys() == first.arrays.keys() for f in feeds
    )
    if not alike or not first.widened:
        return None
    joined: dict[str, Any] = {}
    for slot in wanted:
        if slot.name not in first.arrays:
            continue
        column = [feed.arrays[slot.name] for feed in feeds]
        if slot.name in first.widened:
            if isinstance(slot.shape[0], int) or len({array.shape for array in column}) > 1:
                return None
            joined[slot.name] = np.concatenate(column)
        elif all(np.array_equal(array, column[0]) for array in column):
            joined[slot.name] = column[0]
        else:
            return None
    return joined


def split(
    wanted: Sequence[Slot],
    made: Sequence[Slot],
    widened: frozenset[str],
    outputs: list[Any],
    n: int,
) -> list[list[Any]] | None:
    """Give each of ``n`` examples its outputs; None where an output has no row for each."""
    batch = {slot.shape[0] for slot in wanted if slot.name in widened}
    columns: list[Any] = []
    for slot, output in zip(made, outputs, strict=True):
        if _is_per_row(slot, output, batch, n):
            columns.append(output)
        elif n == 1:
            columns.append([output])
        else:
            return None
    return [[column[i] for column in columns] for i in range(n)]


def _is_per_row(slot: Slot, output: Any, batch: set[Any], n: int) -> bool:
    """Whether the first axis of an output goes over the examples."""
    if isinstance(output, list):  # a sequence has no declared length
        return len(output) == n
    if np.ndim(output) == 0 or len(output) != n:
        return False
    first = slot.shape[0] if slot.shape else None
    if first in batch:
        return True
    if not _is_unnamed(first):  # a name of its own, "found", say: as many as the model likes
        return False
    is_open = any(not isinstance(size, int) for size in batch)
    return any(map(_is_unnamed, batch)) or (n == 1 and is_open)


def _is_unnamed(size: int | str | None) -> bool:
    return size is None or (isinstance(size, str) and _COUNTED.fullmatch(size) is not None)


def _named(
    wanted: Sequence[Slot], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    if len(args) == 1 and not kwargs and isinstance(args[0], Mapping):
        kwargs = args[0]
        args = ()
    names = [slot.name for slot in wanted]
    if len(args) > len(names):
        raise TypeError(f"The model has {len(names)} inputs. Got {len(args)}. {expects(wanted)}")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names or name in given:
            fault = "is given twice" if name in given else "is no input of the model"
            raise TypeError(f"{name!r} {fault}. {expects(wanted)}")
        given[name] = value
    missing = [s.name for s in wanted if s.name not in given and not s.type.startswith("opt")]
    if missing:
        raise TypeError(f"The model's input {missing[0]!r} is missing. {expects(wanted)}")
    return given


def expects(wanted: Sequence[Slot]) -> str:
    """Say what a model takes: names, types, shapes."""
    return f"The model expects {'; '.join(map(str, wanted))}."


def _converted(slot: Slot, value: Any, wanted: Sequence[Slot]) -> Any:
    target = _TYPES.get(slot.type)
    if target is None:  # a sequence, a map, a type that NumPy lacks: as it is
        return value
    array = _array(value, slot, wanted)
    made = _cast(array, target)
    if made is None:
        raise TypeError(
            f"The input {slot.name!r} does not keep its values as {slot.type}. "
            f"Got {array.dtype.name}. {expects(wanted)}"
        )
    return np.ascontiguousarray(made) if made.ndim else made


def _array(value: Any, slot: Slot, wanted: Sequence[Slot]) -> Any:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"The input {slot.name!r} is no array ({type(value).__name__}: {error}). "
            f"{expects(wanted)}"
        ) from None


def _cast(array: Any, target: np.dtype[Any]) -> Any:
    """Convert without loss (floats: by rounding); None if that cannot be done."""
    if target.hasobject:
        texts = array.dtype.kind == "U" or all(isinstance(v, str) for v in array.reshape(-1))
        return array.astype(object) if texts else None
    if array.dtype == target:
        return array
    kinds = array.dtype.kind + target.kind
    with np.errstate(all="ignore"):
        if kinds == "ff":
            made = array.astype(target)
            return made if np.array_equal(np.isinf(made), np.isinf(array)) else None
        if kinds[0] in "iub" and kinds[1] in "iuf":
            made = array.astype(target)
            same = np.array_equal(made.astype(array.dtype), array)
            return made if same and np.array_equal(made < 0, array < 0) else None
    return None


def _misses_first(slot: Slot, array: Any) -> bool:
    if not slot.shape or not isinstance(array, np.ndarray) or array.ndim != len(slot.shape) - 1:
        return False
    return not isinstance(slot.shape[0], int) or slot.shape[0] == 1


def _fits(slot: Slot, array: Any) -> bool:
    if not slot.shape or not isinstance(array, np.ndarray):
        return True
    if array.ndim != len(slot.shape):
        return False
    pairs = zip(slot.shape, array.shape, strict=True)
    return all(not isinstance(size, int) or size == got for size, got in pairs)
