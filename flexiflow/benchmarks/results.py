"""Every measurement in one Markdown file, made by running the commands that it states.

Each part says on what machine and with which versions it was made. Files that are measured on
are named without their folder. The page is written anew after each command, so that a run that
is stopped leaves what it has measured; parts that were not asked for are not in it, unless
``--keep`` leaves them as they are.
"""

from __future__ import annotations

import argparse
import inspect
import io
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from flexiflow.benchmarks import (
    answers,
    cascade,
    confidence,
    overhead,
    planning,
    replay,
    serving,
    workflow,
)
from flexiflow.benchmarks.markdown import cell, tables
from flexiflow.benchmarks.pages import joined, sections
from flexiflow.benchmarks.policies import POLICIES, VARIANTS
from flexiflow.benchmarks.recorded import load
from flexiflow.benchmarks.shipped import resolved
from flexiflow.benchmarks.worlds import TABLES
from flexiflow.errors import BadInput
from flexiflow.options import whole

FILE = Path(__file__).with_name("RESULTS.md")
MODULES: dict[str, ModuleType] = {
    "replay": replay, "confidence": confidence, "workflow": workflow, "cascade": cascade,
    "overhead": overhead, "planning": planning, "serving": serving,
}  # fmt: skip
ON_SETS = {"replay", "confidence"}
"""Parts that need sets of recorded outcomes; the second takes those that tell confidence."""

OPTIONS: dict[str, tuple[str, ...]] = dict.fromkeys(MODULES, ())
"""What each part's command is given beyond what the command line of this one says."""

Run = Callable[[Sequence[str]], int]


