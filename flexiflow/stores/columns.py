"""The tables of a store, column by column; frames, databases and rows are made from this.

Seconds are seconds, times are Unix times in seconds. A NaN is kept as null. Columns of the
kind "json" hold the text of a JSON object.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Literal, NamedTuple

from flexiflow.encode import clean
from flexiflow.errors import BadInput

Kind = Literal["text", "integer", "real", "flag", "json", "versions"]


class Column(NamedTuple):
    """One column: its name, what it holds, and whether it may be null."""

    name: str
    kind: Kind
    meaning: str
    optional: bool = False


def _optional(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name, kind, meaning, optional=True)


_SEQ = Column("seq", "integer", "place in the log; one clock for all tables")
_JOB = Column("job_id", "text", "the job")
_WORKFLOW = Column("workflow", "text", "the workflow's name")
_TIME = Column("time", "real", "Unix time")
_REWARD = _optional("reward", "real", "weighted sum of the terms; null while one is missing")

TABLES: Mapping[str, tuple[Column, ...]] = {
    "jobs": (
        _SEQ,
        _JOB,
        _WORKFLOW,
        Column("definition", "text", "digest of the workflow's text and candidates"),
        Column("run", "text", "the run it belongs to"),
        Column("number", "integer", "place in the run, from 0"),
        Column("started", "real", "Unix time"),
        Column("finished", "real", "Unix time"),
        Column("status", "text", "passed, exhausted, budget, stopped, refused, invalid, unknown"),
        Column("passed", "flag", "whether every assertion held"),
        Column("context", "json", "the job's features"),
        Column("terms", "json", "objective terms; null waits for a label"),
        _REWARD,
        Column("seconds", "real", "over all attempts"),
        Column("cost", "real", "over all attempts, in the candidates' own unit"),
        Column("attempts", "integer", "really run; memo hits not counted"),
        Column("switches", "integer", "to another candidate of the same node"),
        Column("rollbacks", "integer", "to an earlier node"),
        Column("configuration", "json", "node -> candidate that gave the output"),
        _optional("output", "text", "JSON where it can be, else its repr, capped"),
        _optional("output_kind", "text", "json or repr"),
        _optional("kept", "text", "JSON of the values that late terms will read"),
        _optional("error", "text", "what ended the job, if it was an error"),
        Column("teaches", "flag", "whether beliefs are updated from it"),
    ),
    "attempts": (
        _SEQ,
        _JOB,
        Column("step", "integer", "place in the job, memo hits included, from 0"),
        Column("node", "text", "the step of the workflow"),
        Column("candidate", "text", "its name at that node"),
        Column("fingerprint", "text", "of the candidate's code and options"),
        Column("roll", "integer", "0, or the number of the re-roll"),
        Column("upstream", "versions", "versions of the nodes it read"),
        _optional("version", "integer", "the version it made"),
        Column("seed", "integer", "given to the candidate"),
        Column("decision", "integer", "the configuration of the job it belongs to, from 0"),
        _optional("rank", "integer", "place in the order offered at its node, from 0"),
        _optional("propensity", "real", "probability that it came next at its node"),
        _optional("path_propensity", "real", "probability of the whole configuration"),
        _optional("sampled_pass", "real", "pass probability drawn for this job"),
        _optional("sampled_seconds", "real", "seconds drawn or expected for this job"),
        Column("kind", "text", "how it ended: pass, soft failure, exception, timeout, ..."),
        _optional("reason", "text", "the assertion's text, the exception, the time limit"),
        _optional("confidence", "real", "as the candidate gave it"),
        Column("seconds", "real", "measured where the model ran; 0 for a memo hit"),
        Column("cost", "real", "the candidate's declared price; 0 for a memo hit"),
        Column("memo", "flag", "found in the memo, not run"),
        _optional("rolled_back_from", "text", "the node whose failure led back to here"),
        _optional("cold", "flag", "whether it was the candidate's first run in its process"),
    ),
    "verdicts": (
        _SEQ,
        _JOB,
        Column("step", "integer", "the attempt after which it was checked; -1: the input"),
        Column("assertion", "text", "its text"),
        Column("fingerprint", "text", "of its text and the code it calls"),
        Column("configuration", "json", "node -> fingerprint of the candidate, in its scope"),
        Column("result", "flag", "whether it held"),
        _optional("reason", "text", "the user's message, or the error it raised"),
        Column("seconds", "real", "that the check took"),
        Column("memo", "flag", "known from an equal value, not checked again"),
        _optional("threshold", "real", "the number in force, where it is a comparison with one"),
        _optional("statistic", "real", "what was compared with it"),
        _optional("group", "text", "which of the threshold's numbers it was"),
        _optional("terms", "json", "objective terms of the values that failed it"),
    ),
    "feedback": (
        _SEQ,
        _JOB,
        _TIME,
        Column("labels", "json", "what was told"),
        Column("terms", "json", "all objective terms as they stand with these labels"),
        _REWARD,
        _optional("rejected", "json", "step -> terms of the values that failed a check there"),
    ),
    "effects": (
        _SEQ,
        _JOB,
        _WORKFLOW,
        Column("node", "text", "the step that acts on the world"),
        Column("candidate", "text", "its name at that node"),
        _TIME,
        Column("state", "text", "started, done or failed"),
    ),
    "definitions": (
        _SEQ,
        Column("digest", "text", "identifies this version of the workflow"),
        _WORKFLOW,
        _TIME,
        Column("text", "text", "the user's own"),
        Column("assertions", "json", "text -> fingerprint"),
        Column("candidates", "json", "node -> candidate -> fingerprint"),
    ),
    "snapshots": (
        _SEQ,
        _WORKFLOW,
        Column("sampler", "text", "its class"),
        Column("upto", "integer", "the last seq of the jobs that is contained"),
        _TIME,
        Column("state", "json", "what was learned: names -> numbers, strings, lists"),
    ),
}

WRITTEN_WITH_THE_JOB = frozenset({"attempts", "verdicts"})
"""Tables whose rows come and go with their job, in the same append: its ``seq`` counts."""


def columns_of(table: str) -> tuple[Column, ...]:
    """The columns of a table.

    Raises
    ------
    BadInput
        If there is no such table.
    """
    if table in TABLES:
        return TABLES[table]
    near = difflib.get_close_matches(str(table), TABLES, 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise BadInput(f"A table of a store must be one of {', '.join(TABLES)}. Got {table!r}.{meant}")


class Filters(NamedTuple):
    """What a reader asks for: conditions on the table itself, and on the job of each row."""

    own: dict[str, str | int]
    job: dict[str, str | int]
    limit: int | None


def filters_of(table: str, asked: Mapping[str, str | int | None], limit: int | None) -> Filters:
    """Sort the filters of a reading by where they apply; ``seq`` means "larger than".

    Raises
    ------
    BadInput
        If there is no such table, the table does not know a filter, or one is ill-typed.
    """
    names = {column.name for column in columns_of(table)}
    filters = Filters({}, {}, None if limit is None else _whole("limit", limit))
    for name, value in asked.items():
        if value is None:
            continue
        if name not in names and "job_id" not in names:
            raise BadInput(f"The rows of {table!r} belong to no {name}. Leave {name}= out.")
        through = name not in names or (name == "seq" and table in WRITTEN_WITH_THE_JOB)
        checked = _whole("after", value) if name == "seq" else _text(name, value)
        (filters.job if through else filters.own)[name] = checked
    return filters


def _text(name: str, value: str | int) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{name}= must be text, or None. Got {value!r} instead.")
    return clean(value)  # as it was when it was written


def _whole(name: str, value: str | int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise BadInput(f"{name}= must be a whole number, 0 or more, or None. Got {value!r}.")
    return value
