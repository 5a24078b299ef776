"""Records of invented jobs, for tests of stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flexiflow.records import Attempt, Job, Outcome, Verdict


def attempt(job_id: str, step: int = 0, **changes: Any) -> Attempt:
    plain = Attempt(
        job_id, step, "text", "tesseract", "f00d", 0, (0, 1), step, 2**62 + 1, 0, 1, 0.5, 0.25,
        0.75, 0.1, "pass", None, 0.9, 0.125, 0.002, False, None,
    )  # fmt: skip
    return plain._replace(**changes)


def verdict(job_id: str, step: int = 0, **changes: Any) -> Verdict:
    plain = Verdict(
        job_id, step, "has_date(text)", "beef", {"text": "f00d"}, True, None, 0.0, False
    )
    return plain._replace(**changes)


def outcome(
    job_id: str, attempts: int = 3, verdicts: int = 2, more: Iterable[Any] = (), **changes: Any
) -> Outcome:
    job = Job(
        job_id, "cards", "d1", "run-1", 0, 1.7e9, 1.7e9 + 0.5, "passed", True, {"light": 0.5},
        {"exact": None, "runtime": 0.375}, None, 0.375, 0.006, attempts, 2, 1,
        {"text": "tesseract"}, '"Austria"', "json", None, None, True,
    )._replace(**changes)  # fmt: skip
    made = [attempt(job_id, step) for step in range(attempts)]
    return Outcome(job, (*made, *more), tuple(verdict(job_id, step) for step in range(verdicts)))