class Part(NamedTuple):
    """One command to be run: of which part, on which set, with what, and with which files."""

    name: str
    set: Path | None
    options: tuple[str, ...]
    files: tuple[tuple[str, Path], ...] = ()

    @property
    def arguments(self) -> list[str]:
        """What the command line is given."""
        where = [] if self.set is None else [str(self.set)]
        files = [word for option, path in self.files for word in (option, str(path))]
        return [self.name, *where, *self.options, *files]

    @property
    def told(self) -> str:
        """The command as anybody could run it."""
        where = [] if self.set is None else [f"DIR/{self.set.name}"]
        files = [f"{option} DIR/{path.name}" for option, path in self.files]
        return " ".join(
            ["python -m flexiflow.benchmarks", self.name, *where, *self.options, *files]
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line takes."""
    parser.add_argument("--out", type=Path, metavar="FILE", default=FILE,
                        help="to write (default: RESULTS.md beside the benchmarks)")  # fmt: skip
    parser.add_argument("--sets", type=Path, metavar="DIR/NAME", nargs="+", default=[],
                        help="sets of recorded outcomes to replay (default: none)")  # fmt: skip
    parser.add_argument("--shuffles", type=int, default=10, help="of each set (default 10)")
    parser.add_argument("--workers", type=int, default=1, help="processes of replay and workflow "
                        "(default 1: those that share cores lengthen decision times)")  # fmt: skip
    parser.add_argument("--profiles", type=Path, metavar="FILE",
                        help="of variants, for planning (default: none)")  # fmt: skip
    parser.add_argument("--trace", type=Path, metavar="FILE",
                        help="of jobs a second, for planning (default: none)")  # fmt: skip
    parser.add_argument("--keep", action="store_true",
                        help="leave the file's other parts as they are")  # fmt: skip
    parser.add_argument("--only", help=f"some of {','.join(MODULES)} (default: all)")


def report(given: argparse.Namespace, run: Run) -> None:
    """Measure what the command line asks for and write the file, showing rows as they come.

    Parameters
    ----------
    given
        What the command line has read.
    run
        Runs a benchmark, given the arguments of its command; gives its exit status.

    Raises
    ------
    BadInput
        Something asked for is not there, or a benchmark could not be run.
    """
    parts = parts_of(given)
    if not given.out.parent.is_dir():
        raise BadInput(f"There is no folder {str(given.out.parent)!r} to write the results to.")
    kept = sections(given.out.read_text("utf-8")) if given.keep and given.out.exists() else {}
    titles = {table.world.name: table.title for table in TABLES}
    made = provenance(given, [part.set.name for part in parts if part.set is not None])
    found: dict[str, list[str]] = {}
    for number, part in enumerate(parts):
        said_of_it = inspect.cleandoc(MODULES[part.name].__doc__ or "")
        page = found.setdefault(part.name, [*made, said_of_it])
        print(f"$ {part.told}", flush=True)
        began = time.perf_counter()
        rows, said = measured(part, run)
        took = f"{time.perf_counter() - began:.0f} s"
        print(took, flush=True)
        page += [
            f"`{part.told}` ({took})",
            *said,
            *tables(rows, titles if part.name == "workflow" else None),
        ]
        whole_page = joined(MODULES, kept, found, [p.told for p in parts[number + 1 :]])
        given.out.write_text(whole_page, encoding="utf-8")
    print(f"written: {given.out}")


def parts_of(given: argparse.Namespace) -> list[Part]:
    """The commands to be run, checked as far as that can be done beforehand."""
    wanted = list(MODULES) if given.only is None else [n.strip() for n in given.only.split(",")]
    for name in wanted:
        if name not in MODULES:
            raise BadInput(f"There is no part {name!r}. There are {', '.join(MODULES)}.")
    if given.sets and not ON_SETS & set(wanted):
        raise BadInput("Sets are given, and --only leaves replay out. Name it, or give no sets.")
    if given.only is not None and ON_SETS & set(wanted) and not given.sets:
        raise BadInput("A replay needs recorded outcomes. Give --sets DIR/NAME.")
    many = ("--workers", str(whole("workers", given.workers, 1)))
    shuffles = ("--shuffles", str(whole("shuffles", given.shuffles, 1)))
    parts, sets = [], [resolved(path) for path in given.sets]
    for name in (n for n in MODULES if n in wanted):
        if name == "replay":
            parts += [Part(name, *_set(path, (*shuffles, *many, *OPTIONS[name]))) for path in sets]
        elif name == "confidence":
            sure = [path for path in sets if answers.tells(path)]
            parts += [Part(name, path, (*shuffles, *many, *OPTIONS[name])) for path in sure]
        else:
            files = _files(given) if name == "planning" else ()
            parts.append(Part(name, None, (*many * (name == "workflow"), *OPTIONS[name]), files))
    return parts


def _files(given: argparse.Namespace) -> tuple[tuple[str, Path], ...]:
    """Those that planning is measured on, if any."""
    named = (("--profiles", given.profiles), ("--trace", given.trace))
    for _, path in named:
        if path is not None and not path.is_file():
            raise BadInput(f"There is no file {str(path)!r}.")
    return tuple((option, path) for option, path in named if path is not None)


def _set(path: Path, options: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """A set and its options: where it has several nodes, with the samplers meant for such."""
    recording = load(path)
    several = len(recording.nodes) > 1
    samplers = ("--samplers", ",".join([*POLICIES, *VARIANTS])) if several else ()
    return path.with_name(recording.name), (*samplers, *options)


def measured(part: Part, run: Run) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows that a command prints, and what else it says; both are shown as they come."""
    rows: list[dict[str, Any]] = []
    said: list[str] = []
    shown = sys.stdout

    def take(line: str) -> None:
        if not line.startswith("{"):
            said.append(line)
        else:
            rows.append(json.loads(line))
            line = "  ".join(f"{k} {cell(v)}" for k, v in rows[-1].items() if v is not None)
        print(line, file=shown, flush=True)

    with redirect_stdout(_Lines(take)):
        status = run([*part.arguments, "--json"])
    if status:
        raise BadInput(f"`{part.told}` could not be run; what it says is above.")
    return rows, said


class _Lines(io.TextIOBase):
    """A text stream that hands on each line as soon as it is whole."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take, self._begun = take, ""

    def write(self, text: str) -> int:
        *whole_lines, self._begun = (self._begun + text).split("\n")
        for line in filter(None, whole_lines):
            self._take(line)
        return len(text)


def provenance(given: argparse.Namespace, sets: Sequence[str]) -> list[str]:
    """How parts were made, when, on what machine and with which versions."""
    import torch

    command = ["python -m flexiflow.benchmarks results"]
    if given.out != FILE:
        command.append(f"--out {given.out.name}")
    if sets:
        command += ["--sets", *(f"DIR/{name}" for name in sets)]
    command.append(f"--shuffles {given.shuffles} --workers {given.workers}")
    command += [f"{option} DIR/{path.name}" for option, path in _files(given)]
    if given.only is not None:
        command.append(f"--only {given.only}")
    if given.keep:
        command.append("--keep")
    packages = ("flexiflow", "torch", "numpy", "polars", "scipy")
    lines = [
        f"made: {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        f"processor: {processor()}, {_cores()} cores; threads of torch: {torch.get_num_threads()}",
        f"versions: Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in packages),
    ]
    if torch.cuda.is_available():
        lines.append(f"accelerator: {torch.cuda.get_device_name()}")
    return [f"`{' '.join(command)}`", "\n".join(f"- {line}" for line in lines)]


def processor() -> str:
    """The processor's model, as far as the system tells."""
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        told = []
    models = (line.partition(":")[2].strip() for line in told if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
