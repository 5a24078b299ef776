"""A job as the hybrid sees it, against a plain loop over configurations, nodes and checks."""

import dataclasses
import itertools

import numpy as np
import pytest
from worlds import assertion, chain, diamond, expression, node, outcome, tag

from flexiflow.graph import Expression, Graph, Input, Objective, Read
from flexiflow.samplers import Hybrid, JobState


def several():
    """A chain a -> b -> c with assertions in the middle and two at the end."""
    always = {"good": lambda value: True}
    nodes = (
        node("a", {f"a{k}": tag(f"a{k}") for k in range(3)}, "x"),
        node("b", {f"b{k}": tag(f"b{k}") for k in range(2)}, "a"),
        node("c", {f"c{k}": tag(f"c{k}") for k in range(2)}, "b"),
    )
    checks = [assertion(f"good({n})", n, **always) for n in "abc"]
    return Graph(
        "several", (Input("x"),), nodes, (*checks, assertion("good([c])", "c", **always))
    )  # fmt: skip


GRAPHS = {"chain": chain(3, 2), "one node": chain(4), "diamond": diamond(), "several": several()}


def every(graph):
    return list(itertools.product(*[range(len(n.choices)) for n in graph.nodes]))


def picks(graph, assertion, c):
    return tuple(c[v] for v in graph.scopes[assertion])


def tried(graph, rng, many):
    """What happens when some configurations are tried: (configuration, node, kind, checks)."""
    for k in rng.permutation(len(every(graph)))[:many]:
        c = every(graph)[k]
        for v in graph.order:
            kind = "exception" if c[v] == 1 and rng.random() < 0.3 else "pass"
            checks = {}
            for a in graph.checks[v] if kind == "pass" else ():
                checks[a] = bool(rng.random() < 0.3 + 0.4 * (sum(c) % 2))
            yield c, v, kind, checks
            if kind != "pass" or not all(checks.values()):
                break
        else:
            return


def some_jobs(graph, n, seed, context=False):
    """Records of jobs on which things went right and wrong."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        attempts, verdicts = [], []
        for c, v, kind, checks in tried(graph, rng, 3):
            plain, step = outcome(graph, c, True), len(attempts)
            made = {"version": None} if kind == "exception" else {}
            took = float(rng.exponential() * (1 + c[v]))
            attempts.append(plain.attempts[v]._replace(kind=kind, step=step, seconds=took, **made))
            verdicts += [
                plain.verdicts[a]._replace(step=step, result=held) for a, held in checks.items()
            ]
        shown = {"x": float(rng.normal()), "k": str(rng.choice(["u", "v"]))} if context else {}
        yield dataclasses.replace(
            plain, job=plain.job._replace(context=shown, passed=False),
            attempts=tuple(attempts), verdicts=tuple(verdicts),
        )  # fmt: skip


def in_mid_course(graph, state, seed, many=2):
    """Let some configurations be tried on a job, as the runner would note it."""
    state.known = state.known or [set() for _ in graph.nodes]
    for c, v, kind, checks in tried(graph, np.random.default_rng(seed), many):
        state.present = c
        lineage = graph.lineage[v]
        if kind == "exception":
            state.broken.append((v, c[v]))
            state.exclude(lineage, tuple(c[u] for u in lineage))
        else:
            state.known[v].add(tuple(c[u] for u in lineage))
        for a, held in checks.items():
            (state.holds if held else state.failures).append((a, picks(graph, a, c)))
            if not held:
                state.exclude(graph.scopes[a], picks(graph, a, c))
    return state


class Ran:
    """What was seen of each candidate's runs, counted in plain Python."""

    def __init__(self, graph, outcomes):
        self.graph, self.seconds, self.done = graph, {}, {}
        for one in outcomes:
            for a in one.attempts:
                who = (a.node, a.fingerprint)
                self.seconds.setdefault(who, []).append((a.kind != "pass", a.seconds))
                self.done.setdefault(who, []).append(a.version is not None)

    def who(self, v):
        return [(self.graph.nodes[v].name, c.fingerprint) for c in self.graph.nodes[v].candidates]

    def of(self, table, v, k):
        """Records of a candidate, and of the others of its node."""
        who = self.who(v)
        others = [x for o, w in enumerate(who) if o != k for x in table.get(w, [])]
        return table.get(who[k], []), others

    def price(self, v, k):
        """Mean seconds of any run, of one that goes well, and of one that does not."""
        own, others = self.of(self.seconds, v, k)
        overall = [s for w in self.seconds.values() for _, s in w]
        prior = np.mean([s for _, s in others] or overall)
        mean = (sum(s for _, s in own) + prior) / (len(own) + 1)
        parts = [[s for bad, s in own if bad is how] for how in (False, True)]
        return mean, *[(sum(part) + mean) / (len(part) + 1) for part in parts]

    def completes(self, v, k):
        own, others = self.of(self.done, v, k)
        prior = (sum(others) + 2 * 0.95) / (len(others) + 2)
        return (sum(own) + 2 * prior) / (len(own) + 2)


