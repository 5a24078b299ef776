"""What jobs ended with that went on after a comparison, labelled or not; see ``cutoffs``.

Few jobs are labelled, and of these few went on. But of every job that went on it is known
which output it ended with, and what accepting that one is worth the labels of other jobs tell.
So what going on is worth is learned in two parts,

    go(s, g) = E[keep(output in the end) - price paid until then | s, g] + bias(s, g),

the first from all jobs that went on, the second from the labelled ones: by how much their ends
were worth more than that, shrunken strongly towards none. This is prediction-powered inference
[1]_; with it the labels of a few jobs go as far as if several times as many had been labelled.

References
----------
.. [1] Angelopoulos, A. N., Bates, S., Fannjiang, C., Jordan, M. I. & Zrnic, T. (2023).
   Prediction-powered inference. Science 382, 669-674. https://arxiv.org/abs/2301.09633
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.records import FAILS, Outcome, Verdict
from flexiflow.samplers.cutting import Kept, Prices
from flexiflow.samplers.splines import DRAWS

Floats = NDArray[np.float64]
Member = tuple[str, str, bool]
"""A candidate at a node, and whether something had failed on the job before it was asked.

What comes next, and so what going on is worth, is another matter then.
"""


class Gone(NamedTuple):
    """A comparison after which the job went on, and the one of the output it ended with."""

    statistic: float
    group: str | None
    end: Member
    reached: float  #: the statistic of the output it ended with
    within: str | None  #: and its group
    seconds: float  #: paid from the comparison to the other
    cost: float


def has_failed(outcome: Outcome, before: float = math.inf) -> bool:
    """Whether a check or an attempt had failed before some step, by default before the end."""
    broken = any(a.kind in FAILS and a.step < before for a in outcome.attempts)
    return broken or any(not v.result and v.step < before for v in outcome.verdicts)


def compared(outcome: Outcome) -> dict[str, list[tuple[Verdict, Member]]]:
    """The comparisons with thresholds that were made on a job, by assertion, in their order."""
    found: dict[str, list[tuple[Verdict, Member]]] = {}
    for verdict in outcome.verdicts:
        if verdict.statistic is not None and not verdict.memo:
            attempt = next(a for a in outcome.attempts if a.step == verdict.step)
            member = (attempt.node, attempt.fingerprint, has_failed(outcome, verdict.step))
            found.setdefault(verdict.fingerprint, []).append((verdict, member))
    return found


def followed(
    outcome: Outcome, made: Sequence[tuple[Verdict, Member]]
) -> Iterator[tuple[Member, int, Gone]]:
    """Of one assertion's comparisons on a job, those after which it went on to another output.

    Yields
    ------
    Whose output was compared, the step, and what came of it.
    """
    given = outcome.job.configuration
    told = {a.step: a for a in outcome.attempts}
    ends = [v for v, _ in made if given.get(told[v.step].node) == told[v.step].candidate]
    if not ends:
        return
    end = ends[-1]
    last = next(member for verdict, member in made if verdict is end)
    assert end.statistic is not None
    for verdict, member in made:
        if verdict is end or verdict.result or verdict.statistic is None:
            continue
        # An output from before is not left until all that came after it was paid, too.
        until = end.step if end.step > verdict.step else outcome.attempts[-1].step
        paid = [a for a in outcome.attempts if verdict.step < a.step <= until]
        yield member, verdict.step, Gone(
            verdict.statistic, verdict.group, last, end.statistic, end.group,
            sum(a.seconds for a in paid), sum(a.cost for a in paid),
        )  # fmt: skip


def brought(gone: Sequence[Gone], kept: Callable[[Member], Kept | None], prices: Prices) -> Floats:
    """What going on is expected to have brought, mean and draws, `(n, 1 + DRAWS)`.

    NaN where nothing is known of the outputs that the job ended with.
    """
    found = np.full((len(gone), 1 + DRAWS), np.nan)
    for end in sorted({g.end for g in gone}):
        known = kept(end)
        if known is not None:
            at = [k for k, g in enumerate(gone) if g.end == end]
            found[at] = known.at([gone[k].reached for k in at], [gone[k].within for k in at])
    paid = [prices.second * g.seconds + prices.cost * g.cost for g in gone]
    return np.asarray(found - np.array(paid)[:, None])
