"""What outputs are worth by context: the fit against explicit least squares, draws, weights."""

import json

import numpy as np
import pytest
from cells import cell
from scipy import stats
from worlds import chain

from flexiflow import MemoryStore, Result
from flexiflow.samplers import regression
from flexiflow.samplers.regression import Regression
from flexiflow.samplers.situated import entries_of
from flexiflow.samplers.space import Space
from flexiflow.samplers.worth import Worth

PLAINLY = (0.0, 1.0)


def members(graph):
    return [[(n.name, c.fingerprint) for c in n.candidates] for n in graph.nodes]


def told(graph, seed, labels, entries=3):
    """Random configurations, contexts, stages and values that depend on all of them."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(labels):
        picks = [int(rng.integers(len(offered))) for offered in members(graph)]
        configuration = dict(of[k] for of, k in zip(members(graph), picks, strict=True))
        x, later = rng.normal(size=entries), bool(rng.random() < 0.3)
        value = 2.0 + picks[0] * x[0] - 0.5 * later + 0.3 * rng.normal()
        found.append((configuration, x, later, float(value)))
    return found


def learned(readings):
    it = Regression()
    for configuration, x, later, value in readings:
        it.add(configuration, x, later, value, PLAINLY)
    it._fit = None  # as of all labels
    return it


def designed(it, readings):
    """Every reading's features, `(labels, blocks * width)`."""
    rows = np.zeros((len(readings), *it.moment.shape))
    for row, (configuration, x, later, _) in zip(rows, readings, strict=True):
        row[[0, *(it.members[m] for m in configuration.items())]] = entries_of(
            x, later, 0.0, it.width
        )
    return rows.reshape(len(rows), -1)


def prior_of(it, context):
    prior = np.zeros(it.moment.shape)
    prior[0, :3], prior[1:, :3], prior[:, 3:] = regression._SHARED, regression._OWN, context
    return prior.ravel()


def test_the_fit_is_that_of_least_squares_with_a_penalty():
    graph = chain(3, 2)
    readings = told(graph, 0, 80)
    it = learned(readings)
    fit, design = it.fit(), designed(it, readings)
    values = np.array([value for *_, value in readings])
    assert (fit.center, fit.scale) == (pytest.approx(values.mean()), pytest.approx(values.std()))
    prior = prior_of(it, fit.context)
    stacked = np.vstack([design / np.sqrt(fit.noise), np.diag(prior**-0.5)])
    target = np.append((values - values.mean()) / values.std() / np.sqrt(fit.noise), 0 * prior)
    expected = np.linalg.lstsq(stacked, target, rcond=None)[0]
    assert fit.mean.ravel() == pytest.approx(expected, abs=1e-8)
    covariance = np.linalg.inv(stacked.T @ stacked)
    assert fit.root.T @ fit.root == pytest.approx(covariance, abs=1e-10)


def test_an_output_is_taken_in_at_once_as_least_squares_would():
    readings = told(chain(3, 2), 2, 60)
    it = learned(readings[:50])
    first = it.fit()
    context, noise, center, scale = first.context, first.noise, first.center, first.scale
    for configuration, x, later, value in readings[50:]:
        it.add(configuration, x, later, value, PLAINLY)
    fit, design = it.fit(), designed(it, readings)
    assert fit is first
    values = (np.array([value for *_, value in readings]) - center) / scale
    covariance = np.linalg.inv(design.T @ design / noise + np.diag(1 / prior_of(it, context)))
    assert fit.root.T @ fit.root == pytest.approx(covariance, abs=1e-10)
    assert fit.mean.ravel() == pytest.approx(covariance @ design.T @ values / noise, abs=1e-8)


def test_what_is_expected_of_an_output_has_the_mean_and_variance_of_its_weights():
    graph = chain(3, 2)
    readings = told(graph, 1, 60)
    it = learned(readings)
    fit, (configuration, x, later, _) = it.fit(), readings[0]
    z = designed(it, readings)[0]
    mean = fit.center + fit.scale * fit.mean.ravel() @ z
    variance = fit.scale**2 * (fit.noise + z @ fit.root.T @ fit.root @ z)
    at = it._blocks(configuration, len(x))
    assert it._expected(fit, at, entries_of(x, later, 0.0, it.width)) == pytest.approx(
        (mean, variance)
    )
    value, density = 1.7, stats.norm(mean, np.sqrt(variance)).logpdf
    assert regression._log_density(value, mean, variance) - density(value) == pytest.approx(
        0.5 * np.log(2 * np.pi)
    )


