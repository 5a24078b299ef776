"""An imperfect assertion: confidence against a threshold that is learned from few, late labels.

The recorded services of one node give a class and their confidence in it; the workflow asserts
``confidence(answer) >= threshold(start, by=answer)``. Whether an answer is right is told only
for a share of the jobs, and only some jobs later. Printed are accuracy and cost beside those of
the best single service, over the whole stream and over its last quarter, for several values of
a right answer: the larger it is, the more is paid for accuracy.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import inf, isfinite, sqrt
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from flexiflow.benchmarks.processes import spread
from flexiflow.benchmarks.recorded import OUTCOMES
from flexiflow.benchmarks.recording import Bools, Floats
from flexiflow.candidates import Result, candidate
from flexiflow.errors import BadInput
from flexiflow.flow import Workflow
from flexiflow.language import read
from flexiflow.options import whole
from flexiflow.samplers import Hybrid
from flexiflow.stores import SQLStore

_COLUMNS = ("job", "node", "candidate", "correct", "cost", "confidence", "label")
_WORTHS = (3.5, 4.0, 5.0, 7.0)

_TEXT = """\
services(job, truth=None)
answer = any_of(models)(job)
assert confidence(answer) >= threshold({start}, by=answer)
maximize(extra(answer, "right") == truth)
minimize(cost, weight={weight})
"""
_ALONE = _TEXT.replace(", by=answer", "")


class Answers(NamedTuple):
    """What each service said of each job, `(jobs, services)`."""

    name: str
    services: tuple[str, ...]
    label: np.ndarray[Any, np.dtype[np.str_]]
    confidence: Floats
    correct: Bools
    cost: Floats

    @property
    def best(self) -> int:
        """The service that is right most often."""
        return int(self.correct.mean(axis=0).argmax())


class Setting(NamedTuple):
    """How one stream is run."""

    worth: float  #: of a right answer, in prices of the best service
    labels: float
    delay: int
    start: float
    seed: int
    grouped: bool = True
    fixed: bool = False


def tells(prefix: Path) -> bool:
    """Whether a set holds what is needed here."""
    try:
        load(prefix)
    except BadInput:
        return False
    return True


def load(prefix: Path) -> Answers:
    """Read the set ``DIR/NAME``: one node, its answers with their confidence.

    Raises
    ------
    BadInput
        There is no such set, or it lacks what is needed.
    """
    name = prefix.name.removesuffix(OUTCOMES)
    path = prefix.with_name(name + OUTCOMES)
    if not path.is_file():
        raise BadInput(f"There is no file {str(path)!r}. Give DIR/NAME.")
    try:
        frame = pl.read_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{str(path)!r} cannot be read as a Parquet file: {error}") from error
    _check(name, frame)
    services = tuple(frame["candidate"].unique(maintain_order=True))
    wide = [frame.filter(pl.col("candidate") == s).sort("job") for s in services]
    if any(w["job"].to_list() != wide[0]["job"].to_list() for w in wide):
        raise BadInput(f"{name}: not every candidate has one row on every job.")

    def column(what: str) -> Any:
        return np.stack([w[what].to_numpy() for w in wide], axis=1)

    label = np.stack([w["label"].cast(pl.String).to_numpy() for w in wide], axis=1).astype(str)
    made = Answers(
        name, services, label, column("confidence").astype(float), column("correct").astype(bool),
        column("cost").astype(float),
    )  # fmt: skip
    if not made.cost[:, made.best].mean() > 0.0:
        raise BadInput(
            f"{name}: the best service, {services[made.best]!r}, costs nothing. Its price is the "
            "unit here: give costs above 0."
        )
    return made


def _check(name: str, frame: pl.DataFrame) -> None:
    """Refuse a set without what is needed, or with values that cannot be measured."""
    lacking = [c for c in _COLUMNS if c not in frame.columns or frame[c].null_count()]
    if lacking:
        raise BadInput(
            f"{name}: the column {lacking[0]!r} is missing, or null on some rows. This benchmark "
            f"needs {', '.join(_COLUMNS)} on every row."
        )
    if frame["node"].n_unique() != 1:
        raise BadInput(f"{name}: one node was expected, got {frame['node'].n_unique()}.")
    if frame["correct"].dtype != pl.Boolean:
        raise BadInput(
            f"{name}: 'correct' must hold true or false. It holds {frame['correct'].dtype}."
        )
    for column in ("confidence", "cost"):
        if not frame[column].dtype.is_numeric() or not frame[column].is_finite().all():
            raise BadInput(f"{name}: {column!r} must hold finite numbers on every row.")


def _model(it: Answers, k: int) -> Any:
    def service(job: int) -> Result:
        right = bool(it.correct[job, k])
        return Result(str(it.label[job, k]), confidence=float(it.confidence[job, k]), right=right)

    service.__name__ = it.services[k]
    return candidate(service, cost=float(it.cost[:, k].mean()), name=it.services[k])


def stream(it: Answers, setting: Setting) -> np.ndarray[Any, np.dtype[np.float64]]:
    """One shuffled stream with a new sampler: right, cost and passed of each job, `(jobs, 3)`."""
    models = {name: _model(it, k) for k, name in enumerate(it.services)}
    weight = 1.0 / (setting.worth * float(it.cost[:, it.best].mean()))
    text = (_TEXT if setting.grouped else _ALONE).format(start=setting.start, weight=weight)
    rng = np.random.default_rng([setting.seed, 7])
    order = rng.permutation(len(it.label))
    told = rng.random(len(order)) < setting.labels
    found = np.zeros((len(order), 3))
    waiting: deque[tuple[int, str]] = deque()
    with tempfile.TemporaryDirectory() as folder, SQLStore(folder) as store:
        flow = Workflow(read(text, {"models": models}), sampler=Hybrid(), store=store)
        if setting.fixed:
            flow.thresholds["threshold 1"] = setting.start
        jobs = ({"job": int(j)} for j in order)
        seed = int(rng.integers(2**31))
        for at, outcome in enumerate(flow.stream(jobs, seed=seed, clock=lambda *_: 0.0)):
            answered = outcome.job.configuration["answer"]
            right = it.correct[order[at], it.services.index(answered)]
            found[at] = right, outcome.job.cost, outcome.passed
            if told[at]:
                waiting.append((at + setting.delay, outcome.job_id))
            while waiting and waiting[0][0] <= at:
                flow.feedback(waiting.popleft()[1], truth=True)
    return found


def rows(
    it: Answers, settings: Mapping[str, Setting], shuffles: int, workers: int = 1
) -> Iterator[dict[str, Any]]:
    """Measure each setting over several shuffles; one row each."""
    best = it.best
    accuracy, price = float(it.correct[:, best].mean()), float(it.cost[:, best].mean())
    yield {"set": it.name, "policy": f"{it.services[best]} alone", "shuffles": 1,
           "whole_right": accuracy, "whole_share": 1.0, "last_right": accuracy,
           "last_share": 1.0, "passed": 1.0}  # fmt: skip
    with spread(workers) as run:
        waiting = [
            (name, run(partial(stream, it), [s._replace(seed=s.seed + k) for k in range(shuffles)]))
            for name, s in settings.items()
        ]
        for name, streams in waiting:
            yield {"set": it.name, "policy": name, "shuffles": shuffles} | _told(
                list(streams), price
            )


def _told(streams: Sequence[Any], price: float) -> dict[str, float]:
    found: dict[str, float] = {}
    quarter = max(len(streams[0]) // 4, 1)
    for part, begin in (("whole", 0), ("last", -quarter)):
        for what, column, unit in (("right", 0, 1.0), ("share", 1, price)):
            means = [float(s[begin:, column].mean()) / unit for s in streams]
            found[f"{part}_{what}"] = fmean(means)
            if len(means) > 1:
                found[f"{part}_{what}_se"] = stdev(means) / sqrt(len(means))
    return found | {"passed": float(np.mean([s[:, 2].mean() for s in streams]))}


def shown(table: Sequence[Mapping[str, Any]]) -> str:
    """The rows as text."""
    lines = [
        f"{table[0]['set']}: right answers and cost (best single service = 1) ± standard error",
        f"{'':36}{'whole stream':>38}{'last quarter':>38}{'passed':>8}",
    ]
    for row in table:
        parts = [
            f"{_se(row, f'{part}_right')} at {_se(row, f'{part}_share')}"
            for part in ("whole", "last")
        ]
        lines.append(f"{row['policy']:36}{parts[0]:>38}{parts[1]:>38}{row['passed']:>8.3f}")
    return "\n".join(lines)


def _se(row: Mapping[str, Any], name: str) -> str:
    error = row.get(f"{name}_se")
    return f"{row[name]:.4f}" + (f" ± {error:.4f}" if error else "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument("set", type=Path, metavar="DIR/NAME", help="with confidence and label")
    parser.add_argument("--labels", type=float, default=0.1, help="share of jobs that get a label")
    parser.add_argument("--delay", type=int, default=20, help="jobs until a label comes")
    parser.add_argument("--start", type=float, default=0.75, help="where thresholds start")
    worth = "values of a right answer, in prices of the best service, separated by commas"
    parser.add_argument("--worth", default=",".join(f"{w:g}" for w in _WORTHS), help=worth)
    parser.add_argument("--shuffles", type=int, default=10, help="orders of jobs (default 10)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def report(given: argparse.Namespace) -> None:
    """Run as the command line asks, and print what was measured."""
    try:
        worths = [float(w) for w in given.worth.split(",")]
    except ValueError as error:
        raise BadInput(f"--worth takes numbers separated by commas: {error}.") from error
    if not 0.0 <= given.labels <= 1.0:
        raise BadInput(f"--labels must be a share from 0 to 1. Got {given.labels}.")
    if not all(0.0 < w < inf for w in worths):
        raise BadInput(f"Give each --worth a number above 0. Got {given.worth}.")
    if not isfinite(given.start):
        raise BadInput(f"--start must be a finite number. Got {given.start}.")
    whole("shuffles", given.shuffles, 1)
    base = Setting(worths[0], given.labels, whole("delay", given.delay, 0), given.start, given.seed)
    settings = {f"learned by class, right worth {w:g}": base._replace(worth=w) for w in worths}
    middle = base._replace(worth=sorted(worths)[len(worths) // 2])
    settings[f"one number each, right worth {middle.worth:g}"] = middle._replace(grouped=False)
    settings[f"fixed at {given.start:g}, worth {middle.worth:g}"] = middle._replace(fixed=True)
    found = []
    for row in rows(load(given.set), settings, given.shuffles, given.workers):
        found.append(row)
        if given.json:
            print(json.dumps(row), flush=True)
    if not given.json:
        print(shown(found))
