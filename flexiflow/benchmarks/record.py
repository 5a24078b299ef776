"""Record every path of an example workflow: what any policy would have earned.

The workflow is a chain: each candidate of a node is called on what every path through the
earlier nodes has made of the job, and equal values count as one. What is written is the
format of ``recorded``, which tells of a workflow of several nodes so:

    job       node     candidate  upstream       passed  correct  seconds
    card-0-7  channel  red                       null    null     0.00001
    card-0-7  picture  sharpen    red            null    null     0.00026
    card-0-7  text     tesseract  red > sharpen  false   false    0.00612

One row a candidate and *prefix*, the choices at all earlier nodes, not one row a whole path:
what several paths share stands there once, and a replay that reuses it pays it once.
``passed`` is written where checks are due at the node, and is false where a candidate raised;
nothing follows that. Behind a check that fails recording goes on, so that what a single path
is worth without checks is known too. ``correct`` is written at the last node.

Models are loaded, and called on one job, before the first reading. ``seconds`` are those of
the processor, all threads of this process together, so that it does not matter what else the
machine does; by the clock on the wall only if asked for.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from flexiflow.benchmarks.examples import EXAMPLES, recorded
from flexiflow.benchmarks.recorded import save
from flexiflow.benchmarks.shipped import slim
from flexiflow.errors import BadInput
from flexiflow.options import whole

CLOCKS: dict[str, Callable[[], float]] = {"cpu": time.process_time, "wall": time.perf_counter}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument("workflow", choices=list(EXAMPLES), help="what to record")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to write the set")
    parser.add_argument("--name", help="of the set (default: one that tells how it was made)")
    parser.add_argument("--jobs", "--cards", type=int, metavar="N",
                        help="how many (default: as many as its notebook has)")  # fmt: skip
    parser.add_argument("--difficulty", type=float,
                        help="of cards, 0 easy to 1 hard (default 0.35)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the jobs (default 0)")
    parser.add_argument("--clock", choices=list(CLOCKS), default="cpu",
                        help="seconds of the processor or on the wall (default cpu)")  # fmt: skip
    parser.add_argument("--slim", action="store_true",
                        help="as the sets that come with the package: only what a replay reads, "
                        "numbers in four bytes")  # fmt: skip


def report(given: argparse.Namespace) -> None:
    """Record as the command line asks, and say where it was written."""
    name, example = given.workflow, EXAMPLES[given.workflow]
    seed = whole("seed", given.seed, 0)
    many = whole("jobs", example.many if given.jobs is None else given.jobs, 1)
    hard = example.difficulty if given.difficulty is None else given.difficulty
    if example.difficulty is None and hard is not None:
        raise BadInput(f"The jobs of {name!r} have no difficulty. Leave --difficulty out.")
    outcomes, context = recorded(name, many, seed, CLOCKS[given.clock], difficulty=hard)
    if given.slim:
        outcomes, context = slim(outcomes), slim(context)
    given.folder.mkdir(parents=True, exist_ok=True)
    told = "" if hard is None else f"_{hard:g}"
    written = given.folder / (given.name or f"{name}{told}_{many}_{seed}")
    save(written, outcomes, context)
    print(f"{written}: {len(outcomes)} outcomes of {many} jobs")
