"""Names to numbers, and a job's attempts back to the configurations it went through."""

import pytest
from watched import course, watched
from worlds import chain, diamond

from flexiflow.panels.places import Places, names_of


def test_candidates_are_numbered_node_by_node():
    places = Places(chain(2, 3))
    assert places.sizes == (2, 3)
    assert places.offsets == (0, 2)
    assert places.size == 5
    assert places.at["n1", "n1c2"] == 4
    assert places.chosen({"n0": "n0c1", "n1": "n1c2"}) == bytes([1, 2])
    assert places.chosen({"n1": "gone"}) == bytes([255, 255])


def test_tries_follow_switches_and_rollbacks():
    graph = chain(2, 2, 2)
    job = course(
        graph,
        [((0, 0, 0), (1.0, 2.0)), ((0, 1, 0), (4.0, 8.0)), ((1, 1, 0), (16.0, 32.0, 64.0))],
        passed=True,
        chances=[0.5, 0.25, 1.0],
    )
    tries = Places(graph).tries(job)
    assert [t.choice for t in tries] == [(0, 0, -1), (0, 1, 0), (1, 1, 0)]
    assert [t.seconds for t in tries] == [3.0, 12.0, 112.0]
    assert [t.passed for t in tries] == [False, False, True]
    assert Places(graph).first_try(job) == tries[0]
    assert Places(graph).first(job) == bytes([0, 0, 255])


def test_branches_that_do_not_depend_on_a_switch_stay():
    graph = diamond()
    places = Places(graph)
    one = course(graph, [((0, 0, 0, 0), (1.0, 1.0, 1.0, 1.0))], passed=False)
    again = one.attempts[1]._replace(candidate="two", decision=1, step=4)
    end = one.attempts[3]._replace(decision=1, step=5, kind="pass")
    job = type(one)(one.job._replace(passed=True), (*one.attempts, again, end), ())
    assert [t.choice for t in places.tries(job)] == [(0, 0, 0, 0), (0, 1, 0, 0)]


def test_the_chance_of_a_part_is_between_the_whole_and_its_rarest_node():
    graph = chain(2, 2, 2)
    whole = course(graph, [((0, 0, 0), (1.0, 1.0, 1.0))], passed=True, chances=[0.3])
    assert Places(graph).first_try(whole).chance == 0.3
    part = course(graph, [((0, 0, 0), (1.0, 1.0))], passed=False, chances=[0.3])
    a, b = part.attempts
    told = (a._replace(propensity=0.5), b._replace(propensity=0.9))
    job = type(part)(part.job, told, ())
    assert Places(graph).first_try(job).chance == pytest.approx(0.45)
    alone = type(part)(part.job, told[:1], ())
    assert Places(graph).first_try(alone).chance == 0.5
    unknown = type(part)(part.job, (a._replace(path_propensity=None),), ())
    assert Places(graph).first_try(unknown).chance is None


def test_jobs_of_an_older_definition_are_read_as_far_as_they_are_known():
    graph = chain(2)
    job = course(chain(3), [((2,), (1.0,))], passed=True)
    assert Places(graph).tries(job) == []
    assert Places(graph).first_try(job) is None


def test_a_workflow_as_plain_data():
    it, _, _, _ = watched(1)
    told = names_of(it.graph)
    assert told["inputs"] == [{"name": "x", "late": False}]
    assert told["nodes"][1] == {
        "name": "b", "targets": ["b"], "candidates": ["b1", "b2", "b3"], "parents": [0],
        "effects": False,
    }  # fmt: skip
    assert told["assertions"] == [{"text": "good(b)", "scope": [0, 1], "at": 1}]
    assert told["objectives"] == [{"text": "runtime", "sign": -1, "weight": 1.0, "word": "runtime"}]
    assert told["context"] == ["x % 3"]
