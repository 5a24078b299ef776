"""Replay recorded outcomes: what a sampler pays for a solved job, beside the yardsticks.

Online and with partial feedback: a sampler starts knowing nothing, sees only the outcomes of
the candidates it tries, and every job once. Jobs that no configuration solves are left out.
The jobs are shuffled anew for each of several streams, in the same way for every sampler.

The runner itself makes the decisions; see ``recorded_workflow``.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import numpy as np

from flexiflow.benchmarks import yardsticks
from flexiflow.benchmarks.nothing import Nothing
from flexiflow.benchmarks.policies import Maker, chosen
from flexiflow.benchmarks.processes import spread
from flexiflow.benchmarks.recorded import load, sets_in
from flexiflow.benchmarks.recorded_workflow import workflow_of
from flexiflow.benchmarks.recording import Floats, Ints, Recording
from flexiflow.benchmarks.shipped import folder, resolved
from flexiflow.benchmarks.timed import Timed
from flexiflow.errors import BadInput
from flexiflow.flow import Workflow
from flexiflow.options import whole


class Stream(NamedTuple):
    """One stream of jobs, in the order in which they came, `(jobs,)` each."""

    price: Floats
    correct: Floats | None  #: of the accepted outputs; NaN where nobody knows or none passed
    passed: Floats | None = None
    decision: float | None = None  #: seconds a job spent in the sampler


def order_of(recording: Recording, seed: int, shuffle: int) -> Ints:
    """The jobs' numbers in the order of one shuffle, `(jobs,)`."""
    return np.random.default_rng([seed, shuffle]).permutation(len(recording.jobs))


def stream(recording: Recording, maker: Maker, seed: int, shuffle: int) -> Stream:
    """Run the jobs of one shuffle with a new sampler, through the workflow's own runner."""
    graph, meter = workflow_of(recording)
    sampler = Timed(maker())
    flow = Workflow(graph, sampler=sampler, store=Nothing())
    order = order_of(recording, seed, shuffle)
    drawn = int(np.random.default_rng([seed, shuffle, 1]).integers(2**31))
    number = [{name: k for k, name in enumerate(it.candidates)} for it in recording.nodes]
    price, passed = np.zeros(len(order)), np.zeros(len(order))
    picks = np.zeros((len(order), len(number)), dtype=np.int64)
    for at, outcome in enumerate(flow.stream(order.tolist(), seed=drawn, clock=meter)):
        price[at], passed[at] = outcome.seconds, outcome.passed
        taken = outcome.job.configuration.values()
        picks[order[at]] = [of[name] for of, name in zip(number, taken, strict=True)]
    right = recording.correct(picks)
    correct = None if right is None else np.where(passed, right[order], np.nan)
    return Stream(price, correct, passed, sampler.seconds / len(order))


def rows(
    recording: Recording,
    policies: Mapping[str, Maker],
    *,
    shuffles: int = 10,
    seed: int = 0,
    workers: int = 1,
) -> Iterator[dict[str, Any]]:
    """Measure the yardsticks and each sampler; one row each, as soon as it is there.

    Parameters
    ----------
    recording
        What to replay; jobs that no configuration solves are left out.
    policies
        Name -> what makes a new sampler; with several workers it must go through pickle.
    shuffles, seed
        How many streams, and what their orders and the samplers' draws follow from.
    workers
        Processes. The figures do not depend on it, save the decision time.

    Yields
    ------
    dict
        ``set``, ``policy``, ``jobs``, ``shuffles``, ``unit``; the mean price a job over the
        ``whole`` stream and over its ``last`` quarter, each with its standard deviation over
        the shuffles (``_sd``) and the standard error of the mean (``_se``); ``decision_us``
        microseconds a job in the sampler; ``passed`` and ``accuracy``, the shares of jobs
        that passed and of passed jobs whose output is right. None where there is none.
    """
    whole("shuffles", shuffles, 1)
    whole("seed", seed, 0)
    whole("workers", workers, 1)
    solvable = recording.take(recording.solvable)
    if not solvable.jobs:
        raise BadInput(f"{recording.name}: no configuration passes on any of the jobs.")
    orders = [order_of(solvable, seed, shuffle) for shuffle in range(shuffles)]
    for name, paid in _yardsticks(solvable, orders, seed):
        streams = [
            Stream(p.price[order], None if p.correct is None else p.correct[order])
            for p, order in zip(paid, orders, strict=True)
        ]
        yield _row(solvable, name, streams)
    with spread(workers) as run:
        waiting = [
            (name, run(partial(stream, solvable, maker, seed), range(shuffles)))
            for name, maker in policies.items()
        ]
        for name, done in waiting:
            yield _row(solvable, name, list(done))


