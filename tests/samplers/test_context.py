"""A job's context as numbers, against NumPy on all jobs at once."""

import itertools
import json
import math

import numpy as np
import pytest

from flexiflow.errors import BadInput
from flexiflow.samplers.context import Context

MISSING = [None, math.nan, math.inf, -math.inf, 10**400, "absent"]


def squeezed(values):
    return np.sign(values) * np.log1p(np.abs(values))


def learned(jobs, fourier=64):
    context = Context(fourier)
    for job in jobs:
        context.learn(job)
    return context


def by_name(context, job):
    return dict(zip(context.entries, context.encode(job).tolist(), strict=True))


def job_with(value, **more):
    """A job whose x is missing in one of several ways, or there."""
    return more if value == "absent" else {"x": value, **more}


def test_numbers_are_standardised_by_all_jobs_learned_from():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 2)) * [1.0, 1e6] + [3.0, 0.0]
    values[:, 1] **= 3
    context = learned({"a": a, "b": b} for a, b in values.tolist())
    z = squeezed(values)
    z = np.clip((z - z.mean(axis=0)) / z.std(axis=0), -4, 4)
    found = [context.encode({"b": b, "a": a}) for a, b in values.tolist()]
    assert context.entries == ("a", "b")
    np.testing.assert_allclose(found, z, atol=1e-9)


def test_what_is_far_out_is_cut_off():
    context = learned({"x": float(x)} for x in range(50))
    high = context.encode({"x": 1e30})
    assert 3 < high[0] < 6
    assert np.array_equal(context.encode({"x": 1e300}), high)
    assert np.array_equal(context.encode({"x": -1e300}), -high)


def test_a_number_that_never_varies_tells_nothing():
    context = learned([{"x": 7.0}] * 5)
    assert context.encode({"x": 7.0}).tolist() == context.encode({"x": 70.0}).tolist() == [0.0]


@pytest.mark.parametrize("missing", MISSING, ids=str)
def test_a_missing_number_is_the_mean_with_an_indicator(missing):
    rng = np.random.default_rng(1)
    values, there = rng.exponential(size=80), rng.random(80) < 0.7
    context = learned(
        job_with(x if here else missing) for x, here in zip(values.tolist(), there, strict=True)
    )
    assert context.entries == ("x", "x?")
    assert context.encode(job_with(missing)).tolist() == [0.0, 1.0]
    z = squeezed(values[there])
    expected = (squeezed(1.5) - z.mean()) / z.std()
    np.testing.assert_allclose(context.encode({"x": 1.5}), [expected, 0.0], atol=1e-12)


def test_an_indicator_stands_from_the_first_time_a_number_is_missing():
    context = learned([{"x": 1.0, "y": 2.0}, {"x": 2.0, "y": 3.0}])
    assert context.entries == ("x", "y")
    assert context.encode({"x": None, "y": 3.0})[0] == 0.0  # not met yet: no entry, no fuss
    context.learn({"x": None, "y": 1.0})
    assert context.entries == ("x", "y", "x?")


def test_categories_and_booleans_are_one_hot():
    context = learned([{"kind": "date", "dark": True}, {"kind": "name", "dark": False}])
    assert context.entries == ("kind=date", "dark=True", "kind=name", "dark=False")
    assert context.encode({"kind": "name", "dark": True}).tolist() == [0.0, 1.0, 1.0, 0.0]
    assert context.encode({"kind": "never met", "dark": None}).tolist() == [0.0] * 4
    assert context.encode({}).tolist() == [0.0] * 4


def test_a_feature_has_only_so_many_values_with_an_entry():
    context = learned({"kind": f"v{k}", "x": float(k)} for k in range(300))
    assert len(context) == 1 + 32
    named = [name for name in context.entries if name.startswith("kind=")]
    assert len(named) == 32
    assert not any(by_name(context, {"kind": "v299", "x": 0.0})[name] for name in named)
    assert by_name(context, {"kind": "v3", "x": 0.0})["kind=v3"] == 1.0


def test_a_vector_is_its_entries():
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(60, 3))
    context = learned({"face": v} for v in vectors.tolist())
    apart = learned({f"face[{k}]": x for k, x in enumerate(v)} for v in vectors.tolist())
    assert context.entries == apart.entries == ("face[0]", "face[1]", "face[2]")
    some = {"face": [0.1, -2.0, 3.0]}
    np.testing.assert_array_equal(
        context.encode(some), apart.encode({f"face[{k}]": x for k, x in enumerate(some["face"])})
    )


def test_vectors_may_change_their_length_or_be_missing():
    context = learned([{"v": [1.0]}, {"v": [2.0, 5.0]}, {"v": [3.0, 7.0]}, {"v": None}])
    assert context.entries == ("v[0]", "v[1]", "v[0]?", "v[1]?")
    short = by_name(context, {"v": (2.0,)})
    assert (short["v[0]?"], short["v[1]"], short["v[1]?"]) == (0.0, 0.0, 1.0)
    assert by_name(context, {"v": "no vector"})["v[0]?"] == 1.0
    assert np.array_equal(context.encode({"v": [2.0, 5.0, 9.0]}), context.encode({"v": [2.0, 5.0]}))


