import pytest
from contracts.sampler_contract import SamplerContract
from worlds import chain

from flexiflow.errors import BadInput
from flexiflow.samplers import Fixed, JobState


class TestFixed(SamplerContract):
    make = Fixed


def configurations(sampler, graph):
    state, seen = JobState(graph, seed=0), []
    while (decision := sampler.propose([state])[0]) is not None:
        seen.append(decision.configuration)
        state.exclude((0, 1), decision.configuration)
    return seen


def test_the_written_order_changes_the_last_node_first():
    expected = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert configurations(Fixed(), chain(2, 3)) == expected


def test_a_given_order_comes_first_and_the_rest_as_written():
    order = [{"n0": "n0c1", "n1": "n1c2"}, {"n0": "n0c0", "n1": "n1c1"}]
    seen = configurations(Fixed(order), chain(2, 3))
    assert seen == [(1, 2), (0, 1), (0, 0), (0, 2), (1, 0), (1, 1)]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"n0": "n0c0"}, "must name a candidate for each of the nodes"),
        ({"n0": "n0c0", "n1": "fast"}, "no candidate 'fast'. It has"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(order, message):
    with pytest.raises(BadInput, match=message):
        Fixed([order]).propose([JobState(chain(2, 3), seed=0)])
