"""Two regressions on a statistic against closed forms, and the number against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from comparisons import KNOTS, OWN, PRICES, SHARED, fit, seen_of, shaped
from scipy import stats

from flexiflow.samplers.cutting import (
    MOST_LOOKED_AT,
    Fitted,
    Kept,
    Prices,
    Told,
    scale,
)
from flexiflow.samplers.splines import DRAWS, TEMPERATURE

BIAS = 0.025  # prior variance of what labels put right, beside the usual one
FEW = 4  # outputs before a group has a number of its own


def some(n=60, seed=0, groups=("a", "b"), upper=True, round_to=None):
    """Comparisons of one candidate: accepted ones, and rejected ones that ended better."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        s = float(rng.uniform(0, 1) if round_to is None else rng.integers(round_to) / round_to)
        held = bool((s >= 0.5) == upper)
        right = float(rng.random() < s)
        end = {"right": right if held else 1.0}
        own = None if held else {"right": right}
        group = groups[int(rng.integers(len(groups)))]
        found.append(Told(s, group, held, own, end, 0.0, 0.0 if held else 5.0))
    return found


def ridge(rows, aims, knots, groups):
    """Coefficients by the normal equations, written out."""
    phi = np.zeros((len(rows), KNOTS * (1 + len(groups))))
    hats = shaped(np.array([t.statistic for t in rows]), knots)
    for i, t in enumerate(rows):
        phi[i, :KNOTS] = hats[i]
        if t.group in groups:
            begin = KNOTS * (1 + groups.index(t.group))
            phi[i, begin : begin + KNOTS] = hats[i]
    prior = np.diag([1 / SHARED] * KNOTS + [1 / OWN] * KNOTS * len(groups))
    precision = phi.T @ phi + prior
    return np.linalg.solve(precision, phi.T @ np.array(aims)), precision


def by_hand(told, elsewhere=()):
    """Aims of both regressions as the module's text says."""
    center = np.mean([t.final["right"] for t in (*told, *elsewhere)])
    keep, go = ([], []), ([], [])
    for k, t in enumerate((*told, *elsewhere)):
        end = t.final["right"] - 0.1 * t.cost
        own = end if t.held else t.own and t.own["right"]
        if own is not None:
            keep[0].append(t)
            keep[1].append(own - center)
        if not t.held and k < len(told):
            go[0].append(t)
            go[1].append(end - center)
    return center, keep, go


@pytest.mark.parametrize("elsewhere", [[], some(30, seed=5)])
def test_both_regressions_are_ridge_regressions(elsewhere):
    told = some(60)
    told[3] = told[3]._replace(own=None)
    made = fit(told, elsewhere=elsewhere)
    center, keep, go = by_hand(told, elsewhere)
    knots = np.sort([t.statistic for t in told])
    groups = sorted(made.kept.groups, key=made.kept.groups.__getitem__)
    assert sorted(groups) == ["a", "b"]
    both = ((made.kept.coefficients, keep), (made.go, go))
    for ours, (rows, aims) in both:
        mean, _ = ridge(rows, aims, knots, groups)
        np.testing.assert_allclose(ours[0], mean, atol=1e-9)
    for s, g in ((0.3, "a"), (0.9, "b"), (0.5, "unknown")):
        mean, _ = ridge(*keep, knots, groups)
        hats = shaped(np.array([s]), knots)[0]
        expected = center + hats @ mean[:KNOTS]
        if g in groups:
            begin = KNOTS * (1 + groups.index(g))
            expected += hats @ mean[begin : begin + KNOTS]
        assert made.worth(s, g) == pytest.approx(expected, abs=1e-9)


def test_draws_are_those_of_the_tempered_posterior():
    drawn, expected = [], None
    for n in range(60, 160):  # the draws follow from the number of labels
        told = some(60)
        told += [told[0]._replace(own=None, held=False, final={"right": None})] * (n - 60)
        made = fit(told, seen_of(told[:60]))
        _, keep, _ = by_hand(told[:60])
        knots = np.sort([t.statistic for t in told[:60]])
        groups = sorted(made.kept.groups, key=made.kept.groups.__getitem__)
        mean, precision = ridge(*keep, knots, groups)
        unit = np.var([t.final["right"] for t in told[:60]])
        expected = TEMPERATURE * unit * np.linalg.inv(precision)
        drawn.append(made.kept.coefficients[1:] - mean)
    flat = np.concatenate(drawn)
    assert flat.shape == (100 * DRAWS, len(expected))
    z = flat.mean(axis=0) / np.sqrt(np.diag(expected) / len(flat))
    assert np.abs(z).max() < 4.5
    whitened = np.linalg.solve(np.linalg.cholesky(expected), flat.T)
    assert stats.kstest(whitened.ravel(), "norm").pvalue > 1e-3


