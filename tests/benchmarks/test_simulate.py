"""What is drawn has the distribution that is stated, and the runner meets exactly that."""

from dataclasses import replace

import numpy as np
import pytest

from flexiflow import BadInput, Fixed, Random
from flexiflow.benchmarks.baselines import in_order
from flexiflow.benchmarks.simulate import World, draw
from flexiflow.benchmarks.simulated_workflow import graph_of, inputs_of, named, run

JOIN = ((), (), (0, 1))
FORK = ((), (0,), (0,))


def test_a_seed_gives_one_world():
    first, again, other = (draw(World("chain", jobs=40), seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.passes, again.passes)
    for ours, theirs in zip(first.seconds, again.seconds, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert (first.passes != other.passes).any()


def test_runs_are_shared_by_configurations_that_agree_on_what_influences_a_node():
    for parents in (JOIN, FORK, World("chain").parents):
        world = World("shape", sizes=(2, 3, 2), parents=parents)
        every = world.configurations.tolist()
        assert every == sorted(every)
        for v, lineage in enumerate(world.lineage):
            for a, one in enumerate(every):
                for b, two in enumerate(every):
                    same = all(one[u] == two[u] for u in lineage)
                    assert (world.runs[a, v] == world.runs[b, v]) == same
    assert World("join", parents=JOIN).lineage == [[0], [1], [0, 1, 2]]
    assert World("join", parents=JOIN).sinks == [2]
    assert World("fork", parents=FORK).sinks == [1, 2]


def test_given_its_type_a_job_finds_candidates_good_independently():
    world = World("one", types=1, jobs=40_000, error=0.0)
    rates = draw(world, 5).right.mean(axis=0).reshape(world.sizes)
    flat = np.linalg.svd(rates.reshape(4, 9), compute_uv=False)  # a product has rank one
    assert flat[1] / flat[0] < 0.02
    flat = np.linalg.svd(rates.reshape(12, 3), compute_uv=False)
    assert flat[1] / flat[0] < 0.02


def test_chances_of_being_good_have_the_stated_mean():
    sure = World("one", sizes=(200,), parents=((),), seconds=(1.0,), types=4, jobs=500, error=0.0)
    assert draw(sure, 0).right.mean() == pytest.approx(0.655, abs=0.02)
    rates = draw(replace(sure, strength=0.05), 0)
    by_type = np.array([rates.right[rates.types == t].mean(axis=0) for t in range(4)])
    assert np.mean((by_type < 0.05) | (by_type > 0.95)) > 0.8  # good or bad, hardly between


def test_the_assertion_errs_as_often_as_stated_each_way():
    simulation = draw(World("chain", jobs=3000, error=0.1), 1)
    wrong = simulation.passes != simulation.right
    assert wrong[simulation.right].mean() == pytest.approx(0.1, abs=0.005)
    assert wrong[~simulation.right].mean() == pytest.approx(0.1, abs=0.005)


def test_seconds_are_log_normal_around_their_means():
    simulation = draw(World("chain", jobs=40_000, noise=0.4), 2)
    for drawn, expected in zip(simulation.seconds, simulation.expected, strict=True):
        np.testing.assert_allclose(drawn.mean(axis=0), expected, rtol=0.02)
        np.testing.assert_allclose(np.log(drawn).std(axis=0), 0.4, rtol=0.02)
        median = np.median(drawn, axis=0)
        np.testing.assert_allclose(median, expected * np.exp(-0.08), rtol=0.02)


def test_incompatible_pairs_never_do_and_others_are_not_touched():
    world = World("pairs", chance=0.999999, incompatible=0.4, error=0.0, jobs=30)
    right = draw(world, 7).right
    assert (right == right[0]).all()
    grid = right[0].reshape(world.sizes)
    first, second = grid.any(axis=2), grid.any(axis=0)  # pairs that do with some third
    np.testing.assert_array_equal(grid, first[:, :, None] & second[None, :, :])
    assert 0 < grid.mean() < 1
    assert draw(replace(world, incompatible=0.0), 7).right.all()
    assert not draw(replace(world, incompatible=1.0), 7).right.any()


def test_a_candidate_that_breaks_is_never_good_again():
    world = World("drift", jobs=400, breaks=(1, 150), error=0.0)
    simulation = draw(world, 0)
    before, after = simulation.right[:150], simulation.right[150:]
    chosen = world.configurations[:, 1]
    dead = [k for k in range(3) if not after[:, chosen == k].any()]
    assert len(dead) == 1
    rates = [simulation.fresh[0].passes[:, chosen == k].mean() for k in range(3)]
    assert rates[dead[0]] == max(rates)
    assert before[:, chosen == dead[0]].any()
    assert not simulation.fresh[1].passes[:, chosen == dead[0]].any()
    unbroken = draw(replace(world, breaks=None), 0)
    others = chosen != dead[0]
    np.testing.assert_array_equal(unbroken.right[:, others], simulation.right[:, others])


def test_features_tell_of_the_type_and_change_nothing_else():
    blind = World("context", types=4, jobs=1000)
    seeing = draw(replace(blind, features=6, blur=0.05), 3)
    np.testing.assert_array_equal(draw(blind, 3).passes, seeing.passes)
    np.testing.assert_array_equal(draw(blind, 3).seconds[0], seeing.seconds[0])
    assert draw(blind, 3).features.shape == (1000, 0)
    gaps = ((seeing.features[:, None] - seeing.features[None]) ** 2).sum(axis=2)
    np.fill_diagonal(gaps, np.inf)
    alike = seeing.types[gaps.argmin(axis=1)] == seeing.types
    assert alike.mean() > 0.9
    assert len(set(seeing.types.tolist())) == 4


def test_the_default_has_the_published_shape():
    drawn = [draw(World("chain"), seed) for seed in range(12)]
    assert 0.93 < np.mean([s.passes.any(axis=1).mean() for s in drawn]) < 0.98
    assert 0.40 < np.mean([s.passes.mean(axis=0).max() for s in drawn]) < 0.55


@pytest.mark.parametrize("parents", [World("chain").parents, JOIN, FORK])
@pytest.mark.parametrize("max_seconds", [None, 12.0])
def test_the_runner_pays_what_arithmetic_says(parents, max_seconds):
    simulation = draw(World("shape", parents=parents, jobs=60), 9)
    order = np.random.default_rng(0).permutation(36)
    ran = run(simulation, Fixed(named(simulation.world.configurations[order])), 0, max_seconds)
    due = in_order(simulation, order, reuse=True, max_seconds=max_seconds)
    np.testing.assert_allclose(ran.seconds, due.seconds)
    np.testing.assert_array_equal(ran.passed, due.passed)
    np.testing.assert_array_equal(ran.right, due.right)


def test_every_sampler_passes_the_jobs_that_can_be_passed():
    simulation = draw(World("chain", jobs=60), 2)
    ran = run(simulation, Random(), 1)
    np.testing.assert_array_equal(ran.passed, simulation.passes.any(axis=1))
    assert (ran.right <= ran.passed).all()


def test_the_workflow_reads_like_one_written_by_hand():
    simulation = draw(World("fan-in", sizes=(2, 1, 2), parents=JOIN, features=2, jobs=3), 0)
    assert graph_of(simulation).text.splitlines() == [
        "simulated_fan_in(job, x0, x1)",
        "step0 = (model0_0 | model0_1)(job)",
        "step1 = (model1_0)(job)",
        "step2 = (model2_0 | model2_1)(step0, step1)",
        "assert good(step2)",
        "context(x0, x1)",
    ]
    inputs = inputs_of(simulation)
    assert [i["job"] for i in inputs] == [(j, -1, -1, -1) for j in range(3)]
    assert [i["x1"] for i in inputs] == simulation.features[:, 1].tolist()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"sizes": (2, 2)}, "one entry a node"),
        ({"parents": ((), (2,), (1,))}, "earlier nodes"),
        ({"breaks": (3, 10)}, "breaks"),
        ({"breaks": (0, 300)}, "breaks"),
    ],
)
def test_a_world_that_cannot_be_is_refused(wrong, word):
    with pytest.raises(BadInput, match=word):
        World("wrong", **wrong)
