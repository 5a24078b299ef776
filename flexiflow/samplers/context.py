"""A job's context as numbers that a linear model can use, whatever it holds.

Numbers are squeezed by sign(x) log(1 + |x|), so that heavy tails do not drown the rest, and
standardised by the running mean and variance of the jobs learned from. A missing number
counts as the mean, with an indicator of its own from the first time it is missing.
Categories are one-hot, booleans are two categories, a vector's entries are numbers.

Beside these stand random Fourier features [1]_: cosines of random projections, whose inner
products approximate a Gaussian kernel, so that a linear model of them is smooth but not
linear. Each entry's projection is drawn from a hash of its name: adding one leaves the
others as they are.

References
----------
.. [1] Rahimi, A. & Recht, B. (2007). Random features for large-scale kernel machines. NeurIPS.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput

Floats = NDArray[np.float64]

_FAR = 4.0  # standard deviations at which an entry is cut off
_VALUES = 32  # categories of one feature that get an entry of their own
_MOST = 400  # entries that linear models see


class Context:
    """The entries of a workflow's job-level features, and their running statistics.

    Parameters
    ----------
    fourier
        How many random Fourier features.

    Attributes
    ----------
    entries
        Name of each entry, in the order they were met: a feature, ``feature=value``,
        ``feature[3]`` or ``feature?`` (it is missing).

    Examples
    --------
    >>> context = Context()
    >>> for k in range(4): _ = context.learn({"size": 10.0 ** k, "kind": "date"})
    >>> context.entries
    ('size', 'kind=date')
    >>> context.encode({"size": None, "kind": "date"}).tolist()
    [0.0, 1.0]
    """

    def __init__(self, fourier: int = 64) -> None:
        self.fourier = fourier
        self._at: dict[str, int] = {}
        self._numbers: list[str] = []  # names of the features, or of the entries of a vector
        self._vectors: dict[str, int] = {}
        self._categories: dict[str, int] = {}  # feature -> how many of its values have entries
        self._columns: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._seen = np.zeros((0, 3))  # count, mean, sum of squared deviations
        self._deviations: Floats | None = None  # that follow from these, once they were asked
        self._frequencies = np.zeros((0, fourier))
        self._phases = np.random.default_rng(0).uniform(0, 2 * math.pi, fourier)

    def __len__(self) -> int:
        return len(self._at)

    @property
    def entries(self) -> tuple[str, ...]:
        """The names of the entries of ``encode``."""
        return tuple(self._at)

    def learn(self, context: Mapping[str, Any]) -> Floats:
        """Meet the context of one more job; its entries, as :meth:`encode` gives them then."""
        for name, value in context.items():
            if type(value) is not float or name not in self._at:  # else it was met before
                self._meet(name, value)
        values = self._squeezed(context)
        there = np.isfinite(values)
        count, mean, spread = self._seen.T
        count += there
        if there.all():
            off = values - mean
            mean += off / count
            spread += off * (values - mean)
        else:
            self._miss(context, there)
            off = np.where(there, values - mean, 0.0)
            mean += off / np.maximum(count, 1.0)
            spread += off * np.where(there, values - mean, 0.0)
        self._deviations = None
        return self._entries(context, values)

    def _miss(self, context: Mapping[str, Any], there: NDArray[np.bool_]) -> None:
        """Have an entry for each number that is missing."""
        for k in (~there).nonzero()[0]:
            name = self._numbers[k]
            if name in context or name in self._at:
                self._entry(f"{name}?")

    def _meet(self, name: str, value: Any) -> None:
        if isinstance(value, (bool, str)):
            known = self._categories.setdefault(name, 0)
            if f"{name}={value}" not in self._at and known < _VALUES and self._room():
                self._entry(f"{name}={value}")
                self._categories[name] = known + 1
        elif isinstance(value, (list, tuple)):
            for k in range(self._vectors.get(name, 0), len(value)):
                if self._room():
                    self._number(f"{name}[{k}]")
                    self._vectors[name] = k + 1
        elif value is not None and name not in self._at and self._room():
            self._number(name)

    def _room(self) -> bool:
        return len(self._at) < _MOST

    def _number(self, name: str) -> None:
        self._numbers.append(name)
        self._columns = np.append(self._columns, self._entry(name))
        self._seen, self._deviations = np.vstack([self._seen, np.zeros(3)]), None

    def _entry(self, name: str) -> int:
        if name not in self._at:
            self._at[name] = len(self._at)
            self._frequencies = np.vstack([self._frequencies, _drawn(name, self.fourier)])
        return self._at[name]

    def _squeezed(self, context: Mapping[str, Any]) -> Floats:
        """The numbers of a context, NaN where missing."""
        if self._vectors:
            context = dict(context)
            for name, size in self._vectors.items():
                listed = context.get(name)
                vector = listed if isinstance(listed, (list, tuple)) else ()
                context.update({f"{name}[{k}]": x for k, x in enumerate(vector[:size])})
        try:
            values = np.array([*map(context.get, self._numbers)], dtype=float)
        except (TypeError, ValueError, OverflowError):  # a number once, now text; or too large
            values = np.array([_number(context.get(n)) for n in self._numbers])
        return np.asarray(np.copysign(np.log1p(np.abs(values)), values))

    def encode(self, context: Mapping[str, Any]) -> Floats:
        """The entries of one job, `(len(self),)`; what was never met counts as missing."""
        return self._entries(context, self._squeezed(context))

    def _entries(self, context: Mapping[str, Any], values: Floats) -> Floats:
        """The entries of a job whose numbers are squeezed already."""
        found = np.zeros(len(self._at))
        if self._deviations is None:
            count, _, spread = self._seen.T
            self._deviations = np.sqrt(spread / np.maximum(count, 1.0))
            self._deviations[self._deviations <= 1e-9] = np.inf  # what never varies says nothing
        there = np.isfinite(values)
        if not there.all():
            values = np.where(there, values, self._seen[:, 1])
            for k in (~there).nonzero()[0]:
                at = self._at.get(f"{self._numbers[k]}?")
                if at is not None:
                    found[at] = 1.0
        z = (values - self._seen[:, 1]) / self._deviations
        found[self._columns] = np.minimum(np.maximum(z, -_FAR), _FAR)
        for name in self._categories:
            at = self._at.get(f"{name}={context.get(name)}")
            if at is not None:
                found[at] = 1.0
        return found

    def bend(self, encoded: Floats) -> Floats:
        """The random Fourier features of an encoded job, `(fourier,)`; their squares sum to 1."""
        if not len(encoded):
            return np.zeros(self.fourier)
        turned = encoded @ self._frequencies[: len(encoded)] / math.sqrt(len(encoded))
        return np.asarray(math.sqrt(2.0 / self.fourier) * np.cos(turned + self._phases))

    @property
    def state(self) -> dict[str, Any]:
        """What was met, as plain lists; setting it checks it."""
        return {
            "entries": list(self._at),
            "numbers": list(self._numbers),
            "vectors": dict(self._vectors),
            "categories": dict(self._categories),
            "seen": self._seen.tolist(),
        }

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        fresh = Context(self.fourier)
        for name in _texts(state["entries"]):
            fresh._entry(name)
        fresh._numbers = _texts(state["numbers"])
        fresh._columns = np.array([fresh._at[n] for n in fresh._numbers], dtype=np.intp)
        fresh._vectors = {str(k): int(v) for k, v in state["vectors"].items()}
        fresh._categories = {str(k): int(v) for k, v in state["categories"].items()}
        fresh._seen = np.array(state["seen"], dtype=float).reshape(-1, 3)
        good = np.isfinite(fresh._seen).all() and (fresh._seen[:, [0, 2]] >= 0).all()
        if len(fresh._seen) != len(fresh._numbers) or not good:
            raise BadInput(
                "The saved statistics of a context must be three finite numbers a feature: "
                f"count, mean, sum of squares. Got {len(fresh._seen)} rows for "
                f"{len(fresh._numbers)} features."
            )
        self.__dict__.update(fresh.__dict__)

    def merge(self, other: Context) -> None:
        """Add what another worker has met; means and variances are those of both together."""
        for name in other._at:
            self._entry(name)
        for name, (n, mean, spread) in zip(other._numbers, other._seen, strict=True):
            if name not in self._numbers:
                self._number(name)
            row = self._seen[self._numbers.index(name)]
            both, self._deviations = row[0] + n, None
            if both:
                off = mean - row[1]
                row[2] += spread + off * off * row[0] * n / both
                row[1] += off * n / both
                row[0] = both
        self._vectors = {**other._vectors, **_larger(self._vectors, other._vectors)}
        self._categories = {**other._categories, **_larger(self._categories, other._categories)}


def _larger(ours: Mapping[str, int], theirs: Mapping[str, int]) -> dict[str, int]:
    return {name: max(count, theirs.get(name, 0)) for name, count in ours.items()}


def _texts(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values]


def _number(value: Any) -> float:
    try:
        return float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:
        return math.nan


def _drawn(name: str, size: int) -> Floats:
    """Standard normal numbers that follow from a name."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest, "little")).normal(size=size)
