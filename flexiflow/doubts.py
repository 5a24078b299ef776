"""Telling the user's own mistakes from models that fail.

An assertion that raises the same error at the same place on every check of the first five
jobs is a mistake in the assertion itself. Then the run stops with that error, and nothing is
learned from those jobs. Until that is settled, what they would teach is held back.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from flexiflow.checks import NOTE, blame_user
from flexiflow.graph import Graph
from flexiflow.records import Outcome

PATIENCE = 5  # jobs
_PACKAGE = str(Path(__file__).parent)


class Place(NamedTuple):
    """Where an error came from: the same place is the same mistake."""

    error: type[BaseException]
    filename: str
    line: int


def place_of(error: BaseException) -> Place:
    """Where an error was raised: the innermost frame."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return Place(type(error), last.filename if last else "", (last.lineno or 0) if last else 0)


class Doubts:
    """Assertions that have raised on every check so far; see the module's text."""

    def __init__(self) -> None:
        self._sound: set[int] = set()
        self._suspects: dict[int, Place] = {}
        self._jobs: dict[int, int] = {}
        self._held: list[Outcome] = []

    def trust(self, assertions: Iterable[int]) -> None:
        """Take assertions as sound from now on."""
        self._sound.update(assertions)

    def settle(
        self, graph: Graph, outcome: Outcome, sound: set[int],
        raised: Mapping[int, Sequence[BaseException]],
    ) -> list[Outcome]:  # fmt: skip
        """Take in an ended job; give back the outcomes that may be learned from now.

        Parameters
        ----------
        sound
            Assertions with a check in this job that did not raise.
        raised
            Assertion -> what its other checks raised.

        Raises
        ------
        Exception
            The user's own error once it was there on ``PATIENCE`` jobs.
        """
        self._sound |= sound
        for a, errors in raised.items():
            if a in self._sound:
                continue
            places = {place_of(e) for e in errors}
            suspect = self._suspects.setdefault(a, next(iter(places)))
            if places != {suspect}:
                self._sound.add(a)
                continue
            self._jobs[a] = self._jobs.get(a, 0) + 1
            if self._jobs[a] >= PATIENCE:
                self._held.clear()
                it = graph.assertions[a]
                raise blame_user(errors[-1], "assertion", it.text, it.line)
        if any(a not in self._sound for a in raised):
            self._held.append(outcome)
            return []
        if set(self._suspects) - self._sound:
            return [outcome]
        released, self._held = self._held, []
        return [*released, outcome]


class users_own_frames:  # noqa: N801  # reads as the statement it is
    """Context in which an error that is the user's loses the frames of ours above it."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Leave the user's own frames only."""
        if any(note.startswith(NOTE) for note in getattr(error, "__notes__", ())):
            assert error is not None
            frame = error.__traceback__
            while frame is not None and frame.tb_frame.f_code.co_filename.startswith(_PACKAGE):
                frame = frame.tb_next
            raise error.with_traceback(frame) from None
