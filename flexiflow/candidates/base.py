"""The seam behind which every kind of model looks the same.

A *kind* is a class with two methods: ``accepts(model)`` says whether it can hold this object,
and calling it runs the model on one input. ``Candidate`` joins a kind with a name, options
and a fingerprint. Kinds are tried in the order of ``flexiflow.candidates.KINDS``; a new kind
is one file and one line there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from flexiflow.errors import BadInput


class Result:
    """What a candidate may return to say more than its value.

    Parameters
    ----------
    value
        The output; what follows in the workflow receives this.
    confidence
        A number, larger is surer; read in assertions by ``confidence(name)``.
    extras
        Anything else; read by ``extra(name, "key")``.

    Examples
    --------
    >>> answer = Result("12 May 1984", confidence=0.93, boxes=[(3, 4, 90, 20)])
    >>> answer.value, answer.confidence, answer.extras["boxes"]
    ('12 May 1984', 0.93, [(3, 4, 90, 20)])
    """

    __slots__ = ("confidence", "extras", "value")

    def __init__(self, value: Any, confidence: float | None = None, **extras: Any) -> None:
        self.value, self.confidence, self.extras = value, confidence, extras

    def __repr__(self) -> str:
        return f"Result({self.value!r}, confidence={self.confidence!r}, extras={self.extras!r})"


@dataclass(frozen=True, slots=True)
class Options:
    """How a candidate is to be run; see :func:`candidate` for their meaning and units."""

    timeout: float | None = None
    cost: float = 0.0
    retries: int = 0
    rerolls: int = 0
    batch: int | None = None
    load: Callable[[], Any] | None = None
    release: Callable[[Any], None] | None = None
    isolate: Literal["process"] | None = None
    effects: bool = False
    device: str = "auto"

    def __post_init__(self) -> None:
        def need(name: str, good: bool, expected: str) -> None:
            if not good:
                raise BadInput(
                    f"The option {name!r} of a candidate must be {expected}. "
                    f"Got {getattr(self, name)!r} instead."
                )

        def number(x: object) -> bool:
            return isinstance(x, (int, float)) and not isinstance(x, bool)

        def whole(x: object) -> bool:
            return isinstance(x, int) and not isinstance(x, bool)

        t, b = self.timeout, self.batch
        need("timeout", t is None or (number(t) and t > 0), "seconds, above 0, or None")
        need("cost", number(self.cost) and 0 <= self.cost < float("inf"), "a number, 0 or more")
        need("retries", whole(self.retries) and self.retries >= 0, "a whole number, 0 or more")
        need("rerolls", whole(self.rerolls) and self.rerolls >= 0, "a whole number, 0 or more")
        need("batch", b is None or (whole(b) and b > 0), "a whole number, 1 or more, or None")
        need("load", self.load is None or callable(self.load), "a function without arguments")
        need("release", self.release is None or callable(self.release), "a function of the model")
        need("isolate", self.isolate in (None, "process"), "'process' or None")
        need("effects", isinstance(self.effects, bool), "True or False")
        need("device", isinstance(self.device, str), "'auto', 'cpu', 'cuda' or another device")
        if self.effects and (self.retries or self.rerolls):
            raise BadInput(
                "A candidate with effects=True runs once: it takes neither retries nor rerolls. "
                "Remove them, or the effect."
            )


class Declared(NamedTuple):
    """A model with its options, before the workflow has named it."""

    model: Any
    name: str | None
    options: Options


class Named(NamedTuple):
    """Models with the names they shall have in a workflow."""

    models: tuple[tuple[str, Any], ...]


class Alternatives(NamedTuple):
    """The models of ``any_of``: (name or None, model) each, in the user's order."""

    models: tuple[tuple[str | None, Any], ...]


OPTION_NAMES = tuple(f.name for f in fields(Options))


@runtime_checkable
class Kind(Protocol):
    """A kind of candidate: the seam that each file of this folder fills."""

    @classmethod
    def accepts(cls, model: Any) -> bool:
        """Whether this kind can hold ``model``; must be cheap and import nothing heavy."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model on one input; return its value or a :class:`Result`."""


@dataclass(frozen=True)
class Candidate:
    """One model of one node: its name, how to run it, and what identifies its behaviour.

    Attributes
    ----------
    name
        Unique within its node.
    model
        The user's own object.
    options
        How it is to be run.
    kind
        The callable that runs it (a filled seam).
    fingerprint
        Hex digest of its code, its parameters and its options: beliefs belong to it.
    """

    name: str
    model: Any = field(repr=False)
    options: Options
    kind: Callable[..., Any] = field(repr=False)
    fingerprint: str


class Raw(NamedTuple):
    """What came of running a candidate once, as told by the place where it ran."""

    kind: Literal["pass", "soft failure", "exception", "timeout", "unavailable", "refused"]
    value: Any = None
    confidence: float | None = None
    extras: dict[str, Any] | None = None
    seconds: float = 0.0
    reason: str | None = None
    retry_after: float | None = None
    cold: bool = False  #: whether it was the candidate's first run in its process
