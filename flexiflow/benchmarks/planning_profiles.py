"""Profiles and traces from files, for planning.

A file of profiles is a Parquet table in one of two forms.

* That of :class:`flexiflow.planning.Profile` (``node``, ``variant``, ``seconds``, and
  optionally ``batch``, ``cores``, ``runs``, ``p95``, ``p99``) with an ``accuracy`` from 0 to 1;
  the nodes are a chain in the order of the file.
* That of the profiles published with IPA [1]_: ``stage``, ``model_variant``,
  ``max_batch_size``, ``cpu_request``, ``load`` (requests sent a second), ``throughput_max``
  (answered a second), ``model_latencies_avg`` and optionally ``model_latencies_p95``,
  ``model_latencies_p99`` (seconds of a batch). Batches are only known to have been full where
  what was answered is about what full batches of such seconds make; other rows are left out.
  Where no seconds are given, those of single jobs are taken as one over the throughput, which
  they did not exceed. Accuracies, where there is no column ``accuracy``, are those of
  :data:`PUBLISHED`.

A file of a trace is a Parquet table with the column ``t`` (seconds), one that counts the jobs
of each second, and optionally ``pattern``, the name of the window that a row belongs to.

References
----------
.. [1] Ghafouri, S. et al. (2023). IPA: Inference Pipeline Adaptation to Achieve High Accuracy
   and Cost-Efficiency. arXiv:2308.12871. https://github.com/reconfigurable-ml-pipeline/ipa
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flexiflow.errors import BadInput
from flexiflow.planning import Problem, Profile, Step, offers

Floats = NDArray[np.float64]

PIPELINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"video": ("video/crop", "video/classification"), "audio-qa": ("audio/asr", "qa"),
     "sum-qa": ("summarise", "qa")}
)  # fmt: skip
"""Chains of the published stages."""

PUBLISHED: Mapping[str, float] = MappingProxyType(
    {
        # 1 - word error rate, as measured by the authors of IPA
        "facebook-s2t-small-librispeech-asr": 0.5872,
        "facebook-s2t-medium-librispeech-asr": 0.6488,
        "facebook-s2t-large-librispeech-asr": 0.6674,
        "facebook-wav2vec2-base-960h": 0.6615,
        "facebook-wav2vec2-large-960h": 0.7235,
        # F1 on SQuAD 2.0, https://huggingface.co/deepset/xlm-roberta-base-squad2
        "deepset-xlm-roberta-base-squad2": 0.77141,
        # ROUGE-L, https://huggingface.co/sshleifer/distilbart-xsum-12-1
        "sshleifer-distilbart-xsum-1-1": 0.3226,
        "sshleifer-distilbart-xsum-12-1": 0.3337,
        "sshleifer-distilbart-xsum-6-6": 0.3573,
        "sshleifer-distilbart-xsum-12-3": 0.3639,
        "sshleifer-distilbart-xsum-9-6": 0.3661,
        "sshleifer-distilbart-xsum-12-6": 0.3699,
        # mAP at .5, https://github.com/ultralytics/yolov5
        "yolov5n": 0.457, "yolov5s": 0.568, "yolov5m": 0.641, "yolov5l": 0.673, "yolov5x": 0.689,
        # top-1 on ImageNet, https://pytorch.org/vision/stable/models.html
        "resnet18": 0.6975, "resnet34": 0.7331, "resnet50": 0.7613, "resnet101": 0.7737,
        "resnet152": 0.7831,
    }
)  # fmt: skip
"""Accuracy of each published variant, by its model card."""

_FULL = 1.25  # times what was answered that full batches may make
_FACTOR = 5.0  # times the mean seconds of the variants, batches of 1: the published SLA


def problems(path: Path) -> dict[str, Problem]:
    """The chains that a file of profiles has all stages of, by name.

    Raises
    ------
    BadInput
        If it cannot be read, lacks a column, or has no chain.
    """
    table = _read(path)
    if "model_variant" not in table.columns:
        return {path.stem: _chain(table, tuple(dict.fromkeys(_column(table, "node").to_list())))}
    known = adopted(table)
    stages = set(known["node"].to_list())
    found = {n: _chain(known, c) for n, c in PIPELINES.items() if stages.issuperset(c)}
    if not found:
        raise BadInput(f"{path.name} has no chain of stages. Known are {dict(PIPELINES)}.")
    return found


def adopted(table: pl.DataFrame) -> pl.DataFrame:
    """A published table as a profile, with ``accuracy``; rows that say nothing left out."""
    for name in ("stage", "max_batch_size", "cpu_request", "load", "throughput_max"):
        _column(table, name)
    batch, sent = pl.col("max_batch_size"), pl.col("load").cast(pl.Float64)
    answered = pl.min_horizontal(sent, pl.col("throughput_max").fill_null(float("inf")))
    single = pl.when(batch == 1).then(1.0 / pl.col("throughput_max"))
    seconds = pl.coalesce(pl.col("model_latencies_avg"), single)
    known = pl.col("model_variant").replace_strict(dict(PUBLISHED), default=None)
    right = pl.col("accuracy") if "accuracy" in table.columns else known
    tails = {p: f"model_latencies_{p}" for p in ("p95", "p99")}
    return (
        table.with_columns(seconds=seconds, accuracy=right.cast(pl.Float64))
        .filter(pl.col("seconds").is_not_null() & pl.col("accuracy").is_not_null())
        .filter((batch == 1) | (batch / pl.col("seconds") <= _FULL * answered))
        .select(
            pl.col("stage").alias("node"),
            pl.col("model_variant").alias("variant"),
            batch.alias("batch"),
            pl.col("cpu_request").alias("cores"),
            "seconds",
            "accuracy",
            *(pl.col(c).alias(p) for p, c in tails.items() if c in table.columns),
        )
    )


def _chain(table: pl.DataFrame, nodes: tuple[str, ...]) -> Problem:
    right = _column(table, "accuracy")
    profile = Profile(table)
    steps = []
    for k, node in enumerate(nodes):
        here = table.filter(pl.col("node") == node)
        accuracies = dict(zip(here["variant"], right.filter(table["node"] == node), strict=True))
        steps.append(Step(node, offers(profile, node, accuracies), nodes[max(k - 1, 0) : k]))
    return Problem(tuple(steps))


def sla_of(problem: Problem) -> float:
    """The SLA as published: five times the mean seconds of the variants in batches of 1.

    Of each variant with the fewest cores that were measured; summed over the nodes.
    """
    total = 0.0
    for step in problem.steps:
        single: dict[str, tuple[float, float]] = {}
        for o in step.offers:
            if o.batch == 1:
                single[o.variant] = min(
                    single.get(o.variant, (np.inf, 0.0)), (o.cores, o.seconds.mean)
                )
        if not single:
            raise BadInput(f"{step.name!r} was not measured in batches of 1, as the SLA needs.")
        total += float(np.mean([seconds for _, seconds in single.values()]))
    return _FACTOR * total


def windows(path: Path, column: str | None = None) -> dict[str, Floats]:
    """The windows of a trace, jobs in each second, by name.

    Parameters
    ----------
    path
        Of the file.
    column
        Which counts jobs; by default the last one that is a number and not ``t``.
    """
    table = _read(path)
    _column(table, "t")
    counts = [c for c, kind in table.schema.items() if kind.is_numeric() and c != "t"]
    if column is None and counts:
        column = counts[-1]
    given = _column(table, column or "count")
    if "pattern" not in table.columns:
        return {path.stem: given.gather(table["t"].arg_sort()).to_numpy().astype(float)}
    return {
        str(name): part.sort("t")[given.name].to_numpy().astype(float)
        for (name,), part in table.partition_by(
            "pattern", as_dict=True, maintain_order=True
        ).items()
    }


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{path} cannot be read as a Parquet table: {error}") from error


def _column(table: pl.DataFrame, name: str) -> pl.Series:
    if name not in table.columns:
        raise BadInput(f"The column {name!r} is missing. There are {', '.join(table.columns)}.")
    return table[name]
