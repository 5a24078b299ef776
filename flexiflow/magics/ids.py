"""The ids of the latest jobs, found without reading a whole log."""

from __future__ import annotations

from flexiflow.flow import Workflow
from flexiflow.run import Run

_MOST = 30


def latest_ids(about: Workflow | Run) -> list[str]:
    """Ids of the latest jobs of a workflow or run here, the latest first.

    Ids that a run gave itself are counted down from its last job's; those taken from a
    column are known of the last job only.
    """
    if isinstance(about, Run):
        return _counted(about.run_id, about.total - 1)
    if about.last is None:
        return []
    job = about.last.job
    counted = _counted(job.run, job.number)
    return counted if job.job_id in counted else [job.job_id]


def _counted(run: str, last: int) -> list[str]:
    return [f"{run}-{number:06d}" for number in range(last, max(last - _MOST, -1), -1)]
