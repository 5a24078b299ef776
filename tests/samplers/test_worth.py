"""What a passed output is worth: means against brute force, labels early, late and corrected."""

import json

import numpy as np
import pytest
from cells import cell
from worlds import chain

from flexiflow import BadInput, Hybrid, MemoryStore
from flexiflow.samplers.space import Space
from flexiflow.samplers.worth import Worth

S = 4.0  # what a mean is shrunken to weighs as much as so many labels


def configurations(graph):
    for choices in np.ndindex(*[len(n.choices) for n in graph.nodes]):
        yield {
            n.name: graph.candidate(v, k).fingerprint
            for v, (n, k) in enumerate(zip(graph.nodes, choices, strict=True))
        }


class Quiet:
    """Random numbers that are all 0: draws are means."""

    def normal(self, size):
        return np.zeros(size)


def learned(graph, seed=0, labels=40):
    rng, every, worth, told = np.random.default_rng(seed), list(configurations(graph)), Worth(), []
    for _ in range(labels):
        told.append((every[rng.integers(len(every))], float(rng.normal()), rng.random() < 0.3))
        configuration, value, later = told[-1]
        worth.add(configuration, value, later=later)
    return worth, told


def test_expected_terms_are_shrunken_means_of_candidates_and_configurations():
    graph = chain(3, 2)
    worth, told = learned(graph)
    space = Space(graph)
    drawn = worth.of_candidates(space, 1, Quiet())
    mean = np.mean([value for _, value, _ in told])
    parts = [[v for _, v, s in told if s == later] for later in (False, True)]
    means = [(sum(part) + S * mean) / (len(part) + S) for part in parts]
    for later in (False, True):
        found = worth.of_configurations(space, drawn[int(later)], space.everything, later)[0]
        for at, configuration in enumerate(configurations(graph)):
            expected = means[later]
            for member in configuration.items():
                mine = [(v - means[s], s) for c, v, s in told if member in c.items()]
                here, there = (
                    [v for v, s in mine if (s == later) == same] for same in (True, False)
                )
                elsewhere = sum(there) / (len(there) + S)
                expected += (sum(here) + S * elsewhere) / (len(here) + S)
            own = [v for c, v, s in told if c == configuration and s == later]
            expected = (S * expected + sum(own)) / (S + len(own))
            assert found[at] == pytest.approx(expected, abs=1e-8)


def test_who_is_best_after_a_failure_is_learned_apart():
    graph = chain(2)
    first, second = configurations(graph)
    worth = Worth()
    for _ in range(50):
        worth.add(first, 0.9)
        worth.add(second, 0.8)
        worth.add(first, 0.2, later=True)
        worth.add(second, 0.7, later=True)
    space = Space(graph)
    drawn = worth.of_candidates(space, 1, Quiet())
    best = [
        worth.of_configurations(space, drawn[int(s)], space.everything, s)[0].argmax()
        for s in (False, True)
    ]
    assert best == [0, 1]


def test_draws_spread_less_the_more_is_known():
    graph = chain(2)
    spreads = []
    for labels in (10, 1000):
        worth, _ = learned(graph, labels=labels)
        rng = np.random.default_rng(1)
        spreads.append(worth.of_candidates(Space(graph), 4000, rng)[0].std(axis=0).max())
    count, total, squares = worth.total.sum(axis=0)
    variance = squares / count - (total / count) ** 2
    fewest = min(seen[0, 0] for seen in worth.members.values())
    assert spreads[1] == pytest.approx(np.sqrt(variance / (fewest + S)), rel=0.1)
    assert spreads[1] < spreads[0] / 4


def test_what_is_taken_back_was_never_there():
    worth, told = learned(chain(2, 2))
    before = json.dumps(worth.state())
    worth.add(told[0][0], 7.5)
    worth.add(told[0][0], 7.5, times=-1.0)
    assert np.allclose(worth.total, json.loads(before)["total"])


def test_two_workers_add_up():
    graph = chain(2, 2)
    (one, _), (two, _) = learned(graph, 1), learned(graph, 2)
    both = Worth()
    for worth in (one, two):
        both.merge(worth)
    assert np.allclose(both.total, one.total + two.total)
    member = next(iter(one.members))
    assert np.allclose(both.members[member], one.members[member] + two.members[member])


def test_the_state_goes_through_json_and_bad_ones_are_refused():
    worth, _ = learned(chain(2, 2))
    again = Worth()
    again.load(json.loads(json.dumps(worth.state())))
    assert again.state() == worth.state()
    with pytest.raises(ValueError, match="finite"):
        Worth().load({"total": [[1.0, float("nan"), 1.0]] * 2, "members": [], "whole": []})


