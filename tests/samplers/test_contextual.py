"""The contextual expert against a logistic regression whose features are written out by hand."""

import itertools
import json

import numpy as np
import pytest

from flexiflow.posteriors.logistic import Logistic
from flexiflow.samplers.contextual import FULL, PAIRED, Contextual
from flexiflow.samplers.contextual_state import load, state_of
from flexiflow.samplers.packing import packed
from flexiflow.samplers.tuning import Tuning

FOURIER = 6
SHARP = Tuning(tempered=1e-14, fourier=FOURIER)  # draws are the mean
PAIRS = Tuning(tempered=1e-14, fourier=FOURIER, pair=0.2, residual=1.0)


class Layout:
    """Members of nodes with so many candidates each, met node by node or in turns."""

    def __init__(self, sizes, entries, mixed=False, tuning=SHARP):
        pairs = [(v, k) for v, size in enumerate(sizes) for k in range(size)]
        self.members = sorted(pairs, key=lambda m: m[1]) if mixed else pairs
        self.node_of = [v for v, _ in self.members]
        self.place = [k for _, k in self.members]
        self.sizes, self.entries, self.t = sizes, entries, tuning
        self.single = len(sizes) == 1

    def fit(self, expert):
        expert.fit(self.node_of, self.place, self.entries)

    def configurations(self):
        rows = [[m for m, v in enumerate(self.node_of) if v == u] for u in range(len(self.sizes))]
        return np.array(list(itertools.product(*rows)), dtype=np.intp)

    def variances(self):
        """Of a block: [1, failures by place, pairs by member, x, r]; the anchor comes first."""
        t, places, many = self.t, max(self.sizes), len(self.members)
        shared = [*[t.context] * self.entries, *[t.bent] * (FOURIER if self.entries else 0)]
        left = 1.0 if self.single else t.residual
        table = [] if self.single else [[left * t.bias, *[0.0] * (places + many), *shared]]
        for v in self.node_of:
            history = [left * t.history * (k < self.sizes[v]) for k in range(places)]
            pairs = [t.pair * (u < v) * (not self.single) for u in self.node_of]
            bias = t.bias + t.candidate if self.single else left * t.candidate
            table.append([bias, *history, *pairs, *shared])
        return np.array(table)

    def phi(self, rows, h, x, r):
        """Which blocks a configuration is seen through, and the features of each."""
        shared = [*x, *r] if self.entries else []
        places, many = max(self.sizes), len(self.members)
        blocks = [] if self.single else [0]
        features = [] if self.single else [[1.0, *[0.0] * (places + many), *shared]]
        for m in rows:
            history = [*h[self.node_of[m]], *[0.0] * places][:places]
            pairs = [float(other in rows) for other in range(many)]
            blocks.append(m + (not self.single))
            features.append([1.0, *history, *pairs, *shared])
        return blocks, np.array(features)

    def flat(self, rows, h, x, r):
        """The same as one long vector of features."""
        whole = np.zeros_like(self.variances())
        blocks, features = self.phi(rows, h, x, r)
        whole[blocks] = features
        return whole.ravel()


def some_cases(layout, n, seed):
    rng, configurations = np.random.default_rng(seed), layout.configurations()
    for _ in range(n):
        rows = configurations[rng.integers(len(configurations))].tolist()
        h = (rng.random((len(layout.sizes), max(layout.sizes))) < 0.3).astype(float)
        x = rng.normal(size=layout.entries)
        r = rng.normal(size=FOURIER) / 2 if layout.entries else np.zeros(0)
        yield rows, h, x, r, bool(rng.random() < 0.4)


def mean_logits(expert, layout, h, x, r, seed=0):
    """The logits of all configurations at the mean of the beliefs."""
    expert.refresh(2, seed)
    phi = expert.case(h, x, r)
    node_of = np.array(layout.node_of, dtype=np.intp)
    found = expert.logits(phi, node_of, slice(0, 1), layout.configurations())
    assert found.shape == (1, len(layout.configurations()))
    return found[0]


def taught(expert, layout, cases):
    layout.fit(expert)
    for rows, h, x, r, passed in cases:
        expert.learn(expert.case(h, x, r), layout.node_of, rows, passed)
    return expert


SHAPES = [
    pytest.param((4,), 3, False, id="one node"),
    pytest.param((3,), 0, False, id="one node without context"),
    pytest.param((2, 3), 2, True, id="two nodes"),
    pytest.param((2, 1, 2), 0, False, id="three nodes without context"),
    pytest.param((9, 9, 8), 3, True, id="more weights than one covariance holds"),
]


