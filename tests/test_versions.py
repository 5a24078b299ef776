"""What counts as the same value, and what a job's memo knows."""

import itertools

import numpy as np
import pytest
import torch
from worlds import chain, diamond

from flexiflow.candidates import Raw
from flexiflow.versions import Memo, Version, digest, read_only


class Own:
    pass


SAME = [
    (1, 1),
    ("a", "a"),
    ("é\ud800", "é\ud800"),
    (b"x", b"x"),
    (float("nan"), float("nan")),
    ([1, {"k": (2.0, None)}], [1, {"k": (2.0, None)}]),
    ({3, 1, 2}, {2, 3, 1}),
    (np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3)),
    (np.arange(6).reshape(2, 3).T, np.array([[0, 3], [1, 4], [2, 5]])),
    (np.float32(0.5), np.float32(0.5)),
    (np.zeros((0, 3)), np.zeros((0, 3))),
    (torch.arange(3), torch.arange(3)),
    (torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.bfloat16)),
]
DIFFERENT = [
    (1, True),
    (1, 1.0),
    (0.0, -0.0),
    ("a", b"a"),
    ([1], (1,)),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),  # the order of a dictionary can be seen
    (["ab"], ["a", "b"]),
    ([["a"], "b"], [["a", "b"]]),
    (np.arange(6), np.arange(6).reshape(2, 3)),
    (np.zeros(2, "f4"), np.zeros(2, "f8")),
    (torch.zeros(2), np.zeros(2, "f4")),
    (torch.zeros(2), torch.zeros(2, requires_grad=False).double()),
]


@pytest.mark.parametrize(("a", "b"), SAME)
def test_equal_contents_have_one_digest(a, b):
    assert digest(a) is not None
    assert digest(a) == digest(b)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different_contents_or_types_differ(a, b):
    assert digest(a) is not None
    assert digest(a) != digest(b)


def test_pictures_are_compared_by_their_pixels():
    image = pytest.importorskip("PIL.Image", reason="pillow comes with the extra 'demo'")
    one, two = image.new("RGB", (4, 3), "red"), image.new("RGB", (4, 3), "red")
    assert digest(one) == digest(two)
    two.putpixel((0, 0), (0, 0, 0))
    assert digest(one) != digest(two)


def deep():
    value = []
    for _ in range(5000):
        value = [value]
    return value


def cyclic():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "make",
    [object, Own, lambda: [Own()], lambda: {Own()}, lambda: np.array([Own()]), deep, cyclic,
     lambda: 10**5000],
)  # fmt: skip
def test_what_cannot_be_compared_has_none(make):
    assert digest(make()) is None


def passed(value, **more):
    return Raw("pass", value, **more)


def test_equal_outputs_of_a_node_are_one_version_and_others_are_not():
    memo = Memo(chain(3, 2))
    first = memo.keep(0, 0, (), passed([1, 2]))
    second = memo.keep(0, 1, (), passed([1, 2]))
    third = memo.keep(0, 2, (), passed([1, 3]))
    other_node = memo.keep(1, 0, (0,), passed([1, 2]))
    assert isinstance(first, Version)
    assert second is first
    assert third.number != first.number
    assert other_node.number not in (first.number, third.number)


def test_the_same_value_with_another_confidence_is_another_version():
    memo = Memo(chain(3))
    first = memo.keep(0, 0, (), passed("a", confidence=0.2))
    assert memo.keep(0, 1, (), passed("a", confidence=0.9)) is not first
    assert memo.keep(0, 2, (), passed("a", confidence=0.2)) is first


def test_objects_that_cannot_be_compared_are_the_same_only_by_identity():
    memo, shared = Memo(chain(3)), Own()
    first = memo.keep(0, 0, (), passed(shared))
    assert memo.keep(0, 1, (), passed(shared)) is first
    assert memo.keep(0, 2, (), passed(Own())) is not first


def test_failures_are_remembered_too():
    memo = Memo(chain(2))
    failure = Raw("exception", reason="ValueError: no")
    assert memo.keep(0, 1, (), failure) is failure
    assert memo.get(0, 1, ()) is failure
    assert memo.get(0, 0, ()) is None


def brute_known(graph, memo):
    """What is known, by walking every configuration."""
    known = [{} for _ in graph.nodes]
    for c in itertools.product(*[range(len(n.choices)) for n in graph.nodes]):
        numbers = {}
        for v, parents in enumerate(graph.parents):
            if not all(p in numbers for p in parents):
                continue
            result = memo.get(v, c[v], tuple(numbers[p] for p in parents))
            if result is None:
                continue
            key = tuple(c[u] for u in graph.lineage[v])
            if isinstance(result, Version):
                numbers[v] = result.number
                known[v][key] = result.number
            else:
                known[v][key] = None
    return known


@pytest.mark.parametrize("seed", range(8))
def test_what_is_known_without_running_agrees_with_a_walk_over_everything(seed):
    rng = np.random.default_rng(seed)
    graph = diamond() if seed % 2 else chain(3, 2, 3)
    memo = Memo(graph)
    for _ in range(12):  # random runs; outputs repeat often, so that versions are shared
        numbers = {}
        for v, parents in enumerate(graph.parents):
            upstream = tuple(numbers[p] for p in parents)
            choice = int(rng.integers(len(graph.nodes[v].choices)))
            result = memo.get(v, choice, upstream)
            if result is None:
                fails = rng.random() < 0.2
                raw = Raw("exception") if fails else passed(int(rng.integers(2)))
                result = memo.keep(v, choice, upstream, raw)
            if not isinstance(result, Version):
                break
            numbers[v] = result.number
    assert memo.known() == brute_known(graph, memo)
    assert any(memo.known())


def test_arrays_are_handed_on_read_only_without_touching_the_users_own():
    own = np.zeros(3)
    handed = read_only(own)
    with pytest.raises(ValueError, match="read-only"):
        handed[0] = 1
    own[0] = 1.0
    assert handed[0] == 1.0
    assert read_only(handed) is handed
    assert read_only("text") == "text"