def case_of(check, assertion, state, graph):
    """A pass model's view of the job, led there by hand."""
    case, model = check.passing.case(state.seed), check.passing

    def named(nodes, chosen):
        return {
            graph.nodes[v].name: graph.candidate(v, k).fingerprint
            for v, k in zip(nodes, chosen, strict=True)
        }

    for (a, chosen), held in [(f, False) for f in state.failures] + [
        (h, True) for h in state.holds
    ]:
        told = named(graph.scopes[a], chosen)
        if a == assertion and case.item is not None:
            case.item.verdict(model.rows(told), held)
        if not held:
            model.fail(case, told)
    for v, k in state.broken:
        model.fail(case, named((v,), (k,)))
    return case


def slow(moment, state, ran, draw, c):
    """P, price and the chances node by node of one configuration."""
    graph, reach, price, nodes = state.graph, 1.0, 0.0, {}
    for v in graph.order:
        known = state.known and tuple(c[u] for u in graph.lineage[v]) in state.known[v]
        here, checks = 1.0 if known else ran.completes(v, c[v]), moment.block.checks[v]
        for a, check in checks:
            scope = (v,) if a is None else graph.scopes[a]
            chosen = {graph.nodes[u].name: graph.candidate(u, c[u]).fingerprint for u in scope}
            rows = np.array([check.passing.rows(chosen)])
            one = check.passing.among(rows, enumerated=True)
            case, at = case_of(check, a, state, graph), slice(draw, draw + 1)
            chance = check.passing.chances(case, moment.features, check.draws, at, one)[0, 0]
            if a is None:
                here = 1.0 if known else chance
            elif (a, picks(graph, a, c)) not in state.holds:
                here *= chance
        whole, well, badly = ran.price(v, c[v])
        if not known:
            price += reach * (here * well + (1 - here) * badly if checks else whole)
        reach *= here
        nodes[v] = here
    return reach, price, tuple(nodes[v] for v in range(len(graph.nodes)))


def begun(graph, context=False, seed=0, course=None):
    """A sampler that has learned, a job it was asked about, and the decision."""
    outcomes = list(some_jobs(graph, 25, seed, context))
    sampler, shown = Hybrid(), {"x": 0.4, "k": "v"} if context else {}
    sampler.update(outcomes)
    state = JobState(graph, 11 + seed, shown)
    decision = sampler.propose([state])[0]
    if course is not None:
        decision = sampler.propose([in_mid_course(graph, state, course)])[0]
    return state, decision, Ran(graph, outcomes), sampler


@pytest.mark.parametrize("course", [None, 0, 1])
@pytest.mark.parametrize("context", [False, True])
@pytest.mark.parametrize("name", GRAPHS)
def test_every_configuration_has_the_chance_and_price_of_a_plain_loop(name, context, course):
    graph = GRAPHS[name]
    state, decision, ran, _ = begun(graph, context, course=course)
    moment, space = state.draw, state.draw.space
    unpaid = None if course is None else space.unpaid(state, space.everything)
    scores = moment.index(slice(None), space.everything, unpaid)
    assert len(scores.passes) == moment.block.draws
    for draw in (moment.picked, 0, moment.block.draws - 1):
        exact = [slow(moment, state, ran, draw, c) for c in every(graph)]
        np.testing.assert_allclose(scores.passes[draw], [p for p, _, _ in exact], rtol=1e-9)
        np.testing.assert_allclose(
            np.broadcast_to(scores.price, scores.passes.shape)[draw],
            [p for _, p, _ in exact], rtol=1e-9, atol=1e-12,
        )  # fmt: skip
    mine = [slow(moment, state, ran, moment.picked, c) for c in every(graph)]
    left = space.alive(state, space.everything)
    index = [
        p / max(price, 1e-12) if ok else -1 for (p, price, _), ok in zip(mine, left, strict=True)
    ]
    best = int(np.argmax(index))
    assert decision.configuration == every(graph)[best]
    assert decision.pass_probability == pytest.approx(mine[best][0], rel=1e-9)
    assert decision.price == pytest.approx(mine[best][1], rel=1e-9, abs=1e-12)
    assert decision.node_pass == pytest.approx(mine[best][2], rel=1e-9)


