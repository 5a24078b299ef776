"""The commands of ``%flexiflow``: what each takes, does, and is called in Python."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flexiflow.magics.options import RUN, Option

Role = Literal[
    "workflow", "any", "jobs", "job", "node", "candidate", "term", "number", "threshold", "file",
    "command",
]  # fmt: skip
"""What a word of a command is; "any" is the name of a workflow or of a run."""


class Command(NamedTuple):
    """One command.

    Attributes
    ----------
    roles
        What its words are, in order.
    least
        How many of them it cannot do without.
    usage
        How it is written, its options left out.
    python
        The equal call.
    wide
        The place of the word that may hold blanks.
    many
        Whether the last word may come again and again.
    """

    name: str
    roles: tuple[Role, ...]
    least: int
    usage: str
    about: str
    python: str
    options: tuple[Option, ...] = ()
    wide: int | None = None
    many: bool = False


_LAST = Option("last", "whole", "N", "only the latest jobs")
_LIFT = Option("lift", "flag", "", "take it back")
_FREE = Option("free", "flag", "", "leave it to the sampler again")

_ALL = (
    Command("run", ("workflow", "jobs"), 2, "run NAME JOBS",
            "run over a frame, list or generator; leaves NAME_run",
            "NAME.run(JOBS, ...)", RUN, wide=1),
    Command("show", ("any",), 1, "show NAME", "the picture of a workflow, the dashboard of a run",
            "NAME, NAME_run.show()"),
    Command("log", ("any",), 1, "log NAME", "all its jobs as a Polars frame",
            "NAME.log(), NAME_run.jobs", (_LAST,)),
    Command("explain", ("any", "job"), 1, "explain NAME [ID]",
            "why a job went as it did; by default the latest", "NAME.explain(ID)"),
    Command("compare", ("any",), 1, "compare NAME [NAME ...]",
            "what it brought, beside doing without it",
            "flexiflow.compare(NAME, ...)", many=True),
    Command("pause", ("any",), 1, "pause NAME", "start no further job", "NAME.last_run.pause()"),
    Command("resume", ("any",), 1, "resume NAME", "go on", "NAME.last_run.resume()"),
    Command("step", ("any", "number"), 1, "step NAME [N]", "run N more jobs (one), and pause",
            "NAME.last_run.step(N)"),
    Command("stop", ("any",), 1, "stop NAME", "end the run after the jobs at hand",
            "NAME.last_run.stop()"),
    Command("wait", ("any", "number"), 1, "wait NAME [S]", "wait for the run's end, or S seconds",
            "NAME.last_run.wait(S)"),
    Command("speed", ("any", "number"), 1, "speed NAME [N]",
            "N jobs a second at most; without N no limit",
            "NAME.last_run.speed = N"),
    Command("pin", ("any", "node", "candidate"), 2, "pin NAME NODE CANDIDATE",
            "take only this one; NODE --lift: any again",
            "NAME.pin(NODE, CANDIDATE)", (_LIFT,)),
    Command("ban", ("any", "node", "candidate"), 3, "ban NAME NODE CANDIDATE",
            "never take this one; with --lift: again", "NAME.ban(NODE, CANDIDATE)", (_LIFT,)),
    Command("weigh", ("any", "term", "number"), 3, "weigh NAME TERM NUMBER",
            "give a term of the objective another weight",
            "NAME.weigh(TERM, NUMBER)", wide=1),
    Command("threshold", ("workflow", "threshold", "number"), 2, "threshold NAME KEY NUMBER",
            "move a threshold; KEY --free: learn it again",
            "NAME.thresholds[KEY] = NUMBER", (_FREE,)),
    Command("reset", ("any",), 1, "reset NAME", "forget what was learned; records stay",
            "NAME.reset()"),
    Command("save", ("workflow", "file"), 2, "save NAME FILE", "write what was learned to a file",
            "NAME.save(FILE)"),
    Command("load", ("workflow", "file"), 2, "load NAME FILE",
            "believe what such a file says, and nothing else", "NAME.load(FILE)"),
    Command("help", ("command",), 0, "help [COMMAND]", "this text, or more of a command",
            "help(flexiflow)"),
)  # fmt: skip
COMMANDS = {command.name: command for command in _ALL}
