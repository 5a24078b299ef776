"""What is learned from the records of a job, and in which order."""

import copy
import dataclasses
import json

import numpy as np
import pytest
from worlds import assertion, node, outcome, tag

from flexiflow.graph import Graph, Input
from flexiflow.records import Verdict
from flexiflow.samplers.counting import FIRST, LATER
from flexiflow.samplers.knowledge import Knowledge, in_order
from flexiflow.samplers.passing import Passing, state_of
from flexiflow.samplers.tuning import Tuning


def graph_of(first=2, second=2):
    """Nodes a -> b, an assertion on each."""
    always = {"good": lambda value: True}
    nodes = (
        node("a", {f"a{k}": tag(f"a{k}") for k in range(first)}, "x"),
        node("b", {f"b{k}": tag(f"b{k}") for k in range(second)}, "a"),
    )
    two = (assertion("good(a)", "a", **always), assertion("good(b)", "b", **always))
    return Graph("two", (Input("x"),), nodes, two)


class Story:
    """A job told step by step."""

    def __init__(self, graph, **context):
        self.graph, self.context = graph, context
        self.attempts, self.verdicts = [], []

    def ran(self, name, choice, seconds=1.0, kind="pass", memo=False):
        v, step = [n.name for n in self.graph.nodes].index(name), len(self.attempts)
        plain = outcome(self.graph, [choice * (u == v) for u in range(2)], True)
        made = None if kind not in ("pass", "soft failure") else step
        paid = 0.0 if memo else seconds
        self.attempts.append(
            plain.attempts[v]._replace(step=step, kind=kind, version=made, seconds=paid, memo=memo)
        )
        return self

    def judged(self, a, choices, result, memo=False):
        asked, scope = self.graph.assertions[a], self.graph.scopes[a]
        chosen = {
            self.graph.nodes[v].name: self.graph.candidate(v, k).fingerprint
            for v, k in zip(scope, choices, strict=True)
        }
        step = len(self.attempts) - 1
        self.verdicts.append(
            Verdict("job", step, asked.text, asked.fingerprint, chosen, result, None, 0.0, memo)
        )
        return self

    def end(self, teaches=True):
        blank = outcome(self.graph, (0,) * len(self.graph.nodes), passed=False)
        job = blank.job._replace(context=self.context, teaches=teaches)
        return dataclasses.replace(
            blank, job=job, attempts=tuple(self.attempts), verdicts=tuple(self.verdicts)
        )


def learned(*outcomes):
    known = Knowledge(Tuning(), "cpu")
    for one in outcomes:
        known.learn(one)
    return known


def model_of(known, graph, a):
    names = tuple(graph.nodes[v].name for v in graph.scopes[a])
    return known.model(graph.assertions[a].fingerprint, names)


def counts(known, graph, a, name, choice):
    """(stage, failures and passes) of a candidate under an assertion."""
    v = [n.name for n in graph.nodes].index(name)
    model = model_of(known, graph, a)
    row = model.members[name, graph.candidate(v, choice).fingerprint]
    return model.counted.members[:, row].tolist()


