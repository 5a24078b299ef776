"""A workflow whose candidates' seconds are known, to be planned and served.

Two nodes: the candidates of the first sleep, as a model on another device would, and take
batches; those of the second compute. Each has a check that it passes as often as is declared.
"""

from __future__ import annotations

import itertools
import random
import time
from hashlib import blake2b, pbkdf2_hmac
from typing import Any

import polars as pl

from flexiflow import Fixed, candidate
from flexiflow.graph import Graph
from flexiflow.language import read
from flexiflow.planning import Layout, Plan, Problem, Profile, Step, layout, offers
from flexiflow.serving.gathering import Call
from flexiflow.serving.station import together

_TEXT = """labelled(x)
text = (fast | fine)(x)
assert good(text)
label = (small | large)(text)
assert good(label)
"""
_RIGHT = {"fast": 0.9, "fine": 0.97, "small": 0.9, "large": 0.98}  # how often each passes
_SLEEPS = {"fast": (0.006, 0.0015), "fine": (0.012, 0.003)}  # seconds, base and slope
_ROUNDS = {"small": 4_000, "large": 12_000}  # of a hash
_BATCHES = (1, 2, 4, 8)
_SPREAD = 0.1  # of log seconds


def graph(seed: int = 0) -> Graph:
    """The workflow's definition: two nodes with two candidates each, and a check after each."""
    drawn = random.Random(seed)

    def sleeping(name: str) -> Any:
        base, slope = _SLEEPS[name]

        def run(xs: list[int]) -> list[tuple[int, str]]:
            time.sleep((base + slope * len(xs)) * drawn.lognormvariate(0.0, _SPREAD))
            return [(x, name) for x in xs]

        return candidate(run, batch=_BATCHES[-1], name=name)

    def computing(name: str) -> Any:
        def run(text: tuple[int, str]) -> tuple[int, str]:
            pbkdf2_hmac("sha256", text[1].encode(), b"", _ROUNDS[name])
            return text[0], name

        return candidate(run, name=name)

    def good(made: tuple[int, str]) -> bool:
        digest = blake2b(f"{made[0]}:{made[1]}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64 < _RIGHT[made[1]]

    models = {n: (sleeping if n in _SLEEPS else computing)(n) for n in _RIGHT}
    return read(_TEXT, {**models, "good": good})


def profiled(made: Graph, runs: int) -> Profile:
    """Seconds of each candidate by batch size, measured as a server would run them."""
    rows = []
    for v, node in enumerate(made.nodes):
        for one in node.candidates:
            for batch in _BATCHES if one.options.batch else (1,):
                for k in range(runs + 1):
                    inputs = [(k,) if v == 0 else ((k, "fast"),)] * batch
                    calls = [Call(x, {}, 0, candidate=one, since=0.0) for x in inputs]
                    seconds = sum(told.seconds for told in together(calls))
                    if k:  # the first one warms up
                        rows.append((node.name, one.name, batch, seconds))
    return Profile(pl.DataFrame(rows, ["node", "variant", "batch", "seconds"], orient="row"))


def problem(made: Graph, profile: Profile) -> Problem:
    """What is to be planned; visits count what is tried again after a failed check."""
    again = 1.0 + max(1.0 - right for right in _RIGHT.values())
    steps = []
    for v, node in enumerate(made.nodes):
        parents = tuple(made.nodes[p].name for p in made.parents[v])
        single = [c.name for c in node.candidates if c.options.batch is None]
        found = offers(profile, node.name, _RIGHT, _BATCHES, single)
        steps.append(Step(node.name, found, parents, again))
    return Problem(tuple(steps))


def simulated(plan: Plan, profile: Profile) -> Layout:
    """The plan's stations: a failed check sends a job to its node again."""
    faults = {p.node: (1.0 - _RIGHT[p.offer.variant], p.node) for p in plan.placed}
    known, curves = layout(plan, faults), profile.curves
    parts = {p.node: curves[p.node, p.offer.variant, p.offer.cores] for p in plan.placed}
    batches = {p.node: p.offer.batch for p in plan.placed}
    stations = [
        s._replace(share=parts[s.name].base / parts[s.name](batches[s.name]))
        if batches[s.name] > 1
        else s
        for s in known.stations
    ]
    return Layout(stations, known.faults)


def order(made: Graph, plan: Plan) -> Fixed:
    """The plan's candidates first, then as few others as possible."""
    first = {p.node: p.offer.variant for p in plan.placed}
    names = [[c.name for c in node.candidates] for node in made.nodes]
    every = [dict(zip(first, c, strict=True)) for c in itertools.product(*names)]
    return Fixed(sorted(every, key=lambda c: sum(c[n] != v for n, v in first.items())))