def gains(made, at, group, draw=-1):
    phi = made.kept.basis(made.kept.sign * at, [group] * len(at))
    return phi @ (made.kept.coefficients[draw + 1] - made.go[draw + 1])


@pytest.mark.parametrize("round_to", [None, 6])
@pytest.mark.parametrize("draw", [-1, 0, 7])
@pytest.mark.parametrize("seed", range(5))
def test_the_number_is_the_best_of_all_cut_points(seed, draw, round_to):
    told = some(80, seed=seed, groups=("a", "b", "b", "b"), round_to=round_to)
    made = fit(told)
    for group in ("a", "b", "never seen"):
        mine = [s for s, g in seen_of(told) if g == group] or [t.statistic for t in told]
        at = np.sort(mine[-128:])
        gain = gains(made, at, group, draw)
        cuts = [*np.unique(at), np.inf]
        totals = [gain[at >= cut].sum() for cut in cuts]
        number = made.number(draw, group)
        assert gain[at >= number].sum() == pytest.approx(max(totals), abs=1e-9)
        assert number in cuts or number == np.nextafter(at[-1], np.inf)


def coefficients(*hats):
    return np.tile(np.array(hats, dtype=float), (1 + DRAWS, 1))


def by_coefficients(keep, seen):
    knots = np.sort([s for s, _ in seen])
    return Fitted(Kept(knots, {}, coefficients(*keep), 0.0, 1.0), coefficients(*[0] * 5), seen)


def test_where_going_on_is_always_better_nothing_holds_and_the_other_way_round():
    seen = [(k / 10, None) for k in range(10)]
    nothing = by_coefficients((-1, -1, -1, -1, -1), seen).number(-1, None)
    assert nothing == np.nextafter(0.9, np.inf)
    assert by_coefficients((1, 1, 1, 1, 1), seen).number(-1, None) == 0.0


def test_equal_statistics_are_accepted_together():
    seen = [(0.0, None)] * 5 + [(1.0, None)] * 5
    assert by_coefficients((-1, -1, 0, 1, 1), seen).number(-1, None) == 1.0
    assert by_coefficients((1, 1, 0, -0.1, -0.1), seen).number(-1, None) == 0.0


def test_a_group_seen_too_little_has_the_number_of_all():
    told = some(60, groups=("a", "b"))
    for outputs in (FEW - 1, FEW):
        rare = [Told(0.7, "rare", True, None, {"right": 1.0}, 0.0, 0.0)] * outputs
        made = fit([*told, *rare])
        mine = [s for s, g in seen_of([*told, *rare]) if outputs < FEW or g == "rare"]
        at = np.sort(mine)
        gain = gains(made, at, "rare")
        totals = {cut: gain[at >= cut].sum() for cut in np.unique(at)}
        assert made.number(-1, "rare") == max(totals, key=totals.__getitem__)
        assert (made.number(-1, "rare") == 0.7) == (outputs == FEW)


def test_of_the_outputs_the_latest_count():
    old = [(float(k), None) for k in range(1000, 1200)]
    new = [(float(k), None) for k in range(MOST_LOOKED_AT)]
    assert by_coefficients((1, 1, 1, 1, 1), old + new).number(-1, None) == 0.0
    assert by_coefficients((1, 1, 1, 1, 1), new + old).number(-1, None) == 200.0


@pytest.mark.parametrize("seed", range(4))
def test_smaller_ones_that_hold_are_the_mirror_image(seed):
    told = some(70, seed=seed, round_to=20 if seed % 2 else None)
    mirrored = [t._replace(statistic=-t.statistic) for t in told]
    one, other = fit(told), fit(mirrored, upper=False)
    for draw, group in itertools.product((-1, 0, 9), ("a", "b", "c")):
        assert other.number(draw, group) == -one.number(draw, group)
        assert other.worth(-0.4, group) == one.worth(0.4, group)
    np.testing.assert_array_equal(one.values, other.values)


def test_what_an_output_is_worth_is_the_better_of_keeping_it_and_going_on():
    told = some(200)
    made = fit(told)
    late = seen_of(told)[-128:]
    phi = made.kept.basis([s for s, _ in late], [g for _, g in late])
    center = by_hand(told)[0]
    for draw in range(DRAWS):
        keep, go = phi @ made.kept.coefficients[draw + 1], phi @ made.go[draw + 1]
        expected = center + np.mean([max(a, b) for a, b in zip(keep, go, strict=True)])
        assert made.values[draw] == pytest.approx(expected)


