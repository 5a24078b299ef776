"""Tables of sums: merging adds, state goes through JSON, broken state is refused."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexiflow.errors import BadInput
from flexiflow.posteriors import BetaBeliefs, Table


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40), st.integers(0, 40))
def test_merging_two_workers_is_one_worker_that_saw_both(seen, cut):
    one, first, second = BetaBeliefs(), BetaBeliefs(), BetaBeliefs()
    for at, (who, passed) in enumerate(seen):
        key = ("n", str(who))
        one.update(key, passed)
        (first if at < cut else second).update(key, passed)
    first.table.merge(second.table)
    keys = [("n", str(k)) for k in range(4)]
    for ours, theirs in zip(
        one.parameters(one.table.rows(keys)), first.parameters(first.table.rows(keys)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs)


def test_state_survives_json():
    table = Table(2)
    for k in range(40):
        table.add(("n", str(k % 20)), 1.0, 0.5 * k)
    again = Table(2)
    again.load(json.loads(json.dumps(table.state())))
    np.testing.assert_array_equal(again.sums, table.sums)
    assert again.row(("n", "7")) == table.row(("n", "7"))


GOOD = {"keys": [["n", "a"], ["n", "b"]], "sums": [[1.0, 2.0], [0.0, 3.0]]}


@pytest.mark.parametrize(
    ("path", "bad"),
    [
        (("sums", 0, 0), float("nan")),
        (("sums", 0, 0), float("inf")),
        (("sums", 0, 0), -1.0),
        (("sums", 0, 0), "x"),
        (("sums", 1), [1.0]),
        (("keys", 1), ["n", "a"]),
        (("keys", 1), ["n"]),
        (("keys", 1), [1, 2]),
        (("keys",), [["n", "a"]]),
        (("sums",), 3),
        (("keys",), None),
    ],
)
def test_a_broken_state_is_refused_and_changes_nothing(path, bad):
    state = copy.deepcopy(GOOD)
    at = state
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = bad
    table = Table(2)
    table.add(("n", "z"), 1.0, 1.0)
    with pytest.raises(BadInput, match="saved"):
        table.load(state)
    assert len(table) == 1
