"""Finding the best configuration, with scores that are made up, against brute force."""

import itertools
from collections import Counter

import numpy as np
import pytest
from worlds import chain, diamond

from flexiflow.samplers import JobState
from flexiflow.samplers.search import Scores, Told, decide, known, orders
from flexiflow.samplers.space import Space

DRAWS = 7


class MadeUp:
    """Worth by node and choice, `(DRAWS, choices)`, and by pairs of neighbours if wanted."""

    def __init__(self, graph, seed=0, pairs=0.0):
        self.space, rng = Space(graph), np.random.default_rng(seed)
        sizes = self.space.sizes
        self.worth = [rng.normal(size=(DRAWS, size)) for size in sizes]
        self.pairs = [pairs * rng.normal(size=(DRAWS, a, b)) for a, b in itertools.pairwise(sizes)]
        self.prices = [rng.uniform(0.1, 1.0, size) for size in sizes]
        self.asked = 0

    def value(self, draw, c, unpaid=None):
        """The index of one configuration, in plain Python."""
        total = sum(w[draw, k] for w, k in zip(self.worth, c, strict=True))
        total += sum(
            p[draw, a, b] for p, (a, b) in zip(self.pairs, itertools.pairwise(c), strict=True)
        )
        return total - self.price(c, unpaid)

    def price(self, c, unpaid=None):
        each = [p[k] for p, k in zip(self.prices, c, strict=True)]
        return sum(p for v, p in enumerate(each) if unpaid is None or unpaid[v])

    def index(self, draws, among, unpaid):
        self.asked += len(among)
        picked = range(DRAWS)[draws]
        due = [None] * len(among) if unpaid is None else unpaid.tolist()
        rows = [tuple(c) for c in among.tolist()]
        index = [[self.value(d, c, u) for c, u in zip(rows, due, strict=True)] for d in picked]
        price = [self.price(c, u) for c, u in zip(rows, due, strict=True)]
        passes = np.full((len(picked), len(rows)), 0.25)
        return Scores(passes, np.tile(price, (len(picked), 1)), np.array(index))

    def preference(self, draw):
        return [np.argsort(-w[draw], kind="stable") for w in self.worth]

    def told(self, draw, configuration, nodes=()):
        return Told(tuple(k / 10 for k in configuration), known(np.array([1.0, np.nan])))


def every(graph):
    return list(itertools.product(*[range(len(n.choices)) for n in graph.nodes]))


def in_mid_course(graph, seed):
    """A job on which a good deal has happened, and what is left of it, by hand."""
    rng, nodes = np.random.default_rng(seed), range(len(graph.nodes))
    state = JobState(graph, seed, known=[set() for _ in nodes])
    configurations = every(graph)
    tried = [configurations[k] for k in rng.permutation(len(configurations))[:3]]
    for c in tried:
        state.exclude(tuple(nodes), c)
        for v in nodes[:-1]:
            state.known[v].add(tuple(c[u] for u in graph.lineage[v]))
    bad = tuple(int(rng.integers(len(graph.nodes[v].choices))) for v in (0, 1))
    state.exclude((0, 1), bad)
    state.present = tried[-1]
    left = [c for c in configurations if c not in tried and c[:2] != bad]
    return state, left


def unpaid(graph, state, c):
    return [
        tuple(c[u] for u in graph.lineage[v]) not in state.known[v] for v in range(len(graph.nodes))
    ]


@pytest.mark.parametrize("graph", [chain(4, 3), chain(2, 3, 2, rerolls=1), diamond()])
def test_the_best_of_all_that_is_left_is_found(graph):
    scorer = MadeUp(graph, pairs=1.0)
    for draw in range(DRAWS):
        fresh = decide(scorer, draw, JobState(graph, 0))
        assert fresh.configuration == max(every(graph), key=lambda c, d=draw: scorer.value(d, c))
        state, left = in_mid_course(graph, draw)
        found = decide(scorer, draw, state)

        def value(c, state=state, draw=draw):
            return scorer.value(draw, c, unpaid(graph, state, c))

        assert found.configuration == max(left, key=value)
        due = unpaid(graph, state, found.configuration)
        assert found.price == pytest.approx(scorer.price(found.configuration, due))
        assert found.pass_probability == 0.25
        assert found.node_pass == tuple(k / 10 for k in found.configuration)
        assert found.node_seconds == (1.0, None)


