"""``python -m flexiflow.benchmarks NAME``: measure, print, assert nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from flexiflow.benchmarks import (
    cascade,
    confidence,
    overhead,
    planning,
    record,
    replay,
    results,
    serving,
    workflow,
)
from flexiflow.errors import FlexiFlowError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark and print its table; the exit status."""
    given = _parser().parse_args(arguments)
    try:
        given.report(given)
    except FlexiFlowError as error:
        print(f"flexiflow.benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flexiflow.benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    quick = commands.add_parser("overhead", help=overhead.__doc__)
    overhead.add_arguments(quick)
    quick.set_defaults(report=overhead.report)
    again = commands.add_parser(
        "replay", help="replay recorded outcomes: prices of samplers and yardsticks"
    )
    replay.add_arguments(again)
    again.set_defaults(report=replay.report)
    sure = commands.add_parser(
        "confidence", help="confidence against thresholds learned from few, late labels"
    )
    confidence.add_arguments(sure)
    sure.set_defaults(report=confidence.report)
    worlds = commands.add_parser("workflow", help="simulated workflows: reuse, order, drift")
    workflow.add_arguments(worlds)
    worlds.set_defaults(report=workflow.report)
    one = commands.add_parser("cascade", help="one node: cascades with random prices, regret")
    cascade.add_arguments(one)
    one.set_defaults(report=cascade.report)
    recorder = commands.add_parser("record", help="record every path of an example workflow")
    record.add_arguments(recorder)
    recorder.set_defaults(report=record.report)
    under = commands.add_parser("serving", help="a plan, its simulation, and the plan served")
    serving.add_arguments(under)
    under.set_defaults(report=serving.report)
    ahead = commands.add_parser("planning", help="plans: how long they take, and under load")
    planning.add_arguments(ahead)
    ahead.set_defaults(report=planning.report)
    page = commands.add_parser("results", help="all of these in one Markdown file")
    results.add_arguments(page)
    page.set_defaults(report=partial(results.report, run=main))
    return parser


if __name__ == "__main__":
    sys.exit(main())
