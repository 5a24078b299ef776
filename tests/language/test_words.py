from __future__ import annotations

from typing import Any

import pytest

from flexiflow.errors import FlexiFlowError
from flexiflow.language import WORDS, cost, runtime
from flexiflow.language.grammar import BELONGS

CALLS: dict[str, tuple[Any, ...]] = {
    "maximize": (1,),
    "minimize": (1, 0.5),
    "context": (1, 2),
    "confidence": (1,),
    "extra": (1, "boxes"),
    "threshold": (0.75,),
    "runtime": (),
    "cost": (),
}


@pytest.mark.parametrize(("word", "arguments"), CALLS.items())
def test_outside_a_workflow_a_word_says_where_it_belongs(
    word: str, arguments: tuple[Any, ...]
) -> None:
    called: Any = WORDS[word]
    with pytest.raises(FlexiFlowError, match=f"{word} is a word of the workflow language"):
        called(*arguments)


def test_the_quantities_say_what_they_are() -> None:
    assert repr(runtime) == "runtime (seconds over all attempts of a job)"
    assert repr(cost) == "cost (declared price over all attempts of a job)"


def test_every_word_knows_where_it_belongs() -> None:
    assert set(WORDS) == set(BELONGS)