def test_there_is_an_end_to_entries():
    context = learned([{"long": [float(k) for k in range(1000)], "late": 1.0, "kind": "a"}])
    assert len(context) == 400
    assert context.encode({"long": [1.0] * 1000, "late": 2.0, "kind": "a"}).shape == (400,)
    context.learn({"long": [2.0] * 1000, "later": 3.0})
    assert len(context) == 400


def test_a_feature_may_change_its_kind():
    context = learned([{"x": 1.0}, {"x": 3.0}, {"x": "text"}, {"x": True}])
    assert set(context.entries) == {"x", "x=text", "x=True", "x?"}
    told = by_name(context, {"x": "text"})
    assert (told["x"], told["x=text"], told["x?"]) == (0.0, 1.0, 1.0)


def test_before_anything_is_met_there_is_nothing():
    context = Context(8)
    assert len(context) == 0
    assert context.encode({"x": 1.0}).shape == (0,)
    assert context.bend(context.encode({})).tolist() == [0.0] * 8


def test_the_order_in_which_entries_are_met_does_not_matter_to_the_fourier_features():
    jobs = [{"a": 1.0, "b": "x", "c": [2.0, 3.0]}, {"a": 2.0, "b": "y", "c": [1.0, 5.0]}]
    turned = [dict(reversed(job.items())) for job in jobs]
    one, other = learned(jobs), learned(turned)
    assert one.entries != other.entries
    for job in jobs:
        np.testing.assert_allclose(
            one.bend(one.encode(job)), other.bend(other.encode(job)), atol=1e-12
        )


def test_an_entry_that_is_added_leaves_the_others_as_they_are():
    context = learned([{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": -1.0}])
    entries = np.array([0.7, -1.2])
    before = context.bend(entries * math.sqrt(2 / 3))  # distances are per entry
    context.learn({"a": 2.0, "b": 1.0, "new": "category"})
    np.testing.assert_allclose(context.bend(np.append(entries, 0.0)), before, atol=1e-12)


def test_inner_products_approximate_the_gaussian_kernel():
    many, d = 4096, 5
    context = learned([{"v": [0.0] * d}], fourier=many)
    points = np.random.default_rng(3).normal(size=(12, d)) * 1.5
    bent = np.array([context.bend(p) for p in points])
    apart = ((points[:, None] - points) ** 2).sum(axis=-1) / d
    np.testing.assert_allclose(bent @ bent.T, np.exp(-apart / 2), atol=5 / math.sqrt(many))


def some_jobs(n, seed):
    """Jobs with everything: numbers, missing ones, categories, booleans, vectors."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        yield {
            "x": float(rng.normal()) if rng.random() < 0.8 else None,
            "kind": str(rng.choice(["a", "b", "c"])),
            "flag": bool(rng.integers(2)),
            "v": rng.exponential(size=2 + k % 2).tolist(),
            **({"rare": float(k)} if rng.random() < 0.2 else {}),
        }


@pytest.mark.parametrize(("first", "second"), [(30, 50), (0, 40), (40, 0)])
def test_two_that_merge_know_what_one_knows_that_saw_both(first, second):
    ours, theirs = list(some_jobs(first, 4)), list(some_jobs(second, 5))
    merged, both = learned(ours), learned(itertools.chain(ours, theirs))
    merged.merge(learned(theirs))
    assert set(merged.entries) >= set(both.entries) - {"rare?"}
    for job in some_jobs(10, 6):
        found = by_name(merged, job)
        for name, value in by_name(both, job).items():
            assert found.get(name, value) == pytest.approx(value, abs=1e-9)
    job = next(some_jobs(1, 7))
    merged.learn({**job, "v": [1.0, 2.0, 3.0, 4.0]})  # and it goes on learning
    assert "v[3]" in merged.entries


def test_the_state_goes_through_json_and_goes_on_learning():
    context = learned(some_jobs(40, 8), fourier=16)
    again = Context(16)
    again.state = json.loads(json.dumps(context.state))
    for job in some_jobs(20, 9):
        assert again.entries == context.entries
        ours, theirs = context.encode(job), again.encode(job)
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(context.bend(ours), again.bend(theirs))
        for one in (context, again):
            one.learn(job)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("seen", []),
        ("seen", [[1.0, math.nan, 0.0]]),
        ("seen", [[-1.0, 0.0, 0.0]]),
        ("seen", [[1.0, 0.0, -1.0]]),
        ("seen", [[1.0, 0.0]]),
        ("seen", "text"),
        ("numbers", ["never met"]),
        ("vectors", ["v"]),
        ("categories", {"kind": "many"}),
        ("entries", None),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(part, value):
    context = learned([{"x": 1.0}, {"x": 2.0}])
    state = context.state
    with pytest.raises((BadInput, KeyError, TypeError, ValueError, AttributeError)):
        context.state = {**state, part: value}
    assert context.state == state