def test_draws_have_the_moments_of_the_weights():
    graph = chain(3, 2)
    readings = told(graph, 2, 60)
    it = learned(readings)
    space, rng = Space(graph), np.random.default_rng(0)
    drawn, fit = it.drawn(space, 20_000, rng), it.fit()
    x = np.array([1.0, -0.5, 0.2])
    rows = space.rows_of(space.everything)
    found = drawn.of_configurations(slice(None), rows, x, True)
    covariance, z = fit.root.T @ fit.root, entries_of(x, True, 0.0, it.width)
    keys = [key for offered in members(graph) for key in offered]
    for column, picks in zip(found.T, rows, strict=True):
        full = np.zeros(it.moment.shape)
        full[[0, *(it.members[keys[k]] for k in picks)]] = z
        full = full.ravel()
        mean = fit.center + fit.scale * fit.mean.ravel() @ full
        deviation = fit.scale * np.sqrt(regression._TEMPER * full @ covariance @ full)
        assert column.mean() == pytest.approx(mean, abs=4 * deviation / np.sqrt(len(column)))
        assert column.std() == pytest.approx(deviation, rel=0.03)


def test_a_candidate_without_labels_is_drawn_from_the_prior():
    graph = chain(2)
    known, unknown = members(graph)[0]
    readings = [({known[0]: known[1]}, x, late, v) for _, x, late, v in told(graph, 3, 40)]
    it = learned(readings)
    drawn, fit = it.drawn(Space(graph), 20_000, np.random.default_rng(0)), it.fit()
    expected = np.sqrt(regression._TEMPER * np.array([*regression._OWN, *fit.context])) * fit.scale
    assert unknown not in it.members
    assert drawn.own[:, 1].std(axis=0) == pytest.approx(expected, rel=0.03)
    assert drawn.own[:, 1].mean(axis=0) == pytest.approx(0.0, abs=4 * max(expected) / 140)


def test_entries_that_say_nothing_are_found_out():
    it = learned(told(chain(2), 4, 300, entries=6))
    context = it.fit().context
    assert context[0] > 10 * context[1:].max()


def test_a_correction_leaves_what_the_right_value_would_have_given():
    readings = told(chain(2, 2), 5, 30)
    configuration, x, later, value = readings[7]
    it = learned([*readings[:7], (configuration, x, later, 9.0), *readings[8:]])
    it.correct(configuration, x, later, 9.0, value)
    assert it.fit().mean == pytest.approx(learned(readings).fit().mean)


def test_two_workers_add_up_whatever_the_order_of_entries():
    graph = chain(2, 2)
    one, two = told(graph, 6, 20), told(graph, 7, 20)
    turned = [(c, x[[2, 0, 1]], later, v) for c, x, later, v in two]
    both = learned(one)
    both.merge(learned(turned), [2, 0, 1])
    whole = learned([*one, *two])
    assert both.members.keys() == whole.members.keys()
    order = [0, *(both.members[m] for m in whole.members)]
    assert both.fit().mean[order] == pytest.approx(whole.fit().mean)


