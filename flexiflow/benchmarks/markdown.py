"""Rows of a benchmark as Markdown tables, whatever benchmark it is.

Rows with the same columns, of the same set, world, chain or kind of prices, make one table. A
column ``x_se`` is shown beside ``x`` as its standard error, and so is ``error`` beside the column
before it. Columns that hold nothing are left out; a word or whole number that is the same in
all rows moves into the table's title.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

SUBJECTS = ("set", "world", "prices", "chain")
"""Columns of which each value has a table of its own."""

WORDS = {"us": "µs", "whole": "whole stream", "last": "last quarter"}
"""Words in the names of columns that are shown as others."""


def tables(rows: Sequence[Row], titles: Mapping[str, str] | None = None) -> list[str]:
    r"""Rows as Markdown tables, each with its title above it.

    Parameters
    ----------
    rows
        As the benchmarks print them with ``--json``.
    titles
        What to say of a set, a world or a kind of prices, by its name.

    Examples
    --------
    >>> rows = [{"set": "a", "policy": p, "jobs": 9, "price": x, "price_se": 0.04}
    ...         for p, x in (("fixed", 1.5), ("random", 2.25))]
    >>> print(*tables(rows), sep="\n")
    **set a** (jobs 9)
    <BLANKLINE>
    | policy | price |
    |---|---|
    | fixed | 1.5 ± 0.04 |
    | random | 2.25 ± 0.04 |
    """
    kinds: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        subject = next(((s, row[s]) for s in SUBJECTS if s in row), ("", None))
        kinds.setdefault((*subject, *row), []).append(row)
    found = []
    for (column, subject, *_), alike in kinds.items():
        title = [f"**{column} {subject}**"] if column else []
        if titles and subject in titles:
            title.append(titles[subject])
        found.append(_table(": ".join(title), _pivoted(alike)))
    return found


def _pivoted(rows: Sequence[Row]) -> Sequence[Row]:
    """One row a sampler and a column a horizon, where rows are of a sampler after some jobs."""
    if not {"sampler", "jobs", "excess"} <= set(rows[0]):
        return rows
    wide: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = wide.setdefault(row["sampler"], {"sampler": row["sampler"]})
        after = f"excess after {row['jobs']} jobs"
        one |= {after: row["excess"], f"{after}_se": row.get("error")}
    return list(wide.values())


def _table(title: str, rows: Sequence[Row]) -> str:
    columns, same = [], []
    for name in rows[0]:
        values = [row.get(name) for row in rows]
        if name in SUBJECTS or _beside(name) or all(v is None for v in values):
            continue
        if len(rows) > 1 and isinstance(values[0], (str, int)) and len(set(values)) == 1:
            same.append(f"{_words(name)} {values[0]}")
        else:
            columns.append(name)
    head = f"{title} ({', '.join(same)})" if title and same else title or ", ".join(same)
    errors = dict(zip(list(rows[0]), list(rows[0])[1:], strict=False))
    lines = [f"| {' | '.join(map(_words, columns))} |", "|" + "---|" * len(columns)]
    for row in rows:
        cells = []
        for name in columns:
            error = row.get(f"{name}_se", row["error"] if errors.get(name) == "error" else None)
            cells.append(cell(row.get(name)) + (f" ± {error:.2g}" if error else ""))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*([head, ""] if head else []), *lines])


def _beside(name: str) -> bool:
    """Whether a column is no column of its own."""
    return name.endswith(("_se", "_sd")) or name == "error"


def _words(name: str) -> str:
    return " ".join(WORDS.get(word, word) for word in name.split("_"))


def cell(value: Any) -> str:
    r"""A value as text: numbers in four digits, a dash for nothing.

    Examples
    --------
    >>> [cell(x) for x in (12345.678, 0.00023648, 3, None, "a|b", False)]
    ['12346', '0.0002365', '3', '–', 'a\\|b', 'no']
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if math.isfinite(value) and abs(value) >= 1e4 else f"{value:.4g}"
    return str(value).replace("|", "\\|").replace("\n", " ")
