"""What the hybrid knows of one workflow: pass models, completions, seconds, contexts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from flexiflow.graph import Graph
from flexiflow.posteriors import BetaBeliefs, SecondsBeliefs
from flexiflow.records import FAILS, TEACHES, Attempt, Labelled, Outcome, Terms, Verdict
from flexiflow.samplers.base import Ask
from flexiflow.samplers.context import Context
from flexiflow.samplers.cutoffs import Cutoffs
from flexiflow.samplers.going import compared, has_failed
from flexiflow.samplers.merging import merge
from flexiflow.samplers.passing import Case, Features, Floats, Passing, load_passing, state_of
from flexiflow.samplers.tuning import Tuning
from flexiflow.samplers.worth import PRICES, Member, Worth, expected, stated

NOTHING = Features(np.zeros(0), np.zeros(0))
COMPLETES = "completes"  # begins the name of a pass model that is not an assertion's


class Knowledge:
    """All that is learned from the jobs of one workflow.

    Attributes
    ----------
    passing
        The pass model of each assertion, by fingerprint and scope; and of completing at each
        node that has failed to.
    completes
        Runs that ended with a value, by (node, candidate).
    seconds
        Seconds of a run, by (node, candidate, "all" | "pass" | "fail").
    context
        The features of jobs.
    worth
        What passed outputs are worth, by the objective's term.
    cutoffs
        Where thresholds are best put, by the assertion's fingerprint.
    evidence
        Records learned from.
    """

    def __init__(self, tuning: Tuning, device: str) -> None:
        self.tuning, self.device = tuning, device
        self.passing: dict[tuple[str, ...], Passing] = {}
        # A model that was never seen to raise is trusted to run: one failure weighs heavily.
        self.completes = BetaBeliefs(mean=0.95, strength=2.0)
        self.seconds = SecondsBeliefs()
        self.context = Context(tuning.fourier)
        self.worth: dict[str, Worth] = {}
        self.cutoffs: dict[str, Cutoffs] = {}
        self.evidence = 0

    def model(self, name: str, nodes: tuple[str, ...]) -> Passing:
        """The pass model of an assertion, by its fingerprint and its scope."""
        key = (name, *nodes)
        if key not in self.passing:
            self.passing[key] = Passing(nodes, self.tuning, self.device)
        return self.passing[key]

    def features(self, context: Mapping[str, Any], learn: bool = False) -> Features:
        """A job's context in the form that pass models read; it can be learned at once."""
        learn = learn and bool(context)
        if not learn and not len(self.context):
            return NOTHING
        x = self.context.learn(context) if learn else self.context.encode(context)
        return Features(x, self.context.bend(x))

    def learn(self, outcome: Outcome) -> None:
        """Learn from one ended job: its attempts and its verdicts, in their order."""
        job = outcome.job
        features = self.features(job.context, learn=True)
        cases: dict[tuple[str, ...], Case] = {}
        failed: list[Mapping[str, str]] = []
        judged: dict[tuple[str, ...], list[int]] = {}
        for verdict in outcome.verdicts:  # a case has room for the members that are known then
            if chosen := verdict.configuration:
                self.model(verdict.fingerprint, tuple(chosen)).rows(chosen)
        for record in in_order(outcome):
            if isinstance(record, Attempt):
                self._ran(record)
                key: tuple[str, ...] = (f"{COMPLETES} {record.node}", record.node)
                configuration: Mapping[str, str] = {record.node: record.fingerprint}
                result = record.version is not None
                if key not in self.passing and result:
                    continue
            else:
                configuration, result = record.configuration, record.result
                key = (record.fingerprint, *configuration)
            passing = self.model(key[0], key[1:])
            rows = passing.rows(configuration)
            case = cases.get(key)
            if case is None:
                case = cases[key] = passing.case(self.evidence)
                for earlier in failed:
                    passing.fail(case, earlier)
            self.introduce(passing, rows)
            passing.learn(case, rows, features, result)
            judged.setdefault(key, []).extend(rows)
            if not result:
                failed.append(configuration)
                for other, open_case in cases.items():
                    self.passing[other].fail(open_case, configuration)
        for key, case in cases.items():
            self.passing[key].ended(case, judged[key])
        self.value(outcome, {}, job.terms, features.x)
        self.compare(outcome, job.terms, {})
        self.evidence += len(outcome.attempts) + len(outcome.verdicts)

    def label(self, told: Labelled) -> None:
        """Learn what a job's output is worth from a label that came after it."""
        x = self.features(told.outcome.job.context).x
        self.value(told.outcome, told.before, told.terms, x)
        self.compare(told.outcome, told.terms, told.rejected, label=True)
        self.evidence += 1

    def compare(
        self,
        outcome: Outcome,
        terms: Terms,
        rejected: Mapping[str, Terms],
        label: bool = False,
    ) -> None:
        """Learn from comparisons with thresholds, and from what a label says of them."""
        told = any(value is not None and term not in PRICES for term, value in terms.items())
        for fingerprint, made in compared(outcome).items():
            cutoffs = self.cutoffs.setdefault(fingerprint, Cutoffs())
            if not label:
                cutoffs.see(outcome, made)
            for verdict, member in made if told else ():
                own = rejected.get(str(verdict.step), verdict.terms)
                cutoffs.learn(outcome, verdict, member, own, terms)

    def value(
        self,
        outcome: Outcome,
        before: Mapping[str, float | None],
        terms: Mapping[str, float | None],
        x: Floats,
    ) -> None:
        """Learn the objective's terms of a passed output, in place of those from before."""
        if not outcome.job.passed:
            return
        configuration, later = accepted(outcome), has_failed(outcome)
        statistic = held_against(outcome, configuration)
        for name, value in terms.items():
            if name in PRICES:
                continue
            old, worth = before.get(name), self.worth.setdefault(name, Worth())
            if value is not None:
                worth.learn(configuration, value, later, x, old, statistic)
            elif old is not None:
                worth.add(configuration, old, -1.0, later)

    def moved(self, ask: Ask) -> float:
        """How much more than usual an output that is asked about is worth, by its context."""
        x, total = self.features(ask.context).x, 0.0
        for term, weight in stated(ask.graph).items():
            worth = self.worth.get(term)
            if len(x) and worth is not None and worth.regression is not None:
                total += weight * worth.regression.moved(ask.member, x, ask.later)
        return total

    def expected(self, graph: Graph, context: Mapping[str, Any]) -> dict[str, dict[Member, float]]:
        """See :meth:`flexiflow.samplers.Hybrid.expected`."""
        return expected(self.worth, graph, self.features(context).x)

    def _ran(self, attempt: Attempt) -> None:
        who = (attempt.node, attempt.fingerprint)
        how = "fail" if attempt.kind in FAILS else "pass"
        self.completes.update(who, attempt.version is not None)
        self.seconds.update(("all", *who), attempt.seconds, attempt.cold)
        self.seconds.update((how, *who), attempt.seconds, attempt.cold)

    def blame(self, outcome: Outcome) -> dict[tuple[str, str], float]:
        """See :meth:`flexiflow.samplers.Hybrid.blame`."""
        names = {(a.node, a.fingerprint): (a.node, a.candidate) for a in outcome.attempts}
        found: dict[tuple[str, str], float] = {}
        for name, *scope in {(v.fingerprint, *v.configuration) for v in outcome.verdicts}:
            passing = self.passing.get((name, *scope))
            if passing is None or passing.blame is None:
                continue
            item = passing.blame.item()
            mine = [v for v in outcome.verdicts if v.fingerprint == name]
            for verdict in mine:
                item.verdict(passing.rows(verdict.configuration), verdict.result)
            if all(v.result for v in mine):
                continue
            good = item.marginals()
            for who in {who for v in mine for who in v.configuration.items()}:
                chance = float(good[passing.members[who]])
                found[names[who]] = min(chance, found.get(names[who], 1.0))
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def state(self) -> dict[str, Any]:
        """What is known, as plain lists."""
        return {
            "evidence": self.evidence,
            "completes": self.completes.table.state(),
            "seconds": self.seconds.table.state(),
            "context": self.context.state,
            "worth": {name: worth.state() for name, worth in self.worth.items()},
            "cutoffs": {name: cutoffs.state() for name, cutoffs in self.cutoffs.items()},
            "passing": [[list(key), state_of(p)] for key, p in self.passing.items()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state; what cannot be read raises."""
        self.evidence = int(state["evidence"])
        self.completes.table.load(state["completes"])
        self.seconds.table.load(state["seconds"])
        self.context.state = state["context"]
        for name, saved in state["worth"].items():
            self.worth.setdefault(str(name), Worth()).load(saved)
        for name, saved in state["cutoffs"].items():
            self.cutoffs.setdefault(str(name), Cutoffs()).load(saved)
        for key, saved in state["passing"]:
            nodes = tuple(str(k) for k in key)
            load_passing(self.model(nodes[0], nodes[1:]), saved)

    def introduce(self, passing: Passing, rows: Sequence[int] | None = None) -> None:
        """Begin with those members of which nothing was learned yet; default: of all."""
        new = passing.unjudged if rows is None else passing.unjudged.intersection(rows)
        if new:
            passing.introduce(sorted(new), self.elsewhere(passing))

    def elsewhere(self, passing: Passing) -> Floats:
        """Failures and passes of each member's candidate under other pass models, `(rows, 2)`."""
        found = np.zeros((len(passing.members), 2))
        for other in self.passing.values():
            if other is passing or other.nodes == passing.nodes:
                continue
            for (node, fingerprint), row in other.members.items():
                for (mine, same), at in passing.members.items():
                    if same == fingerprint and node != mine:
                        found[at] += other.counted.members[:, row].sum(axis=0)
        return found

    def merge(self, other: Knowledge) -> None:
        """Add what another worker has learned."""
        self.completes.table.merge(other.completes.table)
        self.seconds.table.merge(other.seconds.table)
        self.context.merge(other.context)
        at = {name: k for k, name in enumerate(self.context.entries)}
        entries = [at[name] for name in other.context.entries]
        for term, worth in other.worth.items():
            self.worth.setdefault(term, Worth()).merge(worth, entries)
        for name, cutoffs in other.cutoffs.items():
            self.cutoffs.setdefault(name, Cutoffs()).merge(cutoffs)
        for key, theirs in other.passing.items():
            merge(self.model(key[0], key[1:]), theirs, entries, len(self.context))
        self.evidence += other.evidence


def accepted(outcome: Outcome) -> dict[str, str]:
    """Node -> fingerprint of the configuration that gave the output."""
    named = {(a.node, a.candidate): a.fingerprint for a in outcome.attempts}
    return {node: named[node, name] for node, name in outcome.job.configuration.items()}


def held_against(outcome: Outcome, configuration: Mapping[str, str]) -> float:
    """The number that the accepted output held against a threshold; 0 where it held none."""
    for verdict in reversed(outcome.verdicts):
        chosen = verdict.configuration.items()
        if verdict.statistic is not None and verdict.result and chosen <= configuration.items():
            return verdict.statistic
    return 0.0


def in_order(outcome: Outcome) -> Iterator[Attempt | Verdict]:
    """The records that teach, as they came: each attempt before the checks that follow it."""
    attempts = [a for a in outcome.attempts if not a.memo and a.kind in TEACHES]
    verdicts = [v for v in outcome.verdicts if v.configuration]
    both: list[tuple[int, int, Attempt | Verdict]] = [(a.step, 0, a) for a in attempts]
    both += [(v.step, 1, v) for v in verdicts]
    for _, _, record in sorted(both, key=lambda item: item[:2]):
        yield record
