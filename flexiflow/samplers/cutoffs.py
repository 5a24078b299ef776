"""Where the thresholds of an assertion are best put, learned from what labels say of outputs.

``assert confidence(x) >= threshold(0.75, by=x)`` accepts an output or goes on. Both have a
price. Of each labelled job is remembered, for every comparison that was made on it, what the
output compared was worth, and what going on brought: what the job's output was worth in the
end, less what was paid after the comparison. Two Bayesian linear regressions on the statistic
say what each is worth,

    keep(s, g) = E[worth of the output | statistic s, group g]
    go(s, g)   = E[worth of the job's output - price paid from here | s, g],

and the number is the one above which the sum of ``keep - go`` over the outputs seen of late
is largest. Thresholds so learned, one for each predicted class, are how FrugalML [1]_ meets
a budget; here they are learned while jobs run, from the candidates that were tried, so the
regressions are drawn from their posteriors (Thompson sampling): where nothing is known of
going on, it is tried now and then. What going on brings is told by jobs without a label, too;
see :mod:`flexiflow.samplers.going`.

The statistic enters by its rank among those seen, through linear splines; groups share one
spline and each adds its own, shrunken towards none.

References
----------
.. [1] Chen, L., Zaharia, M. & Zou, J. (2020). FrugalML: how to use ML prediction APIs more
   accurately and cheaply. NeurIPS. https://arxiv.org/abs/2006.07512
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import compress, islice
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from flexiflow.records import Outcome, Terms, Verdict
from flexiflow.samplers.cutting import Fitted, Kept, Prices, Told, fitted, keeping, scale
from flexiflow.samplers.going import Gone, Member, brought, followed

Floats = NDArray[np.float64]
Step = tuple[str, int]
"""A job and a step of it."""

T = TypeVar("T", Told, Gone)

MOST_SEEN, MOST_TOLD = 512, 1_000  # comparisons remembered of a candidate, the latest
LEAST = 8  # labelled comparisons of a candidate before its numbers move


class _Fit(NamedTuple):
    """What was fitted for a candidate, and from what."""

    news: int  #: labels of its own that it knows
    total: int  #: and of all candidates
    prices: Prices
    made: Fitted | None
    complete: int  #: labels of its own on which no term waits


class Cutoffs:
    """What is known of the comparisons of one assertion.

    Attributes
    ----------
    seen
        Candidate -> (statistic, group) of its latest comparisons.
    told
        Candidate -> (job, step) -> what a label said of it; the latest.
    gone
        Candidate -> (job, step) -> what the job went on to after it, labelled or not; the latest.
    """

    def __init__(self) -> None:
        self.seen: dict[Member, list[tuple[float, str | None]]] = {}
        self.told: dict[Member, dict[Step, Told]] = {}
        self.gone: dict[Member, dict[Step, Gone]] = {}
        self._news: dict[Member, int] = {}
        self._fitted: dict[Member, _Fit] = {}
        self._kept: dict[Member, tuple[int, Prices, Kept]] = {}

    def see(self, outcome: Outcome, made: Sequence[tuple[Verdict, Member]]) -> None:
        """Note the comparisons that were made on a job."""
        for verdict, member in made:
            assert verdict.statistic is not None
            mine = self.seen.setdefault(member, [])
            mine.append((verdict.statistic, verdict.group))
            if len(mine) > MOST_SEEN + MOST_SEEN // 8:
                del mine[: len(mine) - MOST_SEEN]
        for member, step, gone in followed(outcome, made):
            _add(self.gone.setdefault(member, {}), {(outcome.job_id, step): gone})

    def learn(
        self,
        outcome: Outcome,
        verdict: Verdict,
        member: Member,
        own: Terms | None,
        final: Terms,
    ) -> None:
        """Learn what a label says of a comparison, in place of what was said before."""
        assert verdict.statistic is not None
        after = [a for a in outcome.attempts if a.step > verdict.step]
        told = Told(
            verdict.statistic, verdict.group, verdict.result, own, dict(final),
            sum(a.seconds for a in after), sum(a.cost for a in after), outcome.job.passed,
        )  # fmt: skip
        _add(self.told.setdefault(member, {}), {(outcome.job_id, verdict.step): told})
        self._news[member] = self._news.get(member, 0) + 1

    def fit(self, member: Member, prices: Prices, upper: bool, least: int = LEAST) -> Fitted | None:
        """What the regressions say of a candidate; None while it has fewer labels than that."""
        news, told = self._news.get(member, 0), self.told.get(member, {})
        if len(told) < least or not self.told:
            return None
        kept, total = self._fitted.get(member), sum(self._news.values())
        # Labels of the others move what a candidate's own are shrunken to, and what its outputs
        # that were left led to.
        if (
            kept is None
            or kept.prices != prices
            or _grown(news, kept.news)
            or total - kept.total > kept.total // 2
        ):
            made = self._made(member, prices, upper)
            complete = sum(prices.worth(t.final) is not None for t in told.values())
            kept = self._fitted[member] = _Fit(news, total, prices, made, complete)
        return kept.made if kept.complete >= least else None

    def _made(self, member: Member, prices: Prices, upper: bool) -> Fitted | None:
        rows = self._as_of_now(prices)
        # In one order, whichever came first: a restart must give the same numbers.
        by, seen = scale([t for m in sorted(rows) for t in rows[m]], prices), self._seen(member)
        if by is None or not seen:
            return None

        def keep(whose: Member) -> Kept:
            told = [*rows.get(whose, []), *rows.get(_other(whose), [])]
            return keeping(told, self._seen(whose), prices, by, upper)

        def kept(whose: Member) -> Kept | None:
            news = self._news.get(whose, 0) + self._news.get(_other(whose), 0)
            known = self._kept.get(whose)
            if known is None or known[1] != prices or _grown(news, known[0]):
                known = self._kept[whose] = news, prices, keep(whose)
            return known[2] if news >= LEAST else None

        gone = self.gone.get(member, {})
        expected = brought(list(gone.values()), kept, prices)
        guesses = dict(zip(gone, expected[:, 0].tolist(), strict=True))
        guessed = np.array([guesses.get(step, np.nan) for step in self.told.get(member, {})])
        known = ~np.isnan(expected[:, 0])
        met = [(g.statistic, g.group) for g in compress(gone.values(), known)]
        told = rows.get(member, [])
        return fitted(keep(member), told, guessed, met, expected[known], seen, prices, by)

    def _as_of_now(self, prices: Prices) -> dict[Member, list[Told]]:
        """What was told, with what jobs that passed nowhere would end with by now.

        Such a job returned its best output by what was known then, its first one say. It would
        return the one whose candidate gives outputs that are worth most, on average.
        """
        worths = {
            member: [w for t in rows.values() if (w := _own(t, prices)) is not None]
            for member, rows in self.told.items()
        }
        means = {member: sum(found) / len(found) for member, found in worths.items() if found}
        best: dict[str, tuple[float, Terms]] = {}
        for member in sorted(means):
            for (job, _), told in self.told[member].items():
                good = not told.passed and _own(told, prices) is not None
                if good and told.own and means[member] > best.get(job, (-math.inf, {}))[0]:
                    best[job] = means[member], told.own
        return {
            member: [
                told._replace(final=best[job][1]) if not told.passed and job in best else told
                for (job, _), told in rows.items()
            ]
            for member, rows in self.told.items()
        }

    def _seen(self, member: Member) -> list[tuple[float, str | None]]:
        """The outputs of a candidate; where it was not asked yet, those of all."""
        for known in (self.seen.get(member), self.seen.get(_other(member))):
            if known:
                return known
        every = [self.seen[other][-MOST_SEEN // 8 :] for other in sorted(self.seen)]
        return [pair for rows in every for pair in rows]

    def state(self) -> list[list[Any]]:
        """What is remembered, as plain lists: one a candidate."""
        members = self.seen.keys() | self.told.keys() | self.gone.keys()
        return [
            [
                *member,
                [list(pair) for pair in self.seen.get(member, [])],
                [[*key, *_plain(t)] for key, t in self.told.get(member, {}).items()],
                [[*key, *g] for key, g in self.gone.get(member, {}).items()],
            ]
            for member in sorted(members)
        ]

    def load(self, state: list[list[Any]]) -> None:
        """Take over a saved state; a ValueError or TypeError says what is wrong with it."""
        for node, fingerprint, later, seen, told, *more in state:
            member = _member(node, fingerprint, later)
            self.seen[member] = [(_finite(s), _group(g)) for s, g in seen]
            self.told[member] = {
                (str(job), int(_finite(step))): Told(
                    _finite(s), _group(g), bool(held), None if own is None else _terms(own),
                    _terms(final), _finite(seconds), _finite(cost), bool(passed),
                )
                for job, step, s, g, held, own, final, seconds, cost, passed in told
            }  # fmt: skip
            self.gone[member] = {
                (str(job), int(_finite(step))): Gone(
                    _finite(s), _group(g), _member(*end), _finite(reached), _group(within),
                    _finite(seconds), _finite(cost),
                )
                for rows in more
                for job, step, s, g, end, reached, within, seconds, cost in rows
            }  # fmt: skip
            self._news[member] = len(self.told[member])

    def merge(self, other: Cutoffs) -> None:
        """Add what another worker has seen and was told; exact up to what is forgotten."""
        for member, theirs in other.seen.items():
            mine = self.seen.setdefault(member, [])
            mine.extend(theirs)
            del mine[: max(len(mine) - MOST_SEEN, 0)]
        for member, went in other.gone.items():
            _add(self.gone.setdefault(member, {}), went)
        for member, rows in other.told.items():
            _add(self.told.setdefault(member, {}), rows)
            self._news[member] = self._news.get(member, 0) + len(rows)
        self._fitted.clear()
        self._kept.clear()


def _add(mine: dict[Step, T], theirs: Mapping[Step, T]) -> None:
    """Put steps last, in place of what was known of them; the latest are kept."""
    for key in theirs:
        mine.pop(key, None)
    mine.update(theirs)
    for key in list(islice(mine, max(len(mine) - MOST_TOLD, 0))):
        del mine[key]


def _grown(now: int, then: int) -> bool:
    """Whether enough labels are new to fit anew."""
    return now - then >= min(32, 1 + now // 20)


def _member(node: Any, fingerprint: Any, later: Any) -> Member:
    return str(node), str(fingerprint), bool(later)


def _own(told: Told, prices: Prices) -> float | None:
    """What the output compared was worth, where that is known."""
    return prices.worth(told.own) if told.own else None


def _other(member: Member) -> Member:
    """The same candidate on jobs of the other kind."""
    return (*member[:2], not member[2])


def _plain(told: Told) -> list[Any]:
    own = None if told.own is None else dict(told.own)
    return [*told[:3], own, dict(told.final), *told[5:]]


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = np.inf
    if not np.isfinite(number):
        raise ValueError(f"a finite number was expected, not {number}")
    return number


def _group(value: Any) -> str | None:
    return None if value is None else str(value)


def _terms(value: Mapping[str, Any]) -> dict[str, float | None]:
    return {str(k): None if v is None else _finite(v) for k, v in value.items()}
