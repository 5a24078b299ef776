"""Checking assertions on the present values of a job."""

from __future__ import annotations

import time

from flexiflow.checks import BUGS, blame_user, told
from flexiflow.ledger import Checked, Tried
from flexiflow.present import Failed, Present
from flexiflow.versions import Known


class Judge:
    """Checks each assertion once on equal values, and notes every verdict.

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
        self._verdicts: dict[tuple[int, tuple[int, ...]], tuple[bool, str | None]] = {}

    def passed(self) -> int:
        """How many assertions are known to hold on the present values."""
        graph, view = self.job.graph, self.job.view
        return sum(
            view.has(assertion.test) and self._verdicts.get(self._key(a), (False, None))[0]
            for a, assertion in enumerate(graph.assertions)
        )

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
        refuted = {key for key, (result, _) in self._verdicts.items() if not result}
        for a in {a for a, _ in refuted}:
            for picks, numbers in job.memo.ways(self._makers[a], known):
                if (a, numbers) in refuted:
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
        job.state.failures.append((a, job.picks(scope)))
        if tried is not None:
            tried.kind, tried.reason = "soft failure", job.reason
        raise Failed(tried.node if tried is not None else scope[-1])

    def _key(self, a: int) -> tuple[int, tuple[int, ...]]:
        made = self.job.view.made
        return a, tuple(made[v].number for v in self._makers[a])

    def _check(self, a: int, tried: Tried | None) -> bool:
        """Check an assertion, or recall its verdict on equal values."""
        job = self.job
        key = self._key(a)
        seconds, hit = 0.0, self._verdicts.get(key)
        memo = hit is not None
        if hit is None:
            began = time.perf_counter()
            hit = self._verdicts[key] = self._judge(a)
            if job.world.settings.clock is None:
                seconds = time.perf_counter() - began
        result, reason = hit
        if not result:
            job.reason = reason
        if memo and tried is None:
            return result
        picks = job.picks(job.graph.scopes[a])
        if result:
            job.state.holds.append((a, picks))
        job.ledger.checked.append(Checked(job.ledger.step, a, picks, result, reason, seconds, memo))
        return result

    def _judge(self, a: int) -> tuple[bool, str | None]:
        assertion = self.job.graph.assertions[a]
        try:
            good = bool(self.job.view.evaluate(assertion.test))
        except BUGS as error:
            raise blame_user(error, "assertion", assertion.text, assertion.line) from None
        except Exception as error:
            self.raised.setdefault(a, []).append(error)
            return False, f"{assertion.text} raised {told(error)}"
        self.sound.add(a)
        return (True, None) if good else (False, self._message(a))

    def _message(self, a: int) -> str:
        assertion = self.job.graph.assertions[a]
        if assertion.message is None:
            return assertion.text
        try:
            return str(self.job.view.evaluate(assertion.message))[:500]
        except Exception as error:
            return f"{assertion.text} (its message raised {told(error)})"
