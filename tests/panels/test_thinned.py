"""An even sample in bounded memory, the same for who came early and who came late."""

import pytest

from flexiflow.panels.thinned import Thinned


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("many", [1, 7, 8, 9, 100, 1023])
def test_what_is_kept_is_every_so_many_th(many, offset):
    history = Thinned[int](8, offset)
    for place in range(offset, offset + many):
        assert history.due(place) == ((place - offset) % history.every == 0)
        history.add(place, -place)
        assert len(history.rows) <= 8
    wanted = list(range(offset, offset + many, history.every))
    assert history.places == wanted
    assert history.rows == [-p for p in wanted]
    assert history.every == 1 or len(wanted) > 4


def test_since_is_the_first_beyond_a_place():
    history = Thinned[str](4)
    for place in range(9):
        history.add(place, "")
    assert history.places == [0, 4, 8]
    assert [history.since(p) for p in (-1, 0, 3, 4, 8, 9)] == [0, 1, 1, 2, 3, 3]
