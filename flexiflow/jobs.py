"""Reading the jobs a user gives: frames, lists, generators; with a clear word on bad ones."""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

from flexiflow.errors import BadInput
from flexiflow.graph import Graph
from flexiflow.stores.base import Store

Inputs = dict[str, Any]
JobPair = tuple[str | None, Inputs]


def bind(graph: Graph, args: Sequence[Any], given: Mapping[str, Any]) -> Inputs:
    """The inputs of one job from a call's arguments, as Python would bind them.

    Raises
    ------
    BadInput
        If an input is missing, unknown or given twice.
    """
    names = [i.name for i in graph.inputs]
    if len(args) > len(names):
        raise BadInput(
            f"{graph.name} takes {len(names)} inputs ({', '.join(names)}). Got {len(args)} values."
        )
    inputs = dict(zip(names, args, strict=False))
    twice = sorted(inputs.keys() & given.keys())
    if twice:
        raise BadInput(f"{graph.name} got the input {twice[0]!r} twice.")
    unknown = [n for n in given if n not in names]
    if unknown:
        raise BadInput(
            f"{graph.name} has no input {unknown[0]!r}{_near(unknown[0], names)}. "
            f"Its inputs are {', '.join(names)}."
        )
    return complete(graph, {**inputs, **given}, graph.name)


def complete(graph: Graph, given: Mapping[str, Any], where: str) -> Inputs:
    """All inputs of one job: those given, defaults for the others; the rest is left out."""
    inputs = {}
    for it in graph.inputs:
        if it.name in given:
            inputs[it.name] = given[it.name]
        elif it.required:
            others = [n for n in given if n not in {i.name for i in graph.inputs}]
            raise BadInput(
                f"{where}: the input {it.name!r} is missing{_near(it.name, others)}. "
                f"Got {', '.join(map(repr, given)) or 'nothing'}."
            )
        else:
            _check_spelling(graph, it.name, given, where)
            inputs[it.name] = it.default
    return inputs


def _check_spelling(graph: Graph, name: str, given: Mapping[str, Any], where: str) -> None:
    near = _near(name, [n for n in given if n not in {i.name for i in graph.inputs}])
    if near:
        raise BadInput(f"{where}: the input {name!r} is not given{near}.")


def read_jobs(graph: Graph, jobs: Any, ids: str | None = None) -> Iterator[JobPair]:
    """Jobs as (id or None, inputs) pairs, read one at a time.

    Parameters
    ----------
    jobs
        A Polars or pandas frame (one row a job), or any iterable of mappings; a workflow
        with one required input also takes its bare values.
    ids
        The column (or key) that holds the jobs' ids.
    """
    columns = _columns(jobs)
    if columns is not None:
        _check_columns(graph, columns, ids)
    elif isinstance(jobs, (str, bytes, Mapping)) or not isinstance(jobs, Iterable):
        raise BadInput(
            "Jobs must be a Polars or pandas frame, a list of dictionaries or a generator of "
            f"them. Got {type(jobs).__name__}. For one job, call {graph.name}(...)."
        )
    return _each(graph, _rows(jobs, columns), ids)


def count(jobs: Any) -> int | None:
    """How many jobs there are, if that can be known without reading them."""
    return len(jobs) if isinstance(jobs, Sized) else None


def unseen(
    pairs: Iterator[JobPair], store: Store, workflow: str, resume: bool
) -> Iterator[JobPair]:
    """Jobs that the log does not have yet; others are left out or complained of.

    Raises
    ------
    BadInput
        At the first job that the log has, unless ``resume``: no record is ever overwritten.
    """
    seen = dict(store.read("jobs")["job_id", "workflow"].iter_rows())
    for job_id, inputs in pairs:
        if job_id not in seen:
            yield job_id, inputs
        elif seen[job_id] != workflow:
            raise BadInput(
                f"The store already has a job {job_id!r}, of the workflow {seen[job_id]!r}. Ids "
                f"are unique in a store: make them so, {workflow}-{job_id} say, or give "
                f"{workflow!r} a store of its own (store=...)."
            )
        elif not resume:
            raise BadInput(
                f"The log of {workflow!r} already has a job {job_id!r}. Give it another "
                "id, or resume=True to leave out jobs that have been run."
            )


def _each(graph: Graph, rows: Iterable[Any], ids: str | None) -> Iterator[JobPair]:
    required = [i.name for i in graph.inputs if i.required]
    late = [i.name for i in graph.inputs if i.late]
    seen: set[str] = set()
    for number, row in enumerate(rows):
        where = f"job {number} of {graph.name}"
        if not isinstance(row, Mapping):
            if len(required) != 1:
                raise BadInput(
                    f"{where} must be a dictionary with {', '.join(map(repr, required))}. "
                    f"Got {type(row).__name__}."
                )
            row = {required[0]: row}
        inputs = complete(graph, row, where)
        for name in late:
            if _is_nan(inputs[name]):  # what pandas writes for a label that is not there
                inputs[name] = None
        yield _id(row, ids, where, seen), inputs


def _id(row: Mapping[str, Any], ids: str | None, where: str, seen: set[str]) -> str | None:
    if ids is None:
        return None
    if ids not in row or row[ids] is None:
        raise BadInput(f"{where} has no id: its {ids!r} is missing.")
    job_id = str(row[ids])
    if job_id in seen:
        raise BadInput(f"{where} has the id {job_id!r}, which an earlier job has. Ids are unique.")
    seen.add(job_id)
    return job_id


def _columns(jobs: Any) -> list[str] | None:
    """Column names if ``jobs`` is a frame (Polars or pandas, told by its shape)."""
    if hasattr(jobs, "collect_schema"):
        return list(jobs.collect_schema().names())
    if hasattr(jobs, "columns") and hasattr(jobs, "itertuples"):
        return [str(c) for c in jobs.columns]
    return None


def _rows(jobs: Any, columns: list[str] | None) -> Iterable[Any]:
    if columns is None:
        plain: Iterable[Any] = iter(jobs)
        return plain
    if hasattr(jobs, "collect"):
        jobs = jobs.collect()
    if hasattr(jobs, "iter_rows"):
        rows: Iterable[Any] = jobs.iter_rows(named=True)
        return rows
    tuples = jobs.itertuples(index=False, name=None)
    return (dict(zip(columns, values, strict=True)) for values in tuples)


def _check_columns(graph: Graph, columns: list[str], ids: str | None) -> None:
    names = [i.name for i in graph.inputs]
    for it in graph.inputs:
        others = [c for c in columns if c not in names and c != ids]
        if it.name in columns:
            continue
        near = _near(it.name, others)
        if it.required or near:
            raise BadInput(
                f"The jobs have no column {it.name!r}{near}. {graph.name} reads the inputs "
                f"{', '.join(names)}; the columns are {', '.join(map(repr, columns)) or 'none'}."
            )
    if ids is not None and ids not in columns:
        raise BadInput(f"The jobs have no column {ids!r} to take ids from{_near(ids, columns)}.")


def _near(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _is_nan(value: Any) -> bool:
    """Whether it is what pandas or NumPy write for a value that is not there."""
    if type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, numbers.Real) and bool(value != value)
