"""Another workflow as a candidate, known by its shape."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flexiflow.candidates import adopt
from flexiflow.candidates.call import run
from flexiflow.errors import JobFailed


class Inner:
    """A workflow as far as a candidate needs one."""

    def __init__(self, status: str, raises: bool = False) -> None:
        self.graph = SimpleNamespace(name="inner", digest=f"digest of {status}")
        self.status, self.raises = status, raises

    def job(self, x: int, by: int = 2) -> Any:
        outcome = SimpleNamespace(
            job_id="j1",
            attempts=("one", "two"),
            passed=self.status == "passed",
            status=self.status,
            output=x * by,
        )
        if self.raises:
            raise JobFailed("it did not pass", outcome)
        return outcome


def test_a_pass_gives_the_output() -> None:
    told = run(adopt(Inner("passed"), "m"), (3,), {"by": 5}, seed=0)
    assert (told.kind, told.value, told.extras) == ("pass", 15, {"job_id": "j1", "attempts": 2})


def test_a_job_that_did_not_pass_is_a_soft_failure_with_its_best() -> None:
    for inner in (Inner("exhausted"), Inner("exhausted", raises=True)):
        told = run(adopt(inner, "m"), (3,), {}, seed=0)
        assert (told.kind, told.value) == ("soft failure", 6)
        assert told.reason == "the workflow 'inner' did not pass: exhausted"


def test_a_refusal_stays_one() -> None:
    told = run(adopt(Inner("refused"), "m"), (3,), {}, seed=0)
    assert told.kind == "refused"
    assert told.reason is not None
    assert "'inner' refused" in told.reason


def test_it_is_identified_by_its_graph() -> None:
    assert adopt(Inner("passed"), "a").fingerprint == adopt(Inner("passed"), "b").fingerprint
    assert adopt(Inner("passed"), "a").fingerprint != adopt(Inner("budget"), "a").fingerprint