def _yardsticks(
    recording: Recording, orders: Sequence[Ints], seed: int
) -> Iterator[tuple[str, list[yardsticks.Paid]]]:
    """Name -> what each shuffle paid; orders of everything only where there are not too many."""
    yield "oracle", [yardsticks.oracle(recording)] * len(orders)
    if recording.size > yardsticks.MOST:
        return
    rng = np.random.default_rng([seed, 0, 2])
    yield "random order", [yardsticks.random_order(recording, rng)] * len(orders)
    yield "best fixed order", [yardsticks.best_fixed(recording)] * len(orders)
    if len(recording.jobs) > 1:
        two = [yardsticks.best_fixed_two_fold(recording, order) for order in orders]
        yield "best fixed order, two-fold", two


def _row(recording: Recording, name: str, streams: Sequence[Stream]) -> dict[str, Any]:
    jobs = len(recording.jobs)
    quarter = max(jobs // 4, 1)
    found: dict[str, Any] = {"set": recording.name, "policy": name, "jobs": jobs,
                             "shuffles": len(streams), "unit": recording.unit}  # fmt: skip
    for part, begin in (("whole", 0), ("last", jobs - quarter)):
        means = [math.fsum(s.price[begin:]) / (jobs - begin) for s in streams]
        spread = stdev(means) if len(means) > 1 else None
        found |= {
            part: fmean(means),
            f"{part}_sd": spread,
            f"{part}_se": None if spread is None else spread / math.sqrt(len(means)),
        }
    seconds = [s.decision for s in streams if s.decision is not None]
    passed = [s.passed for s in streams if s.passed is not None]
    correct = [s.correct for s in streams if s.correct is not None]
    return found | {
        "decision_us": fmean(seconds) * 1e6 if seconds else None,
        "passed": float(np.mean(passed)) if passed else 1.0,
        "accuracy": _mean_known(np.concatenate(correct)) if correct else None,
    }


def _mean_known(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def shown(table: Sequence[Mapping[str, Any]]) -> str:
    """Rows of one set as text: each price with its standard error, in four digits."""
    head = table[0]
    lines = [
        f"{head['set']}: {head['jobs']} solvable jobs, {head['shuffles']} shuffles; "
        f"{head['unit']} a job ± standard error",
        f"{'':28}{'whole stream':>24}{'last quarter':>24}{'µs decision':>12}{'passed':>8}"
        f"{'right':>8}",
    ]
    for row in table:
        parts = [_priced(row[part], row[f"{part}_se"]) for part in ("whole", "last")]
        lines.append(
            f"{row['policy']:28}{parts[0]:>24}{parts[1]:>24}"
            f"{_plain(row['decision_us'], '.0f'):>12}{_plain(row['passed'], '.3f'):>8}"
            f"{_plain(row['accuracy'], '.3f'):>8}"
        )
    return "\n".join(lines)


def _priced(price: float, error: float | None) -> str:
    return f"{price:.4g}" + (f" ± {error:.3g}" if error else "")


def _plain(value: float | None, how: str) -> str:
    return "-" if value is None else format(value, how)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    wanted = "recorded outcomes: DIR/NAME, or the NAME of a set that comes with flexiflow; " \
             "DIR alone, or nothing, lists the sets there"  # fmt: skip
    parser.add_argument("set", type=Path, nargs="?", metavar="NAME", help=wanted)
    parser.add_argument("--samplers", help="names, separated by commas (default: all)")
    parser.add_argument("--shuffles", type=int, default=10, help="orders of jobs (default 10)")
    parser.add_argument("--jobs", type=int, help="take only so many jobs, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of orders and draws (default 0)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def report(given: argparse.Namespace) -> None:
    """Replay as the command line asks, and print what was measured."""
    policies = chosen(given.samplers)
    place = folder() if given.set is None else given.set
    if place.is_dir():
        for name in sets_in(place):
            print(json.dumps({"set": name}) if given.json else name)
        return
    recording = load(resolved(place))
    recording = recording.take(recording.solvable)
    if given.jobs is not None:
        few = order_of(recording, given.seed, 0)[: whole("jobs", given.jobs, 1)]
        recording = recording.take(np.sort(few))
    found = []
    for row in rows(recording, policies, shuffles=given.shuffles, seed=given.seed,
                    workers=given.workers):  # fmt: skip
        found.append(row)
        if given.json:
            print(json.dumps(row), flush=True)
    if not given.json:
        print(shown(found))
