"""Another workflow as a candidate: its output is the value, its failing a soft failure.

Known by its shape alone: an object with a ``graph`` and a method ``job`` that returns an
``Outcome``.
"""

from __future__ import annotations

from typing import Any

from flexiflow.candidates.base import Options, Result
from flexiflow.errors import JobFailed, Refused


class NotPassed(Exception):
    """Raised when an inner workflow's job ended without passing; ``value`` is its best."""

    def __init__(self, message: str, value: Any, extras: dict[str, Any]) -> None:
        super().__init__(message)
        self.value, self.extras = value, extras


class Workflow:
    """Runs one job of another workflow."""

    expects = "another workflow"

    def __init__(self, model: Any, options: Options | None = None) -> None:
        self.model = model

    @classmethod
    def accepts(cls, model: Any) -> bool:
        """Whether it has a graph and can run a job."""
        ready = not isinstance(model, type) and hasattr(model, "graph")
        return ready and callable(getattr(model, "job", None))

    def __call__(self, *args: Any, **kwargs: Any) -> Result:
        """Run one job; ``job_id`` and ``attempts`` (a count) are extras."""
        try:
            outcome = self.model.job(*args, **kwargs)
        except JobFailed as failed:
            if failed.outcome is None:
                raise
            outcome = failed.outcome
        said = {"job_id": outcome.job_id, "attempts": len(outcome.attempts)}
        if outcome.passed:
            return Result(outcome.output, **said)
        name = getattr(self.model.graph, "name", "inner")
        if outcome.status == "refused":
            raise Refused(f"a candidate of the workflow {name!r} refused the input")
        text = f"the workflow {name!r} did not pass: {outcome.status}"
        raise NotPassed(text, outcome.output, said)
