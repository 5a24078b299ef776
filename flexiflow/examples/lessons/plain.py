"""Plain Thompson sampling [1]_: the usual bandit, one for each step, and no second try.

Each candidate of each node has a Beta(1 + successes, 1 + failures). A job draws from all of
them, takes the highest draw of each node, runs that path to its end and keeps what comes out.
Whether it was a success counts for every candidate on the path alike: no check sends the job
back, and nobody asks which step was to blame.

References
----------
.. [1] Thompson, W. R. (1933). On the likelihood that one unknown probability exceeds another in
   view of the evidence of two samples. Biometrika 25. https://doi.org/10.1093/biomet/25.3-4.285
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flexiflow.examples.lessons.policies import Fared
from flexiflow.examples.lessons.record import Bools, Record


def plain_thompson(record: Record, name: str, seeds: Sequence[int], labelled: bool) -> Fared:
    """Run plain Thompson sampling over the recorded jobs, in their order, from a cold start.

    Parameters
    ----------
    name
        Of the row it gets.
    seeds
        One run each.
    labelled
        Whether a success is an output that is right, or else one that its checks let pass.
    """
    success = record.right > 0.5 if labelled else record.passed
    taken = np.array([_run(record, success, seed) for seed in seeds])
    jobs = np.arange(len(record.jobs))
    right, passed, seconds = (
        table[jobs, taken] for table in (record.right, record.passed, record.total)
    )
    return Fared(name, right, passed, seconds, np.ones(taken.shape))


def _run(record: Record, success: Bools, seed: int) -> list[int]:
    """The path taken for each job, by its number."""
    rng = np.random.default_rng(seed)
    names = [list(dict.fromkeys(it)) for it in zip(*record.configurations, strict=True)]
    place = {configuration: at for at, configuration in enumerate(record.configurations)}
    counts = [np.ones((len(candidates), 2)) for candidates in names]
    taken = []
    for job in range(len(record.jobs)):
        picks = [int(rng.beta(node[:, 0], node[:, 1]).argmax()) for node in counts]
        at = place[tuple(node[pick] for node, pick in zip(names, picks, strict=True))]
        for node, pick in zip(counts, picks, strict=True):
            node[pick, 0 if success[job, at] else 1] += 1
        taken.append(at)
    return taken
