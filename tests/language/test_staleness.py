from __future__ import annotations

from typing import Any

import pytest

from flexiflow.graph import Graph
from flexiflow.language import read, stale

HELPER = "def helper(y):\n    return y > {limit}"


def helper(limit: int) -> Any:
    made: dict[str, Any] = {}
    exec(HELPER.format(limit=limit), made)
    return made["helper"]


@pytest.fixture
def notebook(names: dict[str, Any]) -> dict[str, Any]:
    return {**names, "helper": helper(3), "unused": 1}


@pytest.fixture
def graph(notebook: dict[str, Any]) -> Graph:
    text = "w(x)\ny = (f | Reader(2) | any_of(models))(x)\nassert helper(y) and y < LIMIT"
    return read(text, notebook)


def test_nothing_has_changed(graph: Graph, notebook: dict[str, Any]) -> None:
    assert stale(graph, notebook) == []


def test_a_changed_helper_constant_and_model(graph: Graph, notebook: dict[str, Any]) -> None:
    notebook |= {"helper": helper(4), "LIMIT": 4, "models": [len], "unused": 2}
    assert stale(graph, notebook) == ["LIMIT", "helper", "models"]


def test_running_a_cell_again_unchanged_is_no_change(
    graph: Graph, notebook: dict[str, Any]
) -> None:
    notebook |= {"helper": helper(3), "LIMIT": int("3")}
    assert stale(graph, notebook) == []


def test_a_constant_of_another_type_is_a_change(graph: Graph, notebook: dict[str, Any]) -> None:
    assert stale(graph, {**notebook, "LIMIT": 3.0}) == ["LIMIT"]


def test_names_that_are_gone_and_words_do_not_count(graph: Graph) -> None:
    assert stale(graph, {"any_of": 3, "__name__": "elsewhere"}) == []
