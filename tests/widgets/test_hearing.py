"""A page is answered where it asked, if ipykernel keeps another place in mind."""

from types import SimpleNamespace

from flexiflow.widgets.hearing import answer_where_asked


def test_the_place_kept_in_mind_is_forgotten_where_there_is_one():
    comm = SimpleNamespace(_reply_subshell_for="cells")
    answer_where_asked(comm)
    assert comm._reply_subshell_for is None


def test_another_comm_is_left_as_it_is():
    comm = SimpleNamespace()
    answer_where_asked(comm)
    assert vars(comm) == {}
