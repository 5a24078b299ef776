"""Serving a workflow as it was planned: replicas, dynamic batches, bounded queues, HTTP.

A served job is a job: the same course through candidates, checks, switches and rollbacks, the
same records, the same learning (:mod:`flexiflow.runner`). What differs is where candidates run
(:mod:`.dispatch`): each node is a *station* with one queue and its replicas (:mod:`.station`),
which gather what waits into batches (:mod:`.gathering`), and what each job tries first
(:mod:`.planned`): the plan's variants. :mod:`.server` takes jobs, :mod:`.web` takes them over
HTTP.
"""

from flexiflow.serving.faults import Busy, Closed, Late
from flexiflow.serving.measured import Stats
from flexiflow.serving.opening import serve
from flexiflow.serving.server import Server

__all__ = ["Busy", "Closed", "Late", "Server", "Stats", "serve"]