def test_weights_are_limited_and_the_last_entries_left_out():
    rng, it = np.random.default_rng(8), Regression()
    for k in range(60):
        it.add({"n": f"c{k % 12}"}, rng.normal(size=100), False, rng.normal(), PLAINLY)
    assert it.moment.size <= regression._MOST
    assert it.moment.shape == (13, regression._MOST // 13)
    assert it.labels == 60
    assert np.isfinite(it.fit().mean).all()


def test_what_is_expected_here_is_the_mean_of_the_draws():
    graph = chain(3, 2)
    it = learned(told(graph, 2, 60))
    fit, x = it.fit(), np.array([1.0, -0.5, 0.2])
    member = members(graph)[0][1]
    own = it.gram[0, 2, it.members[member], 0] / it.gram[0, 0, it.members[member], 0]
    z = entries_of(x, False, own, it.width)
    weights = fit.mean[0] + fit.mean[it.members[member]]
    assert it.here(member, x, False) == pytest.approx(fit.center + fit.scale * (weights @ z))
    assert it.here(("nowhere", "unknown"), x, False) is None
    worth = Worth()
    for k in range(200):
        worth.learn({"n": "ab"[k % 2]}, float(k % 4 > 1), False, np.array([1.0 - k % 4 // 2]))
    here = worth.here(("n", "a"), np.array([0.0])), worth.here(("n", "a"), np.array([1.0]))
    assert here[0] > 0.9  # where the entry is 0 the term is 1, and the other way round
    assert here[1] < 0.1


def test_what_never_varies_needs_no_context():
    it = Regression()
    for k in range(5):
        it.add({"n": "a"}, np.array([float(k)]), False, 1.0, PLAINLY)
    assert it.fit() is None
    assert it.drawn(Space(chain(2)), 4, np.random.default_rng(0)) is None


def test_the_state_goes_through_json_and_bad_ones_are_refused():
    it = learned(told(chain(2, 2), 9, 20))
    again = Regression()
    again.load(json.loads(json.dumps(it.state())))
    assert again.state() == it.state()
    assert again.fit().mean == pytest.approx(it.fit().mean)
    for wrong in ({"width": 1}, {"sums": [0.0, 1.0, 1.0]}, {"moment": ""}):
        with pytest.raises(ValueError, match="expected"):
            Regression().load({**it.state(), **wrong})


def two_kinds(seed, labels, says, entries=3):
    """Two candidates, right on .9 and .5 of a kind's jobs, the other way round on the other's."""
    rng, worth = np.random.default_rng(seed), Worth()
    for _ in range(labels):
        kind, k = rng.integers(2), rng.integers(2)
        chance = (0.9 if kind == k else 0.5) if says else 0.7
        x = np.append(np.eye(2)[kind], rng.normal(size=entries))
        worth.learn({"n": "ab"[k]}, float(rng.random() < chance), False, x)
    return worth.regression.weight


def test_context_gains_weight_where_it_predicts_and_loses_it_elsewhere():
    assert np.mean([two_kinds(seed, 300, True) for seed in range(4)]) > 0.9
    assert np.mean([two_kinds(seed, 300, False) for seed in range(4)]) < 0.4


TWO_KINDS = """f(x, kind, label=None)
y = (first | second)(x)
{check}
context(kind)
maximize(y == label)
minimize(runtime, weight=0.01)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "check",
    [
        "assert y",
        "assert confidence(y) >= threshold(0.5)",
        "assert confidence(y) >= threshold(0.5, by=kind)",
    ],
    ids=["plain", "threshold", "grouped"],
)
def test_who_is_right_on_which_kind_of_job_is_learned_from_late_labels(check):
    """Labels say of every output whether it is right, of rejected ones too."""
    rng, said = np.random.default_rng(1), {}
    models = {name: (lambda x, name=name: said[name, x]) for name in ("first", "second")}
    if "threshold" in check:
        models = {n: (lambda x, m=m: Result(m(x), confidence=0.9)) for n, m in models.items()}
    it = cell(TWO_KINDS.format(check=check), models, store=MemoryStore())
    good = []
    for batch in range(30):
        kinds = [str(k) for k in rng.choice(["day", "night"], 12)]
        inputs = [{"x": 12 * batch + k, "kind": kind} for k, kind in enumerate(kinds)]
        best = ["first" if kind == "day" else "second" for kind in kinds]
        for row, mine in zip(inputs, best, strict=True):
            for name in models:
                right = rng.random() < (0.95 if name == mine else 0.4)
                said[name, row["x"]] = "right" if right else name
        run = it.run(inputs, seed=batch, clock=lambda *_: 1.0)
        for job_id in run.jobs["job_id"]:
            it.feedback(job_id, label="right")
        chosen = [json.loads(c)["y"] for c in run.jobs["configuration"]]
        good += [c == mine for c, mine in zip(chosen, best, strict=True)]
    assert np.mean(good[-120:]) > 0.9


def test_what_the_statistic_says_is_not_said_again_by_the_context():
    rng, it = np.random.default_rng(0), Regression()
    for _ in range(400):  # the context says how sure a candidate is, and nothing else
        x = rng.normal(size=1)
        sure = float(np.clip(0.5 + 0.2 * x[0] + 0.05 * rng.normal(), 0, 1))
        it.add({"n": "a"}, x, False, sure + 0.1 * rng.normal(), (0.5, 0.1), sure)
    it.weight = 1.0 - 1e-9
    assert abs(it.moved(("n", "a"), np.array([1.0]), False)) < 0.05  # 0.2 without the statistic
