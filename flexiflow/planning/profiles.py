"""Measured profiles: how long each candidate of each node takes, by batch size.

A profile is a table with a row a measurement. It comes from a frame of one's own, from the
attempts in a log, or from both: what was measured stands before what was logged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl

from flexiflow.errors import BadInput
from flexiflow.planning.curves import SPREAD, Curve, Seconds, fit
from flexiflow.records import TEACHES

Key = tuple[str, str, float]  # node, variant, cores of one replica

_COLUMNS: Mapping[str, tuple[Any, Any]] = {
    "node": (pl.String(), None),
    "variant": (pl.String(), None),
    "seconds": (pl.Float64(), None),
    "batch": (pl.Int64(), 1),
    "cores": (pl.Float64(), 1.0),
    "runs": (pl.Float64(), 1.0),
    "p95": (pl.Float64(), None),
    "p99": (pl.Float64(), None),
    "memory": (pl.Float64(), None),
}
_NEEDED = ("node", "variant", "seconds")
_ABOVE_ZERO = ("seconds", "batch", "cores", "runs", "p95", "p99")
_LEAST = 1e-9  # seconds; coarse timers read 0


class Profile:
    """Seconds of each candidate of each node, by batch size.

    Parameters
    ----------
    frame
        A Polars frame, or anything one is made of, a row a measurement: ``node``,
        ``variant`` (the candidate's name), ``seconds`` (of one whole batch). Optional:
        ``batch`` (its size; 1), ``cores`` (of one replica; 1), ``runs`` (how many runs
        ``seconds`` is the mean of; 1), ``p95`` and ``p99`` (of the seconds of one batch, in
        place of single runs), ``memory`` (bytes). Further columns are left alone. Candidates
        are known by node and name together, so that two nodes may share a model; measured with
        several numbers of cores, each is a choice of its own.

    Attributes
    ----------
    frame
        The measurements, checked.

    Raises
    ------
    BadInput
        If there are no rows, a column is missing, or a number is null, NaN or not above 0.

    Examples
    --------
    >>> profile = Profile({"node": ["ocr"] * 2, "variant": ["fast"] * 2, "batch": [1, 4],
    ...                    "seconds": [0.1, 0.25]})
    >>> round(profile.seconds("ocr", "fast", 2).mean, 2)
    0.15
    """

    def __init__(self, frame: Any) -> None:
        self.frame = _checked(frame)

    @classmethod
    def from_attempts(
        cls, attempts: pl.DataFrame, cores: Mapping[tuple[str, str], float] | None = None
    ) -> Profile:
        """Read a table of attempts, as ``run.attempts`` or ``store.read("attempts")`` give it.

        Attempts found in the memo, and those that teach nothing (refused, unavailable), are
        left out, and a candidate's first runs in a process where it has others. Each counts as
        a batch of one; a candidate with ``batch=`` is told its share of a batch's seconds, whose
        size is not in the log: profile it instead.

        Parameters
        ----------
        attempts
            With the columns ``node``, ``candidate``, ``seconds``, ``kind`` and ``memo``;
            ``cold`` may be there.
        cores
            Of one replica, by node and candidate; 1 where nothing is said.
        """
        missing = {"node", "candidate", "seconds", "kind", "memo"} - set(attempts.columns)
        if missing:
            raise BadInput(f"A table of attempts lacks {', '.join(sorted(missing))}.")
        run = attempts.filter(~pl.col("memo") & pl.col("kind").is_in(sorted(TEACHES)))
        if run.is_empty():
            raise BadInput("No attempt was run yet: run some jobs, or give a profile.")
        if "cold" in run.columns:
            warm = ~pl.col("cold").fill_null(value=False)
            run = run.filter(warm | ~warm.any().over("node", "candidate"))
        given = [
            float((cores or {}).get(key, 1.0))
            for key in zip(run["node"].to_list(), run["candidate"].to_list(), strict=True)
        ]
        return cls(
            run.select(
                "node",
                pl.col("candidate").alias("variant"),
                pl.col("seconds").clip(_LEAST),
                pl.Series("cores", given, pl.Float64()),
            )
        )

    def filled(self, other: Profile) -> Profile:
        """The same profile, with what the other knows of candidates that are missing here."""
        mine = self.frame.select("node", "variant").unique()
        rest = other.frame.join(mine, on=["node", "variant"], how="anti")
        return Profile(pl.concat([self.frame, rest.select(self.frame.columns)]))

    @cached_property
    def variants(self) -> dict[str, list[str]]:
        """Node -> its candidates, both in the order of the table."""
        found: dict[str, list[str]] = {}
        for node, variant in (
            self.frame.select("node", "variant").unique(maintain_order=True).rows()
        ):
            found.setdefault(node, []).append(variant)
        return found

    @cached_property
    def measured(self) -> dict[Key, dict[int, Seconds]]:
        """What is believed of each batch size that was measured."""
        found: dict[Key, dict[int, Seconds]] = {}
        columns = ["seconds", "runs", "p95", "p99"]
        whole = self.frame.partition_by(["node", "variant", "cores", "batch"], as_dict=True)
        for (node, variant, cores, batch), part in whole.items():
            belief = _belief(*(part[c].to_numpy() for c in columns))
            found.setdefault((node, variant, cores), {})[batch] = belief
        return {key: dict(sorted(sizes.items())) for key, sizes in found.items()}

    @cached_property
    def curves(self) -> dict[Key, Curve]:
        """The line over batch sizes of each candidate."""
        return {
            key: fit(
                list(sizes),
                [s.mean for s in sizes.values()],
                float(np.mean([s.variance for s in sizes.values()])),
            )
            for key, sizes in self.measured.items()
        }

    def cores(self, node: str, variant: str) -> list[float]:
        """The numbers of cores a replica was measured with, ascending.

        Raises
        ------
        BadInput
            If the candidate is not in the profile.
        """
        found = sorted(c for n, v, c in self.measured if (n, v) == (node, variant))
        if not found:
            raise BadInput(f"The profile has no candidate {variant!r} at node {node!r}.")
        return found

    def seconds(self, node: str, variant: str, batch: int, cores: float | None = None) -> Seconds:
        """What is believed of one batch: as measured, else as the curve has it.

        ``cores`` of one replica; by default the fewest that were measured.

        Raises
        ------
        BadInput
            If the candidate is not in the profile.
        """
        key = (node, variant, self.cores(node, variant)[0] if cores is None else float(cores))
        if key not in self.measured:
            raise BadInput(f"{variant!r} at node {node!r} was not measured with {cores} cores.")
        sizes = self.measured[key]
        return sizes[batch] if batch in sizes else self.curves[key].seconds(batch)

    def table(self, batches: Sequence[int] | None = None, share: float = 0.8) -> pl.DataFrame:
        """All that is known, a row a candidate and batch size.

        Parameters
        ----------
        batches
            Sizes to show; by default those that were measured.
        share
            Probability of the interval.

        Returns
        -------
        polars.DataFrame
            ``node``, ``variant``, ``batch``, ``cores``, ``measured`` (or read from the
            curve), ``mean``, ``median``, ``p95``, ``p99`` (seconds of one batch), ``low``,
            ``high`` (the interval of the median), ``throughput`` (jobs a second of a replica).
        """
        rows = []
        for (node, variant, cores), sizes in self.measured.items():
            for batch in batches or sizes:
                known = self.seconds(node, variant, batch, cores)
                low, high = known.interval(share)
                rows.append(
                    {
                        "node": node, "variant": variant, "batch": batch,
                        "cores": cores, "measured": batch in sizes,
                        "mean": known.mean, "median": known.quantile(0.5),
                        "p95": known.quantile(0.95), "p99": known.quantile(0.99),
                        "low": low, "high": high, "throughput": batch / known.mean,
                    }
                )  # fmt: skip
        return pl.DataFrame(rows)

    def __repr__(self) -> str:
        candidates = sum(len(v) for v in self.variants.values())
        return f"Profile({candidates} candidates of {len(self.variants)} nodes)"


def _checked(frame: Any) -> pl.DataFrame:
    table = frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)
    missing = [c for c in _NEEDED if c not in table.columns]
    if missing:
        raise BadInput(
            f"A profile needs the columns {', '.join(_NEEDED)}; {', '.join(missing)} is missing."
        )
    if table.is_empty():
        raise BadInput("The profile is empty. Give at least one measurement of each node.")
    added = [pl.lit(v).alias(c) for c, (_, v) in _COLUMNS.items() if c not in table.columns]
    try:
        table = table.with_columns(added).select(
            pl.col(c).cast(kind) for c, (kind, _) in _COLUMNS.items()
        )
    except pl.exceptions.PolarsError as error:
        raise BadInput(f"A column of the profile is not of its kind: {error}.") from error
    for name in _COLUMNS:
        _check_column(table[name], optional=name in ("p95", "p99", "memory"))
    return table


def _check_column(column: pl.Series, optional: bool) -> None:
    name = column.name
    if not optional and column.null_count():
        raise BadInput(
            f"The column {name} of a profile has {column.null_count()} empty "
            "cells. Measure again, or leave those rows out."
        )
    if name not in _ABOVE_ZERO:
        return
    given = column.drop_nulls().to_list()
    wrong = [x for x in given if not (math.isfinite(x) and x > 0)]
    if wrong:
        raise BadInput(
            f"The column {name} of a profile must be above 0 and finite. Got {wrong[0]!r}. "
            "Measure again, or leave that row out."
        )


def _belief(seconds: Any, runs: Any, p95: Any, p99: Any) -> Seconds:
    """Join the rows of one batch size; percentiles tell the spread where they are given."""
    logs, weight = np.log(seconds), float(runs.sum())
    centre = float((runs * logs).sum() / weight)
    off = float((runs * (logs - centre) ** 2).sum())
    spreads = [
        s for share, column in ((0.95, p95), (0.99, p99))
        for s in _spreads(seconds, column, share)
    ]  # fmt: skip
    expected = float(np.mean(spreads)) if spreads else SPREAD**2
    known = min(weight, 30.0) / 2 if spreads else 0.0  # percentiles are known about so well
    repeated = weight / 2 if len(seconds) > 1 else 0.0
    alpha = 1.0 + known + repeated
    beta = expected * (1.0 + known) + (off / 2 if repeated else 0.0)
    if not repeated:  # a mean of runs, whose log lies above the mean of logs
        centre -= expected / 2
    return Seconds(centre, weight, alpha, beta)


def _spreads(seconds: Any, column: Any, share: float) -> Iterable[float]:
    """The variance of log seconds that a percentile tells, with the mean, of a log-normal.

    The percentile is exp(m + z s) and the mean exp(m + s^2 / 2): z s - s^2 / 2 = log ratio.
    """
    z = NormalDist().inv_cdf(share)
    for mean, high in zip(seconds.tolist(), column.tolist(), strict=True):
        if high is not None and math.isfinite(high):
            ratio = math.log(max(high / mean, 1.0))
            inside = z * z - 2.0 * ratio
            yield min((z - math.sqrt(max(inside, 0.0))) ** 2, 4.0)


__all__ = ["Key", "Profile"]
