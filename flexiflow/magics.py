"""The notebook's door: ``%%flexiflow`` defines a workflow, ``%flexiflow`` runs and asks it.

Everything a magic does has an equal in plain Python: a workflow defined in a cell is an
ordinary :class:`flexiflow.Workflow` in the notebook's namespace.
"""

from __future__ import annotations

import argparse
import difflib
import re
from typing import Any, NoReturn

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from flexiflow.errors import BadInput
from flexiflow.flow import Workflow
from flexiflow.language import read

_HELP = """\
Define a workflow in a cell of its own. The first line is its header, the rest its body:

    %%flexiflow id_cards(image, label=None)
    picture = (original | sharpened)(image)             a node: candidates between bars
    text = (tesseract | rapidocr)(picture)
    assert has_valid_date(text), "no valid date"        what a good output is
    context(brightness(image))                          what is known of the job
    maximize(exact_match(text, label))                  label may come later
    minimize(runtime, weight=0.1)
    return text                                         default: the last node

`%%` must be the cell's first line. The workflow is then a Python object of that name:
id_cards(image=...), id_cards.run(cards), id_cards.log(), id_cards.explain().

%flexiflow run NAME JOBS      run over a frame, a list or a generator in the notebook;
                              leaves the run in NAME_run
        --workers N --seed N --max-attempts N --max-seconds S --ids COLUMN
%flexiflow log NAME           all its jobs as a Polars frame
%flexiflow explain NAME [ID]  why a job went as it did; default the latest
%flexiflow reset NAME         forget what was learned; records stay
%flexiflow show NAME          the picture of the workflow
%flexiflow help               this text
"""


class _Parser(argparse.ArgumentParser):
    """An argument parser whose errors are ours: it neither prints nor exits."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"%flexiflow: {message}. See %flexiflow help.")


_RUN = re.compile(r"(run)\s+(\S+)\s+(\S.*?)((?:\s+--[a-z-]+(?:[ =]\S+)?)*)\s*", re.DOTALL)


def _split(line: str) -> list[str]:
    """The words of a line; what `run` is to run over is one word, whatever it holds."""
    found = _RUN.fullmatch(line.strip())
    if found is None:
        return line.split()
    run, name, jobs, options = found.groups()
    return [run, name, jobs, *options.split()]


@magics_class
class FlexiFlowMagics(Magics):  # type: ignore[misc]  # IPython's classes carry no types
    """``%%flexiflow`` and ``%flexiflow``."""

    @no_var_expand  # type: ignore[untyped-decorator]  # IPython's decorators carry no types
    @line_cell_magic  # type: ignore[untyped-decorator]  # nor does this one
    def flexiflow(self, line: str, cell: str | None = None) -> Any:  # noqa: D102  # set below
        if cell is not None:
            return self._define(line, cell)
        words = _split(line) or ["help"]
        command = getattr(self, f"_do_{words[0]}", None)
        if command is None:
            known = [n.removeprefix("_do_") for n in dir(self) if n.startswith("_do_")]
            near = difflib.get_close_matches(words[0], known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise BadInput(f"%flexiflow has no command {words[0]!r}.{hint} See %flexiflow help.")
        return command(words[1:])

    flexiflow.__doc__ = _HELP

    def _define(self, line: str, cell: str) -> Workflow:
        shell = self.shell
        text = f"{line}\n{cell}"
        filename = shell.compile.cache(text, shell.execution_count, raw_code=text)
        graph = read(text, shell.user_ns, filename=filename)
        old = shell.user_ns.get(graph.name)
        known = old if isinstance(old, Workflow) else None
        made = Workflow(graph, like=known, namespace=shell.user_ns)
        for notice in made.notices():
            print(notice)
        shell.user_ns[graph.name] = made
        return made

    def _do_run(self, words: list[str]) -> Any:
        parser = _Parser("run", add_help=False)
        parser.add_argument("name")
        parser.add_argument("jobs")
        parser.add_argument("--ids")
        for option, kind in (("workers", int), ("seed", int), ("max-attempts", int),
                             ("max-seconds", float)):  # fmt: skip
            parser.add_argument(f"--{option}", type=kind)
        given = {k: v for k, v in vars(parser.parse_args(words)).items() if v is not None}
        workflow, jobs = self._workflow(given.pop("name")), self._value(given.pop("jobs"))
        run = workflow.run(jobs, **given)
        self.shell.user_ns[f"{workflow.name}_run"] = run
        return run

    def _do_log(self, words: list[str]) -> Any:
        return self._workflow(*self._exactly(words, 1, 1)).log()

    def _do_explain(self, words: list[str]) -> Any:
        name, *job = self._exactly(words, 1, 2)
        return self._workflow(name).explain(*job)

    def _do_reset(self, words: list[str]) -> None:
        name = self._exactly(words, 1, 1)[0]
        self._workflow(name).reset()
        print(f"What {name} had learned is forgotten; its records stay.")

    def _do_show(self, words: list[str]) -> Any:
        return self._workflow(*self._exactly(words, 1, 1))

    def _do_help(self, words: list[str]) -> None:
        print(_HELP)

    def _exactly(self, words: list[str], least: int, most: int) -> list[str]:
        if not least <= len(words) <= most:
            raise BadInput(
                f"%flexiflow: expected the name of a workflow{' and a job id' * (most > 1)}, "
                f"got {' '.join(words) or 'nothing'}. See %flexiflow help."
            )
        return words

    def _workflow(self, name: str) -> Workflow:
        found = self.shell.user_ns.get(name)
        if isinstance(found, Workflow):
            return found
        known = [n for n, v in self.shell.user_ns.items()
                 if isinstance(v, Workflow) and not n.startswith("_")]  # fmt: skip
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(known)}."
        raise BadInput(f"{name!r} is not a workflow here.{hint if known else ''}")

    def _value(self, text: str) -> Any:
        """A variable of the notebook, or an expression over them."""
        try:
            return self.shell.ev(text)
        except Exception as error:
            raise BadInput(f"The jobs `{text}` could not be evaluated: {error!r}.") from error


def load_ipython_extension(shell: Any) -> None:
    """Make ``%%flexiflow`` and ``%flexiflow`` known; ``%load_ext flexiflow`` calls this."""
    shell.register_magics(FlexiFlowMagics)