QUICK_OR_RIGHT = """f(x, label=None)
y = (quick | right)(x)
assert y
maximize(same(y, label), weight=1)
minimize(runtime, weight={weight})
"""
MODELS = {
    "quick": lambda x: "right" if x % 2 else "wrong",
    "right": lambda x: "right",
    "same": lambda y, label: float(y == label),
}
SECONDS = {"quick": 1.0, "right": 2.0}


def first_choices(it, jobs, seed):
    run = it.run([{"x": k} for k in range(jobs)], seed=seed, clock=lambda n, v, c: SECONDS[c])
    first = run.attempts.group_by("job_id", maintain_order=True).first()
    return run, first["candidate"].to_list()


@pytest.mark.parametrize(("weight", "better"), [(0.1, "right"), (0.9, "quick")])
def test_late_labels_decide_between_quick_and_right_by_what_seconds_cost(weight, better):
    it = cell(QUICK_OR_RIGHT.format(weight=weight), MODELS, store=MemoryStore())
    run, first = first_choices(it, 30, 1)
    assert first.count("quick") >= 27  # without labels all passes count alike
    for number, job_id in enumerate(run.jobs["job_id"]):
        it.feedback(job_id, label="right" if number % 2 else "other")
    for seed in range(2, 6):  # what is not tried yet is tried as long as it may be better
        run, first = first_choices(it, 40, seed)
        for job_id in run.jobs["job_id"][:10]:
            it.feedback(job_id, label="right")
    assert first[-20:].count(better) >= 18


def test_a_label_that_is_corrected_counts_once_and_a_restart_knows_it():
    store = MemoryStore()
    it = cell(QUICK_OR_RIGHT.format(weight=0.1), MODELS, store=store)
    run, first = first_choices(it, 3, 1)
    job_id = run.jobs["job_id"][0]
    it.feedback(job_id, label="nothing like it")
    it.feedback(job_id, label=MODELS[first[0]](0))
    (worth,) = (w for name, w in it.sampler.about("f").worth.items() if "same" in name)
    assert worth.total.sum(axis=0).tolist() == [1.0, 1.0, 1.0]
    again = cell(QUICK_OR_RIGHT.format(weight=0.1), MODELS, store=store)
    again.run([])
    (same,) = (w for name, w in again.sampler.about("f").worth.items() if "same" in name)
    assert same.total.sum(axis=0).tolist() == [1.0, 1.0, 1.0]


def test_explain_says_who_was_to_blame():
    text = "f(x)\none = (a | b)(x)\ntwo = (c | d)(one)\nassert good(two)"
    models = {k: (lambda x, k=k: x + k) for k in "abcd"}
    it = cell(text, {**models, "good": lambda two: "b" in two}, store=MemoryStore())
    it.run([{"x": ""}] * 40, seed=3, clock=lambda *_: 1.0)
    store = it.store
    jobs = store.read("jobs")
    job_id = jobs.filter(jobs["attempts"] > 2)["job_id"][0]
    told = it.explain(job_id)
    assert told.blame[("one", "a")] < 0.2 < told.blame[("one", "b")]
    assert "good enough for this job: one=a" in repr(told)


def test_explain_says_what_outputs_are_expected_to_be_worth_here():
    """The means of first tries, shrunken towards that of all, in closed form."""
    it = cell(QUICK_OR_RIGHT.format(weight=0.1), MODELS, store=MemoryStore())
    run, first = first_choices(it, 30, 1)
    assert it.explain().expected == run.explain(it.last.job_id).expected == {}
    given = run.jobs["job_id"].to_list()
    for number, job_id in enumerate(given):
        right = MODELS[first[number]](number)
        it.feedback(job_id, label=right if number % 3 else "nothing like it")
    ((term, told),) = run.explain(given[0]).expected.items()
    assert it.explain().expected == {term: told}
    right = np.arange(30) % 3 > 0
    mean = (right.sum() + 4 * right.mean()) / 34  # no try was a later one
    for (node, name), value in told.items():
        mine = np.array(first) == name
        own = (right[mine].sum() - mine.sum() * mean) / (mine.sum() + 4)
        assert (node, value) == ("y", pytest.approx(mean + own))
    assert {name for _, name in told} == set(first)
    assert f"if passed, {term} is expected to be: y=" in repr(it.explain())


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(BadInput, match="'auto', 'cpu' or 'cuda'"):
        Hybrid(device="tpu")
    torch = pytest.importorskip("torch", reason="the contextual expert lives in torch")
    if not torch.cuda.is_available():
        with pytest.raises(BadInput, match="finds no GPU"):
            Hybrid(device="cuda")
