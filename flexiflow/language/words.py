"""The words of the language, as objects that can be imported.

Inside a workflow the reader takes them out of the text and they never run; importing them
only tells linters and readers where the names come from. Run as ordinary Python they say
where they belong.
"""

from __future__ import annotations

from typing import Any, NoReturn, cast

from flexiflow.candidates import any_of, candidate, named
from flexiflow.errors import FlexiFlowError


def _outside(word: str, example: str) -> NoReturn:
    raise FlexiFlowError(
        f"{word} is a word of the workflow language and ran as ordinary Python. Use it inside "
        f"a cell that begins with %%flexiflow or a function under @flexiflow.workflow: {example}"
    )


class Quantity:
    """A number that is known once a job has run: ``runtime`` or ``cost``."""

    def __init__(self, name: str, meaning: str) -> None:
        self.name, self.meaning = name, meaning

    def __repr__(self) -> str:
        return f"{self.name} ({self.meaning})"

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse to be called: it is a number, known inside a workflow only."""
        _outside(self.name, f"minimize({self.name})")


runtime = cast(float, Quantity("runtime", "seconds over all attempts of a job"))
cost = cast(float, Quantity("cost", "declared price over all attempts of a job"))


def maximize(expression: object, weight: float = 1) -> None:
    """Ask for a large value of an expression over inputs and nodes; ``weight`` is its price.

    Raises
    ------
    FlexiFlowError
        Outside a workflow.
    """
    _outside("maximize", "maximize(exact_match(text, label))")


def minimize(expression: object, weight: float = 1) -> None:
    """Ask for a small value, often of ``runtime`` (seconds) or ``cost``.

    Raises
    ------
    FlexiFlowError
        Outside a workflow.
    """
    _outside("minimize", "minimize(runtime, weight=0.1)")


def context(*features: object) -> None:
    """Say what is known of a job before it runs: numbers, booleans, categories, vectors.

    Raises
    ------
    FlexiFlowError
        Outside a workflow.
    """
    _outside("context", "context(brightness(image))")


def confidence(node: object) -> float:
    """Read how sure the candidate was that made a node's value; larger is surer.

    Raises
    ------
    FlexiFlowError
        Outside a workflow.
    """
    _outside("confidence", "assert confidence(text) > 0.8")


def extra(node: object, key: str, default: object = None) -> Any:
    """Read what else a candidate returned with its value, by its key.

    Raises
    ------
    FlexiFlowError
        Outside a workflow.
    """
    _outside("extra", 'assert len(extra(text, "boxes")) > 0')


def threshold(start: float, name: str | None = None, by: object = None) -> float:
    """Put a number into an assertion that can be moved while the workflow runs.

    Where the assertion is one comparison with it, and labels say what outputs are worth, the
    sampler moves it: for each candidate, and with ``by`` for each value of that (a predicted
    class, say), to where accepting an output is worth as much as going on.

    Raises
    ------
    FlexiFlowError
        Outside a workflow.
    """
    _outside("threshold", "assert confidence(text) >= threshold(0.75)")


WORDS: dict[str, object] = {
    "any_of": any_of,
    "candidate": candidate,
    "confidence": confidence,
    "context": context,
    "cost": cost,
    "extra": extra,
    "maximize": maximize,
    "minimize": minimize,
    "named": named,
    "runtime": runtime,
    "threshold": threshold,
}
