"""An imperfect assertion: confidence against a threshold that is learned from few, late labels.

The recorded services of one node give a class and their confidence in it; the workflow asserts
``confidence(answer) >= threshold(start, by=answer)``. Whether an answer is right is told only
for a share of the jobs, and only some jobs later. Printed are accuracy and cost beside those of
the best single service, over the whole stream and over its last quarter, for several values of
a right answer: the larger it is, the more is paid for accuracy.

Rows ``as right as`` the best service tell the cost at which its accuracy on the same last
quarters is reached, between the rows for these values. Beside it stands FrugalML, which is
fitted once to jobs with labels for *all* services (a stream has them of those it asked, and pays
for asking): to the labelled ones of the first three quarters, or to all of the first half.
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
from statistics import stdev
from typing import Any, NamedTuple

import numpy as np

from flexiflow.benchmarks.answers import Answers, load
from flexiflow.benchmarks.equal import frugal, level
from flexiflow.benchmarks.processes import spread
from flexiflow.benchmarks.recording import Bools, Floats, Ints
from flexiflow.candidates import Result, candidate
from flexiflow.errors import BadInput
from flexiflow.flow import Workflow
from flexiflow.language import read
from flexiflow.options import whole
from flexiflow.samplers import Hybrid
from flexiflow.stores import SQLStore

_WORTHS = (3.5, 4.0, 5.0, 7.0, 10.0)

_TEXT = """\
services(job, truth=None)
answer = any_of(models)(job)
assert confidence(answer) >= threshold({start}, by=answer)
maximize(extra(answer, "right") == truth)
minimize(cost, weight={weight})
"""
_ALONE = _TEXT.replace(", by=answer", "")


class Setting(NamedTuple):
    """How one stream is run."""

    worth: float  #: of a right answer, in prices of the best service
    labels: float
    delay: int
    start: float
    seed: int
    grouped: bool = True
    fixed: bool = False


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
    order, told, rng = shuffled(it, setting)
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


def shuffled(it: Answers, setting: Setting) -> tuple[Ints, Bools, np.random.Generator]:
    """The order of the jobs, which of them in it get a label, and what other draws come from."""
    rng = np.random.default_rng([setting.seed, 7])
    order = rng.permutation(len(it.label))
    return order, rng.random(len(order)) < setting.labels, rng


def rows(
    it: Answers, settings: Mapping[str, Setting], shuffles: int, workers: int = 1
) -> Iterator[dict[str, Any]]:
    """Measure each setting over several shuffles; one row each.

    The settings, at least one, have their labels and seed in common. Those by class make a curve
    over the worth of a right answer, which is read at the best service's accuracy.
    """
    price, best = float(it.cost[:, it.best].mean()), it.services[it.best]
    one = next(iter(settings.values()))
    drawn = [shuffled(it, one._replace(seed=one.seed + k))[:2] for k in range(shuffles)]
    usual = [np.insert(np.ones((len(o), 2)), 0, it.correct[o, it.best], axis=1) for o, _ in drawn]
    alone = _means(usual, 1.0)
    reached = _told(alone)
    yield {"set": it.name, "policy": f"{best} alone", "shuffles": shuffles} | reached
    curve: dict[float, Floats] = {}
    with spread(workers) as run:
        waiting = [
            (name, run(partial(stream, it), [s._replace(seed=s.seed + k) for k in range(shuffles)]))
            for name, s in settings.items()
        ]
        for name, streams in waiting:
            means = _means(list(streams), price)
            if settings[name].grouped and not settings[name].fixed:
                curve[settings[name].worth] = means["last"]
            yield {"set": it.name, "policy": name, "shuffles": shuffles} | _told(means)
    curves = {"learned by class": np.stack([curve[w] for w in sorted(curve)], 1)} if curve else {}
    for name, each in (curves | _published(it, drawn, f"{100 * one.labels:g} %")).items():
        share, error = level(each, alone["last"][:, 0])
        row = dict.fromkeys(reached) | {"last_share": share, "last_share_se": error}
        if share is not None:
            row |= {c: reached[c] for c in reached if c.startswith("last_right")}
        policy = f"{name}, as right as {best}"
        yield {"set": it.name, "policy": policy, "shuffles": shuffles} | row


def _published(it: Answers, drawn: Sequence[tuple[Ints, Bools]], labels: str) -> dict[str, Floats]:
    """Curves of FrugalML on the last quarter, `(shuffles, worths, 2)`, by what it is told."""
    usual = it._replace(cost=np.broadcast_to(it.cost.mean(axis=0), it.cost.shape))
    found: dict[str, list[Floats]] = {labels: [], "half": []}
    for order, told in drawn:
        last = _quarter(len(order))
        some, half = order[:-last][told[:-last]], order[: len(order) // 2]
        for share, known in ((labels, some), ("half", half)):
            if len(known):
                found[share].append(frugal(usual, known, order[-last:]))
    return {
        f"FrugalML, {share} of jobs told": np.stack(curves)
        for share, curves in found.items()
        if len(curves) == len(drawn)
    }


def _quarter(jobs: int) -> int:
    return max(jobs // 4, 1)


def _means(streams: Sequence[Floats], price: float) -> dict[str, Floats]:
    """Right answers and cost of each stream as a whole and in its last quarter, `(n, 2)`."""
    each, unit = np.stack(streams), np.array([1.0, price])
    parts = {"whole": each[:, :, :2], "last": each[:, -_quarter(each.shape[1]) :, :2]}
    means = {part: found.mean(axis=1) / unit for part, found in parts.items()}
    return means | {"passed": each[:, :, 2].mean(axis=1)}


def _told(means: Mapping[str, Floats]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in ("whole", "last"):
        for what, values in zip(("right", "share"), means[part].T, strict=True):
            found[f"{part}_{what}"] = float(values.mean())
            if len(values) > 1:
                found[f"{part}_{what}_se"] = stdev(values.tolist()) / sqrt(len(values))
    return found | {"passed": float(means["passed"].mean())}


def shown(table: Sequence[Mapping[str, Any]]) -> str:
    """The rows as text."""
    lines = [
        f"{table[0]['set']}: right answers and cost (best single service = 1) ± standard error",
        f"{'':52}{'whole stream':>38}{'last quarter':>38}{'passed':>8}",
    ]
    for row in table:
        parts = [
            f"{_se(row, f'{part}_right')} at {_se(row, f'{part}_share')}"
            for part in ("whole", "last")
        ]
        passed = "–" if row["passed"] is None else f"{row['passed']:.3f}"
        lines.append(f"{row['policy']:52}{parts[0]:>38}{parts[1]:>38}{passed:>8}")
    return "\n".join(lines)


def _se(row: Mapping[str, Any], name: str) -> str:
    if row[name] is None:
        return "–"
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
