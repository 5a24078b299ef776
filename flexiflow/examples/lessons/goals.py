"""Two goals for a workflow of several steps, and whether a lesson reaches them.

Right 23 % more often (relative) than plain Thompson sampling without a second try, or than the
best single path; and as often right as trial of whole paths from scratch in 48 % less time: what
is published, at most, of workflows that go back [1]_. Where a goal is not reached, what the
oracle would give tells whether any policy could.

References
----------
.. [1] Jindal et al. (2026). FlexiFlow. https://arxiv.org/abs/2610.07286
"""

from __future__ import annotations

from flexiflow.errors import BadInput
from flexiflow.examples.lessons.policies import Fared, oracle
from flexiflow.examples.lessons.report import Lesson

MORE_RIGHT, LESS_TIME = 0.23, 0.48


def goals(lesson: Lesson) -> str:
    """Tell in two lines how far a lesson's figures are from the two goals.

    Parameters
    ----------
    lesson
        On a workflow of several nodes.

    Raises
    ------
    BadInput
        The workflow has one node: there is nothing to go back to, nor to use again.
    """
    if lesson.plain is None:
        raise BadInput("These goals are for workflows of several steps. Got one with a single one.")
    best = oracle(lesson.record)
    return f"{_accuracy(lesson, lesson.plain, best)}\n{_time(lesson, best)}"


def _accuracy(lesson: Lesson, plain: Fared, best: Fared) -> str:
    asked = [("plain Thompson", plain), ("the best single path", lesson.best)]
    gains = [_more(lesson.flow, it) for _, it in asked]
    beside = " and ".join(
        f"{gain:+.0%} beside {name} ({it.right.mean():.1%})"
        for gain, (name, it) in zip(gains, asked, strict=True)
    )
    most = " and ".join(f"{_more(best, it):+.0%}" for _, it in asked)
    return (
        f"more right    {beside}; the oracle {most}. "
        f"Goal {MORE_RIGHT:+.0%} beside either: {_word(max(gains) >= MORE_RIGHT)}"
    )


def _time(lesson: Lesson, best: Fared) -> str:
    trial, told, reached = lesson.sequential, [], []
    for name, it in (("with labels", lesson.flow), ("without", lesson.blind)):
        less = 1 - it.seconds.mean() / trial.seconds.mean()
        told.append(f"{less:.0%} {name} ({it.right.mean():.1%} right)")
        reached.append(less >= LESS_TIME and it.right.mean() >= trial.right.mean())
    which = [name for name, it in zip(("with labels", "without"), reached, strict=True) if it]
    word = _word(any(reached)) + (f" {' and '.join(which)}" if any(reached) else "")
    least = 1 - best.seconds.mean() / trial.seconds.mean()
    return (
        f"less time     {', '.join(told)} beside whole paths from scratch "
        f"({trial.right.mean():.1%}); the oracle {least:.0%}. "
        f"Goal {LESS_TIME:.0%}, as often right: {word}"
    )


def _more(it: Fared, other: Fared) -> float:
    """How much more often it is right than the other, relative; infinite if that never is."""
    base = float(other.right.mean())
    return float(it.right.mean()) / base - 1 if base else float("inf")


def _word(reached: bool) -> str:
    return "reached" if reached else "not reached"