def a_day(graph, n, seed):
    """Many jobs: the second candidate of b raises now and then."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        story = Story(graph, size=float(rng.normal()), kind=str(rng.choice(["u", "v"])))
        for first, second in ((0, 0), (1, 0), (1, 1)):
            good = bool(rng.random() < 0.7)
            story.ran("a", first, float(rng.exponential()), "pass" if good else "soft failure")
            story.judged(0, (first,), good)
            if not good:
                continue
            if second and rng.random() < 0.3:
                story.ran("b", second, 0.5, "exception")
                continue
            good = bool(rng.random() < 0.4 + 0.3 * second)
            story.ran("b", second, float(rng.exponential()), "pass" if good else "soft failure")
            story.judged(1, (first, second), good)
            if good:
                break
        yield story.end()


def test_records_come_in_the_order_in_which_they_were_made():
    story = Story(graph_of()).ran("a", 0).judged(0, (0,), True).ran("b", 0).judged(1, (0, 0), False)
    story.ran("b", 1, kind="unavailable").ran("a", 0, memo=True).ran("b", 1)
    story.judged(1, (0, 1), True, memo=True)
    made = story.end()
    mixed = dataclasses.replace(
        made, attempts=made.attempts[::-1], verdicts=(made.verdicts[2], *made.verdicts[:2])
    )
    a, b, late = made.attempts[0], made.attempts[1], made.attempts[4]
    on_a, on_b, again = made.verdicts
    assert list(in_order(mixed)) == [a, on_a, b, on_b, late, again]


def test_tries_after_a_failure_are_counted_apart_whatever_had_failed():
    graph = graph_of()
    story = Story(graph).ran("a", 0).judged(0, (0,), True).ran("b", 0).judged(1, (0, 0), False)
    story.ran("b", 1).judged(1, (0, 1), False)
    story.ran("a", 1).judged(0, (1,), True).ran("b", 0).judged(1, (1, 0), True)
    known = learned(story.end())
    assert known.evidence == 10
    first, later = [[0, 1], [0, 0]], [[0, 0], [0, 1]]
    assert counts(known, graph, 0, "a", 0) == first
    assert counts(known, graph, 0, "a", 1) == later
    assert counts(known, graph, 1, "b", 0) == [[1, 0], [0, 1]]
    assert counts(known, graph, 1, "b", 1) == [[0, 0], [1, 0]]
    assert counts(known, graph, 1, "a", 0) == [[1, 0], [1, 0]]


def test_a_verdict_sees_the_failures_before_it_and_no_others():
    """Against a pass model that is led through the same job by hand."""
    graph = graph_of(3, 2)
    story = Story(graph).ran("a", 2).judged(0, (2,), False).ran("a", 0).judged(0, (0,), True)
    story.ran("b", 0).judged(1, (0, 0), False).ran("b", 1).judged(1, (0, 1), False)
    story.ran("a", 1).judged(0, (1,), True).ran("b", 1).judged(1, (1, 1), True)
    known = learned(story.end())
    by_hand = Passing(("a",), Tuning())
    fingerprint = [graph.candidate(0, k).fingerprint for k in range(3)]
    rows = {k: by_hand.member("a", fingerprint[k]) for k in (2, 0, 1)}
    none, case = known.features({}), by_hand.case()
    for choice, failed, passed in ((2, [], False), (0, [2], True), (1, [0], True)):
        for k in failed:
            by_hand.fail(case, {"a": fingerprint[k]})
        by_hand.introduce([rows[choice]], np.zeros((3, 2)))
        by_hand.learn(case, (rows[choice],), none, passed)
    found = model_of(known, graph, 0)
    assert state_of(found) == state_of(by_hand)
    assert found.counted.members[LATER].sum() == 2
    assert found.counted.members[FIRST].sum() == 1


def test_an_exception_teaches_that_a_candidate_may_not_complete():
    graph = graph_of()
    fine = Story(graph).ran("a", 0).judged(0, (0,), True).end()
    known = learned(fine, fine)
    assert ("completes a", "a") not in known.passing
    story = Story(graph).ran("a", 1, 9.0, "exception").ran("a", 0).judged(0, (0,), True)
    known.learn(story.end())
    completing = known.passing["completes a", "a"]
    first, broken = (completing.members["a", graph.candidate(0, k).fingerprint] for k in (0, 1))
    assert completing.counted.members[:, broken].tolist() == [[1, 0], [0, 0]]
    assert completing.counted.members[:, first].tolist() == [[0, 0], [0, 1]]
    assert counts(known, graph, 0, "a", 0) == [[0, 2], [0, 1]]  # a broken job's later try
    known.learn(fine)
    assert completing.counted.members[FIRST, first].tolist() == [0, 1]
    a, b = known.completes.parameters(
        known.completes.table.rows([("a", graph.candidate(0, 1).fingerprint)])
    )
    assert a / (a + b) < 0.7


def test_seconds_are_kept_of_all_runs_and_by_how_they_ended():
    graph = graph_of()
    story = (
        Story(graph).ran("a", 0, 1.0).ran("a", 0, 2.0, "soft failure").ran("a", 0, 8.0, "timeout")
    )
    story.ran("a", 0, 5.0, "exception").ran("a", 0, 100.0, "unavailable").ran("a", 0, memo=True)
    known, who = learned(story.end()), ("a", graph.candidate(0, 0).fingerprint)
    table = known.seconds.table
    sums = table.sums[table.rows([(how, *who) for how in ("all", "pass", "fail")])]
    assert sums[:, :2].tolist() == [[4, 16], [1, 1], [3, 15]]
    ran = known.completes.table
    assert ran.sums[ran.rows([who])].tolist() == [[2, 2]]


def test_a_log_can_be_learned_that_nobody_asked_for_before():
    """Candidates are met on the way, as when a log is read back into a new kernel."""
    graph = graph_of(4, 3)
    story = Story(graph)
    for k in range(3):
        story.ran("a", k).judged(0, (k,), True)
    story.ran("b", 0).judged(1, (2, 0), False).ran("b", 1).judged(1, (2, 1), False)
    story.ran("a", 3).judged(0, (3,), True).ran("b", 2).judged(1, (3, 2), True)
    known = learned(story.end())
    blame = model_of(known, graph, 1).blame
    assert blame.counts.sum() == pytest.approx(5)  # a2, a3, b0, b1, b2
    failed = model_of(known, graph, 1).members["a", graph.candidate(0, 2).fingerprint]
    assert blame.counts[:, failed, 0].sum() > 0.5


def test_candidates_that_come_and_go_leave_the_others_as_they_are():
    small, large = graph_of(2, 2), graph_of(4, 3)
    known = learned(*a_day(small, 30, 0))
    models = [model_of(known, small, a) for a in (0, 1)]

    def told():
        configurations = [(models[0], (0,)), (models[0], (1,)), *((models[1], c) for c in whole)]
        return [m.counted.chance(c, stage) for m, c in configurations for stage in (FIRST, LATER)]

    whole, expected = list(models[1].counted.whole), None
    for graph in (small, large, small):
        for a in (0, 1):
            assert model_of(known, graph, a) is models[a]
            for v, name in enumerate(models[a].nodes):
                for candidate in graph.nodes[v].candidates:
                    models[a].member(name, candidate.fingerprint)
            known.introduce(models[a])
        expected = expected or told()
        assert told() == expected
    mean = models[0].contextual.logistic.mean[:2].clone()
    seen = models[0].counted.members[:, :2].copy()
    known.learn(Story(large).ran("a", 3).judged(0, (3,), False).end())
    assert np.array_equal(models[0].contextual.logistic.mean[:2, : mean.shape[1]], mean)
    assert np.array_equal(models[0].counted.members[:, :2], seen)


def test_a_candidate_at_another_node_lends_its_record():
    always, model = {"good": lambda value: True}, tag("1")
    shared = {"same": model, "other": tag("2")}
    nodes = (node("a", shared, "x"), node("b", {**shared, "third": tag("3")}, "a"))
    graph = Graph(
        "twice", (Input("x"),), nodes,
        (assertion("good(a)", "a", **always), assertion("good(b)", "b", **always)),
    )  # fmt: skip
    known = learned(*[Story(graph).ran("a", 0).judged(0, (0,), True).end()] * 6)
    found = model_of(known, graph, 1)
    rows = [found.member("b", c.fingerprint) for c in nodes[1].candidates]
    assert known.elsewhere(found)[rows].tolist() == [[0, 6], [0, 0], [0, 0]]
    known.introduce(found)
    same, other = (found.counted.hope(row, FIRST) for row in rows[:2])
    assert same > other == 0.5


def test_two_workers_that_merge_know_what_one_knows_that_saw_both():
    graph = graph_of()
    first, second = list(a_day(graph, 25, 1)), list(a_day(graph, 40, 2))
    merged, theirs, both = learned(*first), learned(*second), learned(*first, *second)
    untouched = copy.deepcopy(theirs.state())
    merged.merge(theirs)
    assert merged.evidence == both.evidence
    for job in first[:5]:
        ours, one = (dict(zip(k.context.entries, k.context.encode(job.job.context), strict=True))
                     for k in (merged, both))  # fmt: skip
        assert ours == pytest.approx(one)
    for name in ("seconds", "completes"):
        ours, one = (getattr(k, name).table.state() for k in (merged, both))
        assert dict(zip(map(tuple, ours["keys"]), ours["sums"], strict=True)) == {
            key: pytest.approx(sums)
            for key, sums in zip(map(tuple, one["keys"]), one["sums"], strict=True)
        }
    for key, model in both.passing.items():
        ours = merged.passing[key]
        for member, row in model.members.items():
            mine = ours.members[member]
            if not key[0].startswith("completes"):  # that begins with a worker's own first failure
                assert np.array_equal(ours.counted.members[:, mine], model.counted.members[:, row])
        np.testing.assert_allclose(ours.weights.sum(axis=1), 1.0)
        if model.blame is not None:  # whom it blames differs by what was known before
            assert ours.blame.counts.sum() == pytest.approx(model.blame.counts.sum())
    assert theirs.state() == untouched


def test_a_worker_that_learned_nothing_changes_nothing_when_merged():
    known = learned(*a_day(graph_of(), 20, 3))
    before = json.dumps(known.state())
    known.merge(learned())
    assert json.dumps(known.state()) == before


def test_the_state_goes_through_json_and_goes_on_learning():
    graph = graph_of()
    known = learned(*a_day(graph, 25, 4))
    again = learned()
    again.load(json.loads(json.dumps(known.state())))
    assert again.state() == known.state()
    for job in a_day(graph, 10, 5):
        known.learn(job)
        again.learn(job)
    model, other = model_of(known, graph, 1), model_of(again, graph, 1)
    np.testing.assert_allclose(other.weights, model.weights, rtol=1e-9)
    np.testing.assert_allclose(
        other.contextual.logistic.mean, model.contextual.logistic.mean, rtol=1e-9
    )
