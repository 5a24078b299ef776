"""Notebooks whose packages are not there are skipped, and the head of the report says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

from flexiflow.examples.lessons.extras import lacking

HERE = Path(__file__).parent


def _needs() -> dict[str, tuple[str, list[str]]]:
    """For each notebook that calls ``need``: its extra, and what of it is missing."""
    from importlib import import_module

    found = {}
    for path in sorted(HERE.glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        source = "".join(line for c in cells if c["cell_type"] == "code" for line in c["source"])
        extra = re.search(r'^need\("(\w+)", PACKAGES\)', source, re.MULTILINE)
        module = re.search(r"^from ([\w.]+) import PACKAGES", source, re.MULTILINE)
        if extra and module:
            found[path.name] = (extra[1], lacking(import_module(module[1]).PACKAGES))
    return found


NEEDS = _needs()
collect_ignore = [name for name, (_, missing) in NEEDS.items() if missing]


def pytest_report_header() -> list[str]:
    """Say which notebooks are skipped, and what to install."""
    return [
        f"{name} is skipped: {', '.join(missing)} missing: pip install 'flexiflow[{extra}]'"
        for name, (extra, missing) in NEEDS.items()
        if missing
    ]
