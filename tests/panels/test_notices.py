"""What is said, when it is said, and that chance alone says nothing."""

import numpy as np
import pytest
from scipy.stats import betabinom
from watched import course
from worlds import chain

from flexiflow.panels.notices import Notices, tail
from flexiflow.panels.places import Places


def fed(graph, outcomes):
    notices = Notices(Places(graph))
    for outcome in outcomes:
        notices.add(outcome)
    return notices.texts()


def test_the_tail_is_that_of_the_beta_binomial():
    for passes, tries, a, b in ((0, 15, 40.0, 3.0), (7, 15, 90.0, 12.5), (40, 40, 1.0, 1.0)):
        wanted = betabinom.cdf(passes, tries, a, b)
        assert tail(passes, tries, a, b) == pytest.approx(wanted, rel=1e-9)


def test_a_model_that_dominates_is_named_with_what_switching_costs():
    graph = chain(2)
    jobs = [course(graph, [((0,), (1.0,))], True, j) for j in range(150)]
    jobs += [course(graph, [((1,), (4.0,)), ((0,), (1.0,))], True, 150 + j) for j in range(50)]
    (text,) = fed(graph, jobs)
    assert text.startswith("n0c0 dominates at n0: it gave 100% of the latest 200 passes")
    assert text.endswith("switching costs you 1 s a job")
    assert fed(graph, jobs[:150]) == []  # it costs nothing
    assert fed(graph, jobs[:60]) == []  # too early to say


def test_a_model_that_changed_is_noticed():
    graph, rng = chain(2), np.random.default_rng(0)
    before = [course(graph, [((0,), (1.0,))], bool(rng.random() < 0.9), j) for j in range(200)]
    after = [course(graph, [((0,), (1.0,))], bool(rng.random() < 0.1), j) for j in range(20)]
    assert fed(graph, before) == []
    (text,) = fed(graph, before + after)
    assert text.startswith("n0c0 at n0 may have changed: it passed")
    assert " first tries, and 8" in text


def test_chance_alone_is_not_noticed():
    graph, rng = chain(1), np.random.default_rng(1)
    notices = Notices(Places(graph))
    for j in range(4000):
        notices.add(course(graph, [((0,), (1.0,))], bool(rng.random() < 0.8), j))
        if j % 5 == 0:
            assert notices.texts() == []


def test_only_first_tries_are_compared():
    graph = chain(2)
    first = [course(graph, [((0,), (1.0,))], True, j) for j in range(100)]
    # From now on n0c0 gets only what n0c1 has failed on: harder jobs, no drift.
    later = [course(graph, [((1,), (0.0,)), ((0,), (1.0,))], False, j) for j in range(40)]
    assert not any("n0c0 at" in text for text in fed(graph, first + later))