@pytest.mark.parametrize(("sizes", "entries", "mixed"), SHAPES)
def test_it_is_a_logistic_regression_on_what_is_written_out_by_hand(sizes, entries, mixed):
    layout = Layout(sizes, entries, mixed)
    expert = Contextual(layout.single, SHARP)
    layout.fit(expert)
    full = not layout.single and layout.variances().size <= FULL
    plain = Logistic(layout.variances().reshape(1, -1) if full else layout.variances())
    assert len(expert.logistic.covariance) == (1 if full else len(layout.variances()))
    offsets = np.zeros(40) if layout.single else np.random.default_rng(3).normal(size=40)
    for (rows, h, x, r, passed), begun in zip(some_cases(layout, 40, 0), offsets, strict=True):
        phi = expert.case(h, x, r)
        predicted = expert.learn(phi, layout.node_of, rows, passed, begun)
        if full:
            expected = plain.update([0], layout.flat(rows, h, x, r)[None], passed, begun)
        else:
            expected = plain.update(*layout.phi(rows, h, x, r), passed, begun)
        assert predicted == pytest.approx(expected, rel=1e-9)
    for _, h, x, r, _ in some_cases(layout, 5, 1):
        found = mean_logits(expert, layout, h, x, r)
        weights = plain.mean.numpy().ravel()
        slow = [weights @ layout.flat(c.tolist(), h, x, r) for c in layout.configurations()]
        np.testing.assert_allclose(found, slow, atol=1e-5)


@pytest.mark.parametrize(("sizes", "entries"), [((3,), 2), ((2, 2), 2)])
def test_draws_scatter_as_the_beliefs_do(sizes, entries):
    tuning = Tuning(tempered=0.3, fourier=FOURIER)
    layout = Layout(sizes, entries, tuning=tuning)
    expert = taught(Contextual(layout.single, tuning), layout, some_cases(layout, 60, 2))
    blocks = expert.logistic.covariance
    plain = Logistic(layout.variances() if layout.single else layout.variances().reshape(1, -1))
    for rows, h, x, r, passed in some_cases(layout, 60, 2):
        if layout.single:
            plain.update(*layout.phi(rows, h, x, r), passed)
        else:
            plain.update([0], layout.flat(rows, h, x, r)[None], passed)
    assert len(blocks) == len(plain.covariance)
    expert.refresh(6000, seed=3)
    _, h, x, r, _ = next(some_cases(layout, 1, 4))
    among, node_of = layout.configurations(), np.array(layout.node_of, dtype=np.intp)
    drawn = expert.logits(expert.case(h, x, r), node_of, slice(None), among)
    flat = np.array([layout.flat(c.tolist(), h, x, r) for c in among])
    spread = np.zeros((flat.shape[1],) * 2)
    for b, block in enumerate(plain.covariance.numpy()):
        at = slice(b * len(block), (b + 1) * len(block))
        spread[at, at] = block
    exact = 0.3 * flat @ spread @ flat.T
    scale = np.sqrt(np.diag(exact))
    np.testing.assert_allclose(np.cov(drawn.T), exact, atol=0.06 * scale.max() ** 2)
    off = np.abs(drawn.mean(axis=0) - flat @ plain.mean.numpy().ravel())
    assert (off < 5 * scale / np.sqrt(6000)).all()


@pytest.mark.parametrize("before", [((2,), 2), ((2, 2), 2), ((2, 2), 0)])
@pytest.mark.parametrize("after", [(3, 2), (2, 4), (12, 5)])
def test_what_is_new_leaves_the_predictions_for_the_old_as_they_are(before, after):
    (sizes, entries), (size, more) = before, after
    old, rng = Layout(sizes, entries), np.random.default_rng(7)
    expert = taught(Contextual(old.single, SHARP), old, some_cases(old, 50, 5))
    cases = list(some_cases(old, 4, 6))
    was = [mean_logits(expert, old, *case[1:4]) for case in cases]
    late = range(sizes[-1], size)  # more candidates of the last node
    node_of = np.array([*old.node_of, *[len(sizes) - 1] * len(late)], dtype=np.intp)
    expert.fit(node_of.tolist(), [*old.place, *late], more)
    if len(sizes) > 1:  # one covariance for all weights, while they are few
        assert len(expert.logistic.covariance) == (15 if size == 12 else 1)
    for anew in (False, True):  # with the draws there were, and with new ones
        if anew:
            expert.refresh(2, seed=8)
        for (_, h, x, r, _), logits in zip(cases, was, strict=True):
            new = np.append(x, rng.normal(size=more - entries))
            phi = expert.case(h, new, r if entries else rng.normal(size=FOURIER))
            found = expert.logits(phi, node_of, slice(0, 1), old.configurations())
            np.testing.assert_allclose(found[0], logits, atol=1e-5)


def test_pairs_find_out_who_does_not_get_on():
    layout = Layout((2, 2), 0, tuning=PAIRS)
    expert, h, none = Contextual(False, PAIRS), np.zeros((2, 2)), np.zeros(0)
    layout.fit(expert)
    a, b, x, y = 0, 1, 2, 3
    for _ in range(25):
        for rows, passed in (((a, x), False), ((a, y), True), ((b, x), True)):
            expert.learn(expert.case(h, none, none), layout.node_of, rows, passed)
    logit = dict(
        zip(
            [(a, x), (a, y), (b, x), (b, y)],
            mean_logits(expert, layout, h, none, none),
            strict=True,
        )
    )
    assert logit[a, x] < -1
    assert min(logit[a, y], logit[b, x]) > 1
    assert logit[b, y] > logit[a, x] + 3


