"""Checking assertions on the present values of a job."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from flexiflow.checks import BUGS, blame_user, plain_feature, terms_of, told, waiting
from flexiflow.graph import Configuration, Cut, Expression
from flexiflow.ledger import Checked, Cutting, Ledger, Tried
from flexiflow.present import Failed, Present
from flexiflow.records import FAILS
from flexiflow.samplers.base import Ask
from flexiflow.versions import Known


class _Verdict(NamedTuple):
    """What is known of one assertion on some values."""

    result: bool
    reason: str | None
    cut: Cutting | None


_UNKNOWN = _Verdict(False, None, None)
_Key = tuple[int, tuple[int, ...], str]
"""An assertion, the values it reads, and whose the last of them is where that matters."""


class Judge:
    """Checks each assertion once on equal values, and notes every verdict.

    A comparison with a threshold is made once for each candidate that gives the value: the
    number is learned for each of them. What is compared is worked out once all the same.

    Attributes
    ----------
    sound, raised
        Assertions whose check did not raise, and what the others raised.
    """

    def __init__(self, job: Present) -> None:
        self.job = job
        self.sound: set[int] = set()
        self.raised: dict[int, list[BaseException]] = {}
        self._makers = job.graph.makers
        self._verdicts: dict[_Key, _Verdict] = {}
        self._compared: dict[_Key, tuple[Any, str | None]] = {}
        self._promised: dict[_Key, float] = {}

    def passed(self) -> int:
        """How many assertions are known to hold on the present values."""
        graph, view = self.job.graph, self.job.view
        return sum(
            view.has(assertion.test) and self._verdicts.get(self._key(a), _UNKNOWN).result
            for a, assertion in enumerate(graph.assertions)
        )

    def promise(self) -> float | None:
        """What the present values are expected to be worth, where thresholds are learned."""
        graph, view = self.job.graph, self.job.view
        cut = [a for a, it in enumerate(graph.assertions) if it.cut and view.has(it.test)]
        found = [self._promised[key] for a in cut if (key := self._key(a)) in self._promised]
        return sum(found) / len(found) if found else None

    def after(self, tried: Tried) -> None:
        """Check what can be checked now that a node has its value; raises ``Failed``."""
        graph, view = self.job.graph, self.job.view
        targets = graph.nodes[tried.node].targets
        for a, assertion in enumerate(graph.assertions):
            names = assertion.test.names
            if any(t in names for t in targets) and view.has(assertion.test):
                self._check_or_fail(a, tried)

    def rest(self) -> None:
        """Check what was not reached because another check of the same node failed first."""
        graph = self.job.graph
        for a, assertion in enumerate(graph.assertions):
            if graph.scopes[a] and self.job.view.has(assertion.test):
                self._check_or_fail(a, None)

    def rule_out(self, known: Known) -> None:
        """Exclude all configurations that lead to values on which a check is known to fail."""
        job = self.job
        refuted = {key for key, verdict in self._verdicts.items() if not verdict.result}
        for a in {a for a, *_ in refuted}:
            for picks, numbers in job.memo.ways(self._makers[a], known):
                if self._keyed(a, picks, numbers) in refuted:
                    scope = job.graph.scopes[a]
                    job.state.exclude(scope, tuple(picks[v] for v in scope))
        for lineage, ends in zip(job.graph.lineage, known, strict=True):
            for choices, number in ends.items():
                if number is None:
                    job.state.exclude(lineage, choices)

    def input_holds(self) -> bool:
        """Whether all assertions hold that read no node."""
        return all(self._check(a, None) for a in self.job.graph.input_checks)

    def _check_or_fail(self, a: int, tried: Tried | None) -> None:
        if self._check(a, tried):
            return
        job = self.job
        scope = job.graph.scopes[a]
        job.exclude(scope)
        self._note_rejected(a, tried)
        job.state.failures.append((a, job.picks(scope)))
        if tried is not None:
            tried.kind, tried.reason = "soft failure", job.reason
        raise Failed(tried.node if tried is not None else scope[-1])

    def _key(self, a: int) -> _Key:
        made, chosen = self.job.view.made, self.job.configuration or ()
        return self._keyed(a, chosen, tuple(made[v].number for v in self._makers[a]))

    def _keyed(
        self, a: int, picks: Mapping[int, int] | Configuration, numbers: tuple[int, ...]
    ) -> _Key:
        """What a verdict is recalled by.

        The number of a threshold is learned for each candidate after which it is compared: of
        two that give the same value, one may have to be surer than the other. Whether
        something had failed before counts too, but is not looked at again.
        """
        graph, makers = self.job.graph, self._makers[a]
        if graph.assertions[a].cut is None or not makers:
            return a, numbers, ""
        last = max(makers, key=graph.order.index)
        return a, numbers, graph.candidate(last, picks[last]).fingerprint

    def _check(self, a: int, tried: Tried | None) -> bool:
        """Check an assertion, or recall its verdict on equal values."""
        job = self.job
        key = self._key(a)
        seconds, hit = 0.0, self._verdicts.get(key)
        memo = hit is not None
        step = job.ledger.step if tried is None else tried.step
        if hit is None:
            began = time.perf_counter()
            hit = self._verdicts[key] = self._judge(a, step)
            if job.world.settings.clock is None:
                seconds = time.perf_counter() - began
        result, reason, cut = hit
        if not result:
            job.reason = reason
        if memo and tried is None:
            return result
        picks = job.picks(job.graph.scopes[a])
        if result:
            job.state.holds.append((a, picks))
        job.ledger.checked.append(Checked(step, a, picks, result, reason, seconds, memo, cut))
        return result

    def _judge(self, a: int, step: int) -> _Verdict:
        assertion, made = self.job.graph.assertions[a], None
        try:
            if assertion.cut is None or step < 0:
                good = bool(self.job.view.evaluate(assertion.test))
            else:
                good, made = self._compare(a, assertion.cut, step)
        except BUGS as error:
            raise blame_user(error, "assertion", assertion.text, assertion.line) from None
        except Exception as error:
            self.raised.setdefault(a, []).append(error)
            return _Verdict(False, f"{assertion.text} raised {told(error)}", None)
        self.sound.add(a)
        return _Verdict(good, None if good else self._message(a, made), made)

    def _compare(self, a: int, cut: Cut, step: int) -> tuple[bool, Cutting | None]:
        """Compare with the number that is in force now for this candidate and group."""
        job, start = self.job, self.job.world.thresholds[cut.threshold]
        found, group = self._read(a, cut)
        statistic = _finite(found)
        if statistic is None:
            return bool(cut.holds(found, start)), None
        tried = job.ledger.tried[step]
        candidate = job.graph.candidate(tried.node, tried.choice)
        member = (job.graph.nodes[tried.node].name, candidate.fingerprint)
        later = _failed_before(job.ledger, step)
        state = job.state
        ask = Ask(job.graph, a, state.seed, member, statistic, group, later, state.context)
        advice = job.world.advise(cut.threshold, ask)
        if advice is None:
            return bool(cut.holds(found, start)), Cutting(start, statistic, group)
        best = max(self._promised.values(), default=-math.inf)
        self._promised[self._key(a)] = advice.worth
        number = _including(cut, advice.number)
        if not cut.holds(found, number) and advice.worth >= best and self._nothing_is_left(a):
            number = _including(cut, statistic)  # going on would bring this very output
        return bool(cut.holds(found, number)), Cutting(number, statistic, group)

    def _read(self, a: int, cut: Cut) -> tuple[Any, str | None]:
        """What is compared on the present values, and its group; worked out once."""
        key, view = (*self._key(a)[:2], ""), self.job.view
        if key not in self._compared:
            found = view.evaluate(cut.statistic)
            self._compared[key] = found, None if cut.by is None else _group(view.evaluate(cut.by))
        return self._compared[key]

    def _nothing_is_left(self, a: int) -> bool:
        """Whether every other configuration of an assertion's scope is out already."""
        graph, state = self.job.graph, self.job.state
        scope = graph.scopes[a]
        sizes = math.prod(len(graph.nodes[v].choices) for v in scope)
        return sizes - len(state.excluded.get(scope, ())) <= 1

    def _note_rejected(self, a: int, tried: Tried | None) -> None:
        """Note what a label would say of the values that fail a comparison with a threshold."""
        graph, ledger = self.job.graph, self.job.ledger
        if tried is None or graph.assertions[a].cut is None or not ledger.checked:
            return
        view, checked = self.job.view, ledger.checked[-1]
        values = view.values()
        late = waiting(graph, view, values)
        if late:
            ledger.rejected[tried.step] = late
        if isinstance(checked, Checked) and checked.cut is not None:
            terms, _ = terms_of(graph, view, values)
            known = {o.text: terms[o.text] for o in graph.objectives if o.word is None}
            if not late or any(term is not None for term in known.values()):
                checked.cut = checked.cut._replace(terms=known)

    def _message(self, a: int, made: Cutting | None) -> str:
        assertion = self.job.graph.assertions[a]
        if (message := assertion.message) is None:
            return assertion.text
        if made is not None and assertion.cut is not None:
            message = _with_number(message, assertion.cut.threshold, made.number)
        try:
            return str(self.job.view.evaluate(message))[:500]
        except Exception as error:
            return f"{assertion.text} (its message raised {told(error)})"