@pytest.mark.parametrize("runs", [0, 1, 2])
@pytest.mark.parametrize("graph", [chain(4, 3), chain(2, 3, 2, rerolls=1), diamond()])
@pytest.mark.parametrize("enumerated", [True, False])
def test_what_the_runs_left_do_not_suffice_for_waits(monkeypatch, graph, runs, enumerated):
    if not enumerated:
        monkeypatch.setattr("flexiflow.samplers.space.LARGEST", 1)
    scorer = MadeUp(graph, pairs=1.0)
    for draw in range(DRAWS):
        state, left = in_mid_course(graph, draw)
        state.runs = runs
        due = {c: sum(unpaid(graph, state, c)) for c in left}
        within = [c for c in left if due[c] <= runs]
        found = decide(scorer, draw, state)
        assert found.configuration in (within or left)
        if enumerated:
            best = max(within or left, key=lambda c, s=state, d=draw: scorer.value(
                d, c, unpaid(graph, s, c)
            ))  # fmt: skip
            assert found.configuration == best
            share = found.explain().path_propensity
            assert 0 < share <= 1


@pytest.mark.parametrize("graph", [chain(4, 3), diamond()])
def test_propensities_are_shares_of_the_draws_that_choose_the_same(graph):
    scorer = MadeUp(graph, pairs=1.0)
    for draw in range(DRAWS):
        state, left = in_mid_course(graph, draw)
        decision = decide(scorer, draw, state)
        chosen = [
            max(left, key=lambda c, d=d: scorer.value(d, c, unpaid(graph, state, c)))
            for d in range(DRAWS)
        ]
        told = decision.explain()
        assert told.path_propensity == pytest.approx(
            Counter(chosen)[decision.configuration] / DRAWS
        )
        for v, k in enumerate(decision.configuration):
            share = sum(c[v] == k for c in chosen) / DRAWS
            assert told.propensity[v] == pytest.approx(share)


@pytest.mark.parametrize("graph", [chain(4, 3), diamond()])
def test_choices_are_offered_by_the_best_configuration_that_makes_them(graph):
    scorer = MadeUp(graph, pairs=1.0)
    offered = decide(scorer, 2, JobState(graph, 0)).explain().orders
    for v, order in enumerate(offered):
        tops = [
            max(scorer.value(2, c) for c in every(graph) if c[v] == k)
            for k in range(len(graph.nodes[v].choices))
        ]
        assert list(order) == sorted(range(len(tops)), key=lambda k: -tops[k])


def test_choices_are_offered_by_what_was_scored_where_not_all_is():
    space = Space(chain(2, 3))
    among = np.array([[0, 1], [1, 1], [1, 0]])
    assert orders(space, among, np.array([1.0, 3.0, 2.0])) == ((1, 0), (1, 0, 2))


@pytest.mark.parametrize("seed", range(3))
def test_a_large_workflow_of_separate_nodes_is_solved(seed):
    graph = chain(*[6] * 6)  # 46 656 configurations
    scorer = MadeUp(graph, seed)
    assert not scorer.space.small
    for draw in (0, 3):
        scorer.asked = 0
        found = decide(scorer, draw, JobState(graph, 0))
        best = tuple(
            int(np.argmax(w[draw] - p)) for w, p in zip(scorer.worth, scorer.prices, strict=True)
        )
        assert found.configuration == best
        assert scorer.asked < graph.size / 2


def test_a_large_workflow_is_improved_from_the_present_one_too():
    """What is paid for upstream makes the neighbours of the present configuration the best."""
    graph, present = chain(*[6] * 6), (5, 4, 3, 2, 1, 0)
    scorer = MadeUp(graph, 4)
    for worth, price, k in zip(scorer.worth, scorer.prices, present, strict=True):
        price[:] = 0.01
        worth *= 0.01
        worth[:, k] -= 0.05  # step by step the way leads away from it
    scorer.prices[4][:] = 1.0  # but this was dear
    state = JobState(graph, 0, present=present, known=[set() for _ in range(6)])
    for v in range(5):
        state.known[v].add(present[: v + 1])
    state.exclude(tuple(range(6)), present)
    left = [(*present[:5], k) for k in range(1, 6)]
    best = max(left, key=lambda c: scorer.value(0, c, [False] * 5 + [True]))
    assert decide(scorer, 0, state).configuration == best


@pytest.mark.parametrize("sizes", [(4, 3), (6,) * 6])
def test_all_that_is_excluded_is_left_alone_and_then_there_is_nothing(sizes):
    graph = chain(*sizes)
    scorer, state = MadeUp(graph, 5), JobState(chain(*sizes), 0)
    last = len(sizes) - 1
    for v in range(last):
        state.fixed[v] = 1
    state.exclude((last,), (0,))
    state.barred.add((last, 1))
    left, found = set(range(sizes[-1])) - {0}, []
    while (decision := decide(scorer, 1, state)) is not None:
        assert decision.configuration[:-1] == (1,) * last
        found.append(decision.configuration[-1])
        state.exclude(tuple(range(len(sizes))), decision.configuration)
    assert found[-1] == 1  # what is barred comes last
    assert sorted(found) == sorted(left)


def test_seconds_that_were_never_seen_are_none():
    assert known(np.array([0.5, np.nan])) == (0.5, None)
