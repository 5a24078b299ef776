"""Record every candidate on every path of a workflow: what any policy would have earned.

The workflow is a chain: each candidate of a node is called on what every path through the
earlier nodes has made of the job. What is written is the format of ``recorded``, with the
choices at the earlier nodes in ``upstream`` and ``passed`` at the last node alone, which has
the assertion. A candidate that raises has not passed, and nothing follows it.

Models are loaded, and called on one job, before the first reading. ``seconds`` are those of
the processor, all threads of this process together, so that it does not matter what else the
machine does; by the clock on the wall only if asked for.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flexiflow import Result
from flexiflow.benchmarks.examples import EXAMPLES, SCHEMA, recorded
from flexiflow.benchmarks.recorded import ARROW, save
from flexiflow.checks import View, features
from flexiflow.errors import BadInput
from flexiflow.options import whole

Models = Mapping[str, Mapping[str, Callable[[Any], Any]]]
"""Node -> name of a candidate -> what to call; in the order the nodes run."""

Clock = Callable[[], float]
CLOCKS: dict[str, Clock] = {"cpu": time.process_time, "wall": time.perf_counter}
CARDS = 480
_BLOCK = 40  # jobs between two lines that say how far it has come


class Judged(NamedTuple):
    """What came out at the end of a path: whether it passed, and whether it is right."""

    passed: bool
    correct: bool | None


def rows(
    models: Models,
    job: str,
    given: Any,
    judge: Callable[[Any], Judged],
    clock: Clock = time.process_time,
) -> Iterator[dict[str, Any]]:
    """Run every candidate on every path, for one job.

    Parameters
    ----------
    models
        The nodes of the chain and their candidates.
    job
        Its name.
    given
        What the candidates of the first node are called on.
    judge
        Judges what a candidate of the last node has returned.
    clock
        Gives seconds; a call takes the difference of two readings.

    Yields
    ------
    dict
        The columns of :data:`SCHEMA`, less ``cost`` and ``label``.
    """
    last = list(models)[-1]
    paths: list[tuple[tuple[str, ...], Any]] = [((), given)]
    for node, candidates in models.items():
        further = []
        for path, value in paths:
            for name, model in candidates.items():
                began = clock()
                try:
                    made, failed = model(value), False
                except Exception:
                    made, failed = None, True
                seconds = clock() - began
                judged: tuple[bool | None, bool | None] = (None, None)
                if failed:
                    judged = (False, False if node == last else None)
                elif node == last:
                    judged = judge(made)
                wrapped = made if isinstance(made, Result) else Result(made)
                if not failed:
                    further.append(((*path, name), wrapped.value))
                yield {
                    "job": job, "node": node, "candidate": name, "upstream": ARROW.join(path),
                    "passed": judged[0], "correct": judged[1], "seconds": seconds,
                    "confidence": wrapped.confidence,
                }  # fmt: skip
        paths = further


def id_cards(
    cards: Sequence[Mapping[str, Any]],
    models: Models | None = None,
    clock: Clock = time.process_time,
    say: Callable[[str], None] = print,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Record the reading of identity cards.

    Parameters
    ----------
    cards
        As :func:`flexiflow.examples.id_cards.draw.cards` makes them.
    models
        The candidates of the nodes; by default all that
        :func:`flexiflow.examples.id_cards.record.candidates` loads.
    clock
        Gives seconds.
    say
        Receives a line now and then about how far it has come.

    Returns
    -------
    tuple of polars.DataFrame
        The outcomes, and the context: what the workflow itself states as its features.
    """
    from flexiflow.examples.id_cards.record import candidates
    from flexiflow.examples.id_cards.workflow import id_cards as workflow

    used = candidates() if models is None else models
    known, warned = [], set[str]()
    found: list[dict[str, Any]] = []
    for number, card in enumerate(cards):
        judge = _judge_of(card)
        if number == 0:
            list(rows(used, card["id"], card["image"], judge))
        for row in rows(used, card["id"], card["image"], judge, clock):
            found.append({**row, "label": card["label"]})
        view = View(workflow.graph, card, {})
        known.append({"job": card["id"], **features(workflow.graph, view, warned)})
        if (number + 1) % _BLOCK == 0 or number + 1 == len(cards):
            say(f"{number + 1} of {len(cards)} cards")
    return pl.DataFrame(found, schema=SCHEMA), pl.DataFrame(known)


def _judge_of(card: Mapping[str, Any]) -> Callable[[Any], Judged]:
    from flexiflow.examples.id_cards.checks import exact_match, plausible

    def judge(read: Result) -> Judged:
        return Judged(
            plausible(read.value, card["kind"], read.confidence or 0.0),
            exact_match(read.value, card["label"]),
        )

    return judge


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument("workflow", choices=["id_cards", *EXAMPLES], help="what to record")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where to write the set")
    parser.add_argument("--name", help="of the set (default: one that tells how it was made)")
    parser.add_argument("--jobs", "--cards", type=int, metavar="N",
                        help="how many (default: as many as its notebook has)")  # fmt: skip
    parser.add_argument("--difficulty", type=float, default=0.35,
                        help="of cards, 0 easy to 1 hard (default 0.35)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the jobs (default 0)")
    parser.add_argument("--clock", choices=list(CLOCKS), default="cpu",
                        help="seconds of the processor or on the wall (default cpu)")  # fmt: skip


def report(given: argparse.Namespace) -> None:
    """Record as the command line asks, and say where it was written."""
    clock, seed = CLOCKS[given.clock], whole("seed", given.seed, 0)
    if given.workflow == "id_cards":
        many = whole("cards", CARDS if given.jobs is None else given.jobs, 1)
        outcomes, context = _drawn(many, given.difficulty, seed, clock)
        name = f"id_cards_{given.difficulty:g}_{many}_{seed}"
    else:
        default = EXAMPLES[given.workflow].many
        many = whole("jobs", default if given.jobs is None else given.jobs, 1)
        outcomes, context = recorded(given.workflow, many, seed, clock)
        name = f"{given.workflow}_{many}_{seed}"
    given.folder.mkdir(parents=True, exist_ok=True)
    written = given.folder / (given.name or name)
    save(written, outcomes, context)
    print(f"{written}: {len(outcomes)} outcomes of {many} jobs")


def _drawn(
    many: int, difficulty: float, seed: int, clock: Clock
) -> tuple[pl.DataFrame, pl.DataFrame]:
    from flexiflow.examples.id_cards.draw import cards

    try:
        return id_cards(cards(many, difficulty, seed), clock=clock)
    except ImportError as error:
        raise BadInput(
            f"Recording runs real models, and a package that they need is not there: {error}. "
            "Install them with: pip install 'flexiflow[demo]'"
        ) from error