def test_failures_seen_on_the_job_tell_who_fails_with_whom():
    """The first two candidates fail on the same jobs; the third is right now and then."""
    layout, rng = Layout((3,), 0), np.random.default_rng(11)
    expert, none = Contextual(True, SHARP), np.zeros(0)
    layout.fit(expert)
    for _ in range(200):
        hard = rng.random() < 0.3
        good, h = (not hard, not hard, bool(rng.random() < 0.4)), np.zeros((1, 3))
        for row in rng.permutation(3).tolist():
            expert.learn(expert.case(h, none, none), layout.node_of, [row], good[row])
            if good[row]:
                break
            h[0, row] = 1.0
    fresh = mean_logits(expert, layout, np.zeros((1, 3)), none, none)
    failed = mean_logits(expert, layout, np.array([[1.0, 0.0, 0.0]]), none, none)
    assert fresh[1] > fresh[2] + 0.3
    assert failed[1] < failed[2] - 1.0
    assert abs(failed[2] - fresh[2]) < 1.0


@pytest.mark.parametrize("at_once", [True, False])
def test_there_are_pairs_only_up_to_so_many_members(at_once):
    many = PAIRED // 2 + 5
    node_of, place, none = [0, 1] * many, [k // 2 for k in range(2 * many)], np.zeros(0)
    expert, h = Contextual(False, SHARP), np.zeros((2, many))
    for k in range(2 * many if at_once else 2, 2 * many + 1, 2):
        expert.fit(node_of[:k], place[:k], 0)
        rows = [k - 2, k - 1]
        before = expert.learn(expert.case(h, none, none), node_of[:k], rows, k < 2 * many)
        assert before >= 0.5
    assert len(expert.pairs) == (0 if at_once else PAIRED)
    expert.refresh(2, 0)
    among = np.array(list(itertools.product(range(0, 2 * many, 2), range(1, 2 * many, 2))))
    logits = expert.logits(expert.case(h, none, none), np.array(node_of), slice(0, 1), among)[0]
    assert among[logits.argmin()].tolist() == [2 * many - 2, 2 * many - 1]


def test_the_number_of_draws_may_grow():
    layout = Layout((2, 2), 0)
    expert = taught(Contextual(False, SHARP), layout, some_cases(layout, 10, 12))
    phi = expert.case(np.zeros((2, 2)), np.zeros(0), np.zeros(0))
    for draws in (2, 5, 3):
        expert.refresh(draws, 0)
        node_of = np.array(layout.node_of, dtype=np.intp)
        found = expert.logits(phi, node_of, slice(0, draws), layout.configurations())
        assert found.shape == (draws, 4)


@pytest.mark.parametrize(("sizes", "entries", "mixed"), SHAPES)
def test_the_state_goes_through_json_and_goes_on_learning(sizes, entries, mixed):
    layout = Layout(sizes, entries, mixed)
    expert = taught(Contextual(layout.single, SHARP), layout, some_cases(layout, 20, 13))
    again = Contextual(layout.single, SHARP)
    load(again, json.loads(json.dumps(state_of(expert))), len(layout.members))
    for rows, h, x, r, passed in some_cases(layout, 5, 14):
        ours, theirs = (mean_logits(e, layout, h, x, r) for e in (expert, again))
        np.testing.assert_array_equal(ours, theirs)
        one, other = (
            e.learn(e.case(h, x, r), layout.node_of, rows, passed) for e in (expert, again)
        )
        assert one == other
    for e in (expert, again):  # and growing
        e.fit([*layout.node_of, 0], [*layout.place, sizes[0]], entries + 1)
    assert state_of(again) == state_of(expert)


def test_nothing_learned_is_nothing_to_save():
    expert = Contextual(True, SHARP)
    assert state_of(expert) == {}
    load(expert, {}, 3)
    assert expert.logistic is None


def spoilt(state, part):
    n, d = state["shape"]
    not_definite = np.full((n, d, d), 0.5)
    lower = not_definite[(slice(None), *np.tril_indices(d))]
    return {
        **state,
        **{
            "shape": {"shape": [n, d + 1]},
            "blocks": {"blocks": [n + 1, d]},
            "columns": {"columns": [[d * n], [], []]},
            "mean": {"mean": packed(np.zeros(n * d - 1))},
            "prior": {"prior": packed(np.full(n * d, -1.0))},
            "covariance": {"covariance": packed(lower)},
        }[part],
    }


@pytest.mark.parametrize("part", ["shape", "blocks", "columns", "mean", "prior", "covariance"])
def test_a_state_that_does_not_fit_is_refused(part):
    layout = Layout((3,), 2)
    state = state_of(taught(Contextual(True, SHARP), layout, some_cases(layout, 20, 15)))
    with pytest.raises(ValueError, match=r"."):
        load(Contextual(True, SHARP), spoilt(state, part), 3)
