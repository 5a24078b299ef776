"""What a user should be told: one model dominates; a model seems to have changed."""

from __future__ import annotations

import math
from collections import deque

from flexiflow.panels.places import Places
from flexiflow.records import TEACHES, Outcome

WINDOW = 200  # latest jobs that "dominates" is said of
DOMINATES = 0.98  # of the jobs that passed
WORTH_SAYING = 0.02  # of the seconds a job
LATEST = (15, 40)  # first tries of a candidate that are compared with all before them
FEWEST = 50  # first tries before these
CHANCE = 1e-6  # below which a difference is no chance


class Notices:
    """Looks out for what a user should be told; cheap to feed, worked out when asked.

    Parameters
    ----------
    places
        The workflow's nodes and candidates by number.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        # Of the latest jobs: the candidates accepted, seconds by candidate, and in all.
        self._jobs: deque[tuple[bytes | None, list[tuple[int, float]], float]] = deque(
            maxlen=WINDOW
        )
        # First tries by candidate: failures and passes of old, and the latest ones.
        self._before = [[0, 0] for _ in range(places.size)]
        self._latest: list[deque[bool]] = [deque() for _ in range(places.size)]

    def add(self, outcome: Outcome) -> None:
        """Take in one job."""
        at, spent = self._places.at, list[tuple[int, float]]()
        for attempt in outcome.attempts:
            place = at.get((attempt.node, attempt.candidate))
            if place is not None and not attempt.memo:
                spent.append((place, attempt.seconds))
                if attempt.decision == 0 and attempt.kind in TEACHES:
                    self._note(place, attempt.kind == "pass")
        job = outcome.job
        accepted = self._places.chosen(job.configuration) if job.passed else None
        self._jobs.append((accepted, spent, job.seconds))

    def _note(self, place: int, passed: bool) -> None:
        latest = self._latest[place]
        latest.append(passed)
        if len(latest) > LATEST[-1]:
            self._before[place][latest.popleft()] += 1

    def texts(self) -> list[str]:
        """What there is to say now."""
        return [*self._dominating(), *self._drifting()]

    def _dominating(self) -> list[str]:
        passed = [accepted for accepted, _, _ in self._jobs if accepted is not None]
        if len(passed) < WINDOW // 2:
            return []
        jobs, total = len(self._jobs), sum(seconds for _, _, seconds in self._jobs)
        found = []
        for v, names in enumerate(self._places.candidates):
            counts = [0] * 256
            for accepted in passed:
                counts[accepted[v]] += 1
            best = max(range(len(names)), key=counts.__getitem__)
            start = self._places.offsets[v]
            others = {start + k for k in range(len(names)) if k != best}
            wasted = sum(s for _, spent, _ in self._jobs for p, s in spent if p in others)
            share = counts[best] / len(passed)
            if share >= DOMINATES and wasted > WORTH_SAYING * total:
                node = self._places.graph.nodes[v].name
                found.append(
                    f"{names[best]} dominates at {node}: it gave {share:.0%} of the latest "
                    f"{len(passed)} passes; switching costs you {wasted / jobs:.2g} s a job"
                )
        return found

    def _drifting(self) -> list[str]:
        found = []
        for (node, name), place in self._places.at.items():
            for many in LATEST:
                told = self._change(place, many)
                if told is not None:
                    recent, old = told
                    found.append(
                        f"{name} at {node} may have changed: it passed {recent:.0%} of its "
                        f"latest {many} first tries, and {old:.0%} before"
                    )
                    break
        return found

    def _change(self, place: int, many: int) -> tuple[float, float] | None:
        """The latest and the older pass rate, if they differ beyond chance."""
        latest = list(self._latest[place])
        if len(latest) < many:
            return None
        early, late = latest[: len(latest) - many], latest[len(latest) - many :]
        lost, won = self._before[place]
        won, lost = won + sum(early), lost + len(early) - sum(early)
        if won + lost < FEWEST:
            return None
        fewer = tail(sum(late), many, won + 1.0, lost + 1.0)
        more = tail(many - sum(late), many, lost + 1.0, won + 1.0)
        if min(fewer, more) > CHANCE:
            return None
        return sum(late) / many, won / (won + lost)


def tail(passes: int, tries: int, a: float, b: float) -> float:
    """P(so many passes or fewer) of a Beta-binomial: of tries whose rate is Beta(a, b).

    Examples
    --------
    >>> round(tail(0, 1, 3.0, 1.0), 12), round(tail(1, 1, 3.0, 1.0), 12)
    (0.25, 1.0)
    """
    whole, total = _log_beta(a, b), 0.0
    for x in range(passes + 1):
        total += math.comb(tries, x) * math.exp(_log_beta(a + x, b + tries - x) - whole)
    return min(total, 1.0)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
