"""What the commands of ``%flexiflow`` do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flexiflow.comparing import compare
from flexiflow.magics.commands import COMMANDS, Command
from flexiflow.magics.defining import begin
from flexiflow.magics.faults import Fault, unknown
from flexiflow.magics.manual import HELP, of_command
from flexiflow.magics.naming import Names
from flexiflow.magics.options import Option, number, read_options, unquoted
from flexiflow.magics.words import Word, joined, split
from flexiflow.run import Run


class Asked(NamedTuple):
    """A command with its words and options, as they were read."""

    command: Command
    words: list[Word]
    options: dict[str, tuple[Option, Word]]
    names: Names

    def has(self, option: str) -> bool:
        """Whether an option is given."""
        return option in self.options


def do(names: Names, line: str) -> Any:
    """Carry out a line of ``%flexiflow``; what is to be shown.

    Raises
    ------
    Fault
        If the line cannot be understood.
    """
    words = split(line)
    if not words:
        print(HELP)
        return None
    command = COMMANDS.get(words[0].text)
    if command is None:
        raise unknown("%flexiflow has no command", words[0], COMMANDS)
    options, left = read_options(words[1:], command.options)
    return _DO[command.name](Asked(command, _fitted(line, command, left, options), options, names))


def _fitted(
    line: str, command: Command, words: list[Word], options: dict[str, tuple[Option, Word]]
) -> list[Word]:
    """As many words as the command takes."""
    most = len(command.roles)
    if len(words) < command.least:
        raise Fault(f"{command.name} needs more: %flexiflow {command.usage}.")
    if len(words) <= most or command.many:
        return words
    if command.wide is None:
        raise Fault(f"{command.name} takes no more than: %flexiflow {command.usage}.", words[most])
    after = most - command.wide - 1
    wide = joined(line, words[command.wide : len(words) - after])
    for option, word in options.values():
        if wide.start < word.start < wide.end:
            raise Fault(
                f"--{option.name} stands amid other words, or its value has blanks: put such a "
                "value into brackets, and options last.",
                word,
            )
    return [*words[: command.wide], wide, *words[len(words) - after :]]


def _run(it: Asked) -> Run:
    name, jobs = it.words
    workflow, given = it.names.workflow(name), it.names.options(it.options)
    return begin(it.names, workflow, it.names.value(jobs, "jobs"), given)


def _show(it: Asked) -> Any:
    found = it.names.either(it.words[0])
    return found.dashboard() if isinstance(found, Run) else found


def _log(it: Asked) -> Any:
    found = it.names.either(it.words[0])
    frame = found.jobs if isinstance(found, Run) else found.log()
    if not it.has("last"):
        return frame
    option, word = it.options["last"]
    last = it.names.option(option, word)
    if last < 1:
        raise Fault("--last must be 1 or more.", word)
    return frame.tail(last)


def _explain(it: Asked) -> Any:
    found = it.names.either(it.words[0])
    job = unquoted(it.words[1].text) if len(it.words) > 1 else None
    if not isinstance(found, Run):
        return found.explain(job)
    if job is None:
        if found.jobs.is_empty():
            raise Fault(f"{it.words[0].text} has ended no job yet.", it.words[0])
        job = str(found.jobs["job_id"][-1])
    return found.explain(job)


def _compare(it: Asked) -> Any:
    return compare(**{word.text: it.names.either(word) for word in it.words})


def _steer(it: Asked) -> None:
    run = it.names.run(it.words[0])
    getattr(run, it.command.name)()
    _stands(it, run)


def _step(it: Asked) -> None:
    run = it.names.run(it.words[0])
    jobs = number(it.words[1], "The number of jobs", whole=True) if len(it.words) > 1 else 1
    run.step(int(jobs))
    _stands(it, run)


def _wait(it: Asked) -> None:
    run = it.names.run(it.words[0])
    run.wait(number(it.words[1], "The time to wait") if len(it.words) > 1 else None)
    _stands(it, run)


def _speed(it: Asked) -> None:
    run = it.names.run(it.words[0])
    run.speed = number(it.words[1], "The speed") if len(it.words) > 1 else None
    limit = "as fast as it goes" if run.speed is None else f"{run.speed:g} jobs a second at most"
    print(f"{it.words[0].text}: {limit}.")


def _stands(it: Asked, run: Run) -> None:
    jobs = "1 job" if run.total == 1 else f"{run.total} jobs"
    print(f"{it.words[0].text}: {run.state}, {jobs} so far.")


def _pin(it: Asked) -> None:
    steering, node = it.names.either(it.words[0]).steering, it.words[1].text
    if it.has("lift"):
        steering.pin(node, None)
        print(f"{node}: any candidate again, from the next job on.")
    elif len(it.words) < 3:
        raise Fault(f"Which candidate? %flexiflow {it.command.usage}, or --lift.", it.words[1])
    else:
        steering.pin(node, unquoted(it.words[2].text))
        print(f"{node}: only {it.words[2].text}, from the next job on.")


def _ban(it: Asked) -> None:
    steering, node = it.names.either(it.words[0]).steering, it.words[1].text
    steering.ban(node, unquoted(it.words[2].text), not it.has("lift"))
    how = "may be taken again" if it.has("lift") else "is never taken"
    print(f"{node}: {it.words[2].text} {how}, from the next job on.")


def _weigh(it: Asked) -> None:
    steering, term = it.names.either(it.words[0]).steering, it.words[1].text
    term = term if term in steering.weights else unquoted(term)
    steering.weigh(term, number(it.words[2], "The weight"))
    print(f"{term}: weight {steering.weights[term]:g}, from the next job on.")


def _threshold(it: Asked) -> None:
    thresholds, key = it.names.workflow(it.words[0]).thresholds, it.words[1].text
    if it.has("free"):
        thresholds.free(key)
        print(f"{key}: {thresholds[key]:g}, and left to the sampler.")
    elif len(it.words) < 3:
        raise Fault(f"Which number? %flexiflow {it.command.usage}, or --free.", it.words[1])
    else:
        thresholds[key] = number(it.words[2], "A threshold")
        print(f"{key}: {thresholds[key]:g}.")


def _reset(it: Asked) -> None:
    it.names.either(it.words[0]).reset()
    print(f"What {it.words[0].text} had learned is forgotten; its records stay.")


def _save(it: Asked) -> None:
    place = it.names.workflow(it.words[0]).save(it.names.file(it.words[1]))
    print(f"What {it.words[0].text} has learned is in {place}.")


def _load(it: Asked) -> None:
    file = it.names.file(it.words[1])
    it.names.workflow(it.words[0]).load(file)
    print(f"{it.words[0].text} believes what {file} says, from the next job on.")


def _help(it: Asked) -> None:
    if it.words and it.words[0].text not in COMMANDS:
        raise unknown("%flexiflow has no command", it.words[0], COMMANDS)
    print(of_command(COMMANDS[it.words[0].text]) if it.words else HELP)


_DO: dict[str, Callable[[Asked], Any]] = {
    "run": _run, "show": _show, "log": _log, "explain": _explain, "compare": _compare,
    "pause": _steer, "resume": _steer, "stop": _steer, "step": _step, "wait": _wait,
    "speed": _speed, "pin": _pin, "ban": _ban, "weigh": _weigh, "threshold": _threshold,
    "reset": _reset, "save": _save, "load": _load, "help": _help,
}  # fmt: skip