def test_nothing_is_fitted_before_a_label_says_what_is_wanted():
    waiting = [t._replace(final={"right": None}) for t in some(20)]
    assert fit(waiting) is None
    assert scale([], PRICES) is None
    assert fit([*waiting, *some(1)]).number(-1, "a") is not None


def test_labels_all_alike_give_finite_numbers():
    told = [Told(0.5, "a", True, None, {"right": 1.0}, 0.0, 0.0)] * 10
    made = fit(told)
    assert made.worth(0.5, "a") == pytest.approx(1.0)
    assert np.isfinite([made.number(d, "a") for d in range(-1, DRAWS)]).all()


def test_prices_weigh_terms_and_wait_for_all_of_them():
    prices = Prices({"right": 2.0, "long": -0.5}, 0.1, 0.2)
    assert prices.worth({"right": 1.0, "long": 3.0, "other": 7.0}) == pytest.approx(0.5)
    assert prices.worth({"right": 1.0, "long": None}) is None
    assert prices.worth({"right": 1.0}) is None
    assert Prices({}, 1.0, 1.0).worth({}) == 0.0


def expected(made, at):
    """What going on is expected to bring at some statistics of group 'a'."""
    return made.kept.center + made.kept.basis(at, ["a"] * len(at)) @ made.go[0]


def unlabelled(n, seed=0, off=0.0):
    """Comparisons without a label, and what they are expected to have brought: .9 - s + off."""
    at = np.random.default_rng(seed).uniform(size=n)
    brought = np.tile((0.9 - at + off)[:, None], 1 + DRAWS)
    return [(float(s), "a") for s in at], brought


def labelled(n, seed=1):
    """Rejected outputs, after which .9 - s of the jobs ended well, at a cost of .5."""
    rng, found = np.random.default_rng(seed), []
    for s in rng.uniform(size=n).tolist():
        end = {"right": float(rng.random() < 0.9 - s)}
        found.append(Told(s, "a", False, {"right": 0.0}, end, 0.0, 5.0))
    return found


def least_squares(rows, aims, variance):
    """The shared spline's coefficients, the prior as further rows."""
    rows = np.vstack([rows, np.eye(KNOTS) * variance**-0.5])
    return np.linalg.lstsq(rows, np.concatenate([aims, np.zeros(KNOTS)]))[0]


def test_going_on_is_what_is_expected_and_what_labels_put_right():
    told = labelled(50)
    gone, brought = unlabelled(70)
    rng = np.random.default_rng(5)
    brought = brought + rng.normal(size=brought.shape) * 0.1
    guessed = np.where(rng.random(50) < 0.5, rng.normal(size=50), np.nan)
    made = fit(told, gone=gone, brought=brought, guessed=guessed)
    ends = np.array([t.final["right"] for t in told])
    knots, center = np.sort([t.statistic for t in told]), ends.mean()
    hats, apart = (shaped(np.array([s for s, _ in r]), knots) for r in (seen_of(told), gone))
    first = least_squares(apart, brought[:, 0] - center, SHARED)
    without = np.where(np.isnan(guessed), center + hats @ first, guessed)
    share = BIAS + (1 - BIAS) / 71
    second = least_squares(hats, ends - 0.5 - without, share * SHARED)
    np.testing.assert_allclose(made.go[0], first + second, atol=1e-9)


def test_comparisons_without_a_label_make_it_surer():
    at, told = np.linspace(0.05, 0.95, 10), labelled(40)
    gone, brought = unlabelled(500)
    alone, both = fit(told), fit(told, gone=gone, brought=brought - 0.5)
    truth = 0.4 - at
    errors = [np.abs(expected(made, at) - truth).mean() for made in (both, alone)]
    assert 2 * errors[0] < errors[1]
    spread = [
        np.std(made.kept.basis(at, ["a"] * 10) @ made.go[1:].T, axis=1) for made in (both, alone)
    ]
    assert (spread[0] < spread[1]).all()


@pytest.mark.parametrize("off", [-0.3, 0.3])
def test_labels_put_right_what_is_expected(off):
    """By more, the more there are; a label weighs more than a comparison without one."""
    at = np.linspace(0.05, 0.95, 10)
    gone, brought = unlabelled(300, off=off)
    errors = []
    for n in (10, 100, 1000):
        made = fit(labelled(n), gone=gone, brought=brought - 0.5)
        errors.append(np.abs(expected(made, at) - (0.4 - at)).mean())
    assert errors[0] > 0.2
    assert errors[2] < 0.05
    assert errors == sorted(errors, reverse=True)
