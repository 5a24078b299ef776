"""``python -m flexiflow.benchmarks NAME``: measure, print, assert nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from flexiflow.benchmarks import overhead


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m flexiflow.benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    quick = commands.add_parser("overhead", help=overhead.__doc__)
    quick.add_argument("--jobs", type=int, default=2000, help="jobs a measurement (default 2000)")
    quick.add_argument("--rounds", type=int, default=5, help="measurements a row (default 5)")
    quick.add_argument("--json", action="store_true", help="print JSON lines")
    given = parser.parse_args(arguments)
    table = overhead.measure(given.jobs, given.rounds)
    if given.json:
        for row in table.iter_rows(named=True):
            print(json.dumps(row))
    else:
        print(overhead.shown(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
