"""What came of a run, thinned: decisions job by job, running means, and who was accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.kept.detail import Detail
from flexiflow.kept.plain import number, series, text

NOBODY, ANOTHER = -1, -2  #: no candidate was accepted; one that is not told of was

_NONE = 255  # as a snapshot says nobody
_COMPARED = {"single": "configuration", "fixed": "order"}


def decisions(
    columns: Mapping[str, Any], places: Sequence[Sequence[int]], detail: Detail
) -> dict[str, Any]:
    """The candidate accepted at each node, for jobs that are evenly spaced.

    Parameters
    ----------
    columns
        As a snapshot has them.
    places
        Per node, the candidates that are told of.
    """
    jobs, choice, passed = _columns(columns, len(places))
    kept = _even(len(jobs), detail.columns)
    return {
        "job": series(jobs[kept]),
        "choice": [series(_renumbered(choice[kept, v], at)) for v, at in enumerate(places)],
        "passed": series(passed[kept].astype(int)),
    }


def outcome(
    columns: Mapping[str, Any],
    told: Mapping[str, Any],
    places: Sequence[Sequence[int]],
    detail: Detail,
) -> dict[str, Any]:
    """What the run brought, beside what it is compared with."""
    jobs, choice, passed = _columns(columns, len(places))
    means = np.asarray(told.get("jobs", ()), dtype=np.int64)
    kept = _even(len(means), detail.points)
    return {
        "columns": len(jobs),
        "passed_columns": int(passed.sum()),
        "accepted": [series((choice[:, v] == c).sum() for c in at) for v, at in enumerate(places)],
        "switched": _some(columns, "switches"),
        "rolled_back": _some(columns, "rollbacks"),
        "jobs": series(means[kept]),
        **{name: _thin(told, name, kept) for name in ("seconds", "passed", "worth")},
        **{name: _compared(told.get(name), key, detail) for name, key in _COMPARED.items()},
    }


def _columns(
    columns: Mapping[str, Any], nodes: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    jobs = np.asarray(columns.get("job", ()), dtype=np.int64)
    choice = np.asarray(columns.get("choice", ()), dtype=np.int64).reshape(len(jobs), nodes)
    passed = np.asarray(columns.get("passed", ()), dtype=np.int64) != 0
    return jobs, choice, passed


def _even(many: int, most: int) -> NDArray[np.int64]:
    """Places of an even sample, the first and the last included; whole numbers."""
    return np.linspace(0, max(many - 1, 0), min(many, most)).astype(np.int64)


def _renumbered(choice: NDArray[Any], at: Sequence[int]) -> NDArray[Any]:
    number_of = np.full(max(_NONE, *at, 0) + 1, ANOTHER)
    number_of[list(at)] = np.arange(len(at))
    number_of[_NONE] = NOBODY
    return np.asarray(number_of[choice])


def _some(columns: Mapping[str, Any], name: str) -> int:
    return int((np.asarray(columns.get(name, ()), dtype=np.int64) > 0).sum())


def _thin(told: Mapping[str, Any], name: str, kept: NDArray[np.int64]) -> str:
    values = np.asarray(told.get(name, ()), dtype=float)
    return series(values[kept]) if len(kept) and len(values) > kept[-1] else ""


def _compared(told: Any, key: str, detail: Detail) -> dict[str, Any] | None:
    """What the run is compared with: mean and ends of the 80 % interval of each measure."""
    if not told:
        return None
    bands = {name: told.get(name) for name in ("seconds", "passed", "worth")}
    return {
        "name": text(told.get(key, ""), 2 * detail.letters),
        **{n: None if band is None else [number(x) for x in band] for n, band in bands.items()},
    }