def _finite(found: Any) -> float | None:
    """A statistic as a number; None where it is none."""
    if isinstance(found, (str, bytes, bytearray)):  # "0.9" is no number to compare with
        return None
    try:
        number = float(found)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _failed_before(ledger: Ledger, step: int) -> bool:
    """Whether an attempt or a check had failed before a step: as the log will tell it."""
    broken = any(t.kind in FAILS and t.step < step for t in ledger.tried)
    return broken or any(
        c.step < step and not (isinstance(c, Checked) and c.result) for c in ledger.checked
    )


def _including(cut: Cut, number: float) -> float:
    """A learned number such that a statistic equal to it holds, under ``>`` and ``<`` too."""
    if cut.holds(number, number):
        return number
    return math.nextafter(number, -math.inf if cut.upper else math.inf)


def _with_number(message: Expression, threshold: str, number: float) -> Expression:
    """A message that reads a threshold as it was for the output at hand."""
    mine = [read == ("threshold", threshold) for read in message.reads]
    others = tuple(r for r, it in zip(message.reads, mine, strict=True) if not it)

    def function(*values: Any) -> Any:
        left = iter(values)
        return message.function(*[number if it else next(left) for it in mine])

    return replace(message, reads=others, function=function)


def _group(value: Any) -> str:
    """The name of a threshold's group."""
    return str(plain_feature(value))[:80]