def test_checks_that_have_held_count_as_one_and_what_is_paid_costs_nothing():
    graph = GRAPHS["diamond"]
    state, _, ran, sampler = begun(graph)
    held = (1, 0, 1, 0)
    state.known = [{tuple(held[u] for u in graph.lineage[v])} for v in range(3)] + [set()]
    state.holds.append((0, picks(graph, 0, held)))
    state.present = held
    state.exclude((3,), (1,))
    sampler.propose([state])
    due = np.array([[False] * 3 + [True]])
    scores = state.draw.index(slice(None), np.array([held]), due)
    fully = state.draw.index(slice(None), np.array([held]), None)
    _, well, badly = ran.price(3, 0)
    assert (scores.price <= max(well, badly)).all()
    assert (fully.price > scores.price).all()
    assert (scores.passes > fully.passes).all()  # what has run has completed
    state.holds.append((1, picks(graph, 1, held)))
    sampler.propose([state])
    sure = state.draw.index(slice(None), np.array([held]), due)
    exact = slow(state.draw, state, ran, 3, held)  # only exceptions are left
    assert sure.passes[3, 0] == pytest.approx(exact[0], rel=1e-9)
    assert (sure.passes > fully.passes).all()


@pytest.mark.parametrize("course", [None, 1])
@pytest.mark.parametrize("name", GRAPHS)
def test_propensities_are_shares_of_the_draws_of_the_block(name, course):
    graph = GRAPHS[name]
    state, decision, _, _ = begun(graph, context=True, seed=1, course=course)
    space = state.draw.space
    unpaid = space.unpaid(state, space.everything)
    index = state.draw.index(slice(None), space.everything, unpaid).index
    left = space.alive(state, space.everything)
    chosen = space.everything[np.where(left, index, -np.inf).argmax(axis=1)]
    told, c = decision.explain(), np.array(decision.configuration)
    assert len(chosen) == state.draw.block.draws > 1
    assert told.path_propensity == pytest.approx((chosen == c).all(axis=1).mean())
    assert told.propensity == pytest.approx((chosen == c).mean(axis=0))


@pytest.mark.parametrize("name", GRAPHS)
def test_a_decision_is_explained_as_it_was_taken_whatever_comes_later_on_the_job(name):
    graph = GRAPHS[name]
    told = []
    for late in (False, True):
        state, first, _, sampler = begun(graph, context=True, seed=2)
        if not late:
            told.append(first.explain())
        second = sampler.propose([in_mid_course(graph, state, 3)])[0]
        if not late:
            told.append(second.explain())
        for seed in range(4, 7):
            if sampler.propose([in_mid_course(graph, state, seed)])[0] is None:
                break
        if late:
            assert [first.explain(), second.explain()] == told


def goal(text, sign, weight):
    reads = (Read(text, ""),) if text in ("runtime", "cost") else (Read("value", "n0"),)
    return Objective(text, Expression(text, 1, reads, abs), sign, weight, 1)


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.5, 3.0), (0.0, 2.0)])
def test_prices_are_what_minimize_weighs(weights):
    runtime, cost = weights
    dear = node("n0", {"one": tag("1")}, "x", cost=4.0)
    cheap = node("n0", {"two": tag("2")}, "x", cost=1.0)
    both = dataclasses.replace(dear, candidates=dear.candidates + cheap.candidates)
    goals = (goal("runtime", -1, runtime), goal("cost", -1, cost))
    graph = Graph(
        "priced", (Input("x"),), (both,), (assertion("n0", "n0"),), objectives=goals,
        output=expression("n0", "n0"),
    )  # fmt: skip
    sampler = Hybrid()
    for k in range(40):
        sampler.update([outcome(graph, (k % 2,), True, (2.0 + k % 2,))])
    state = JobState(graph, 0)
    sampler.propose([state])
    price = state.draw.index(slice(0, 1), state.draw.space.everything, None).price[0]
    np.testing.assert_allclose(price, [2 * runtime + 4 * cost, 3 * runtime + cost], rtol=0.03)
