"""What the words of a magic's line stand for in the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flexiflow.flow import Workflow
from flexiflow.magics.faults import Fault, unknown
from flexiflow.magics.options import Option, plain, unquoted
from flexiflow.magics.words import Word
from flexiflow.run import Run
from flexiflow.stores import Store


def named(namespace: Mapping[str, Any], kinds: tuple[type, ...]) -> dict[str, Any]:
    """The notebook's own variables of these types."""
    return {
        name: it
        for name, it in list(namespace.items())
        if isinstance(it, kinds) and not name.startswith("_")
    }


class Names:
    """The notebook's variables, asked for by the words of a line.

    Parameters
    ----------
    shell
        The IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    @property
    def space(self) -> dict[str, Any]:
        """The notebook's variables."""
        space: dict[str, Any] = self._shell.user_ns
        return space

    def workflow(self, word: Word) -> Workflow:
        """The workflow of a name.

        Raises
        ------
        Fault
            If the name is no workflow's.
        """
        found = self.space.get(word.text)
        if isinstance(found, Workflow):
            return found
        if isinstance(found, Run):
            raise Fault(f"{word.text!r} is a run. Give its workflow: {found.workflow!r}.", word)
        known = named(self.space, (Workflow,))
        raise unknown(
            "No workflow here is called", word, known, "Define one in a %%flexiflow cell."
        )

    def either(self, word: Word) -> Workflow | Run:
        """The workflow or run of a name.

        Raises
        ------
        Fault
            If the name is neither's.
        """
        found = self.space.get(word.text)
        if isinstance(found, (Workflow, Run)):
            return found
        known = named(self.space, (Workflow, Run))
        raise unknown(
            "No workflow or run here is called", word, known, "Define one in a %%flexiflow cell."
        )

    def run(self, word: Word) -> Run:
        """The run of a name, or the last one of a workflow.

        Raises
        ------
        Fault
            If the name is neither's, or the workflow has no run.
        """
        found = self.either(word)
        run = found if isinstance(found, Run) else found.last_run
        if run is None:
            raise Fault(
                f"{word.text} has no run here yet. Begin one with: "
                f"%flexiflow run {word.text} JOBS --live",
                word,
            )
        return run

    def value(self, word: Word, what: str) -> Any:
        """A variable, or an expression over variables.

        Raises
        ------
        Fault
            If it cannot be evaluated.
        """
        try:
            return self._shell.ev(word.text)
        except Exception as error:
            raise Fault(f"The {what} `{word.text}` could not be evaluated: {error!r}.", word) from (
                error
            )

    def file(self, word: Word) -> str:
        """A file's name: as it stands, in quotes, or ``$variable``."""
        if word.text.startswith("$") and len(word.text) > 1:
            return str(self.value(Word(word.text[1:], word.start + 1), "file name"))
        return unquoted(word.text)

    def store(self, word: Word) -> Store | str:
        """A store: a variable or call that gives one, or a file's name or a URL as it stands."""
        if isinstance(self.space.get(word.text), Store) or "(" in word.text:
            found: Store | str = self.value(word, "store")
            return found
        return self.file(word)

    def option(self, option: Option, word: Word) -> Any:
        """The value of an option.

        Raises
        ------
        Fault
            If the word is no such value.
        """
        if option.kind in ("jobs", "value"):
            return self.value(word, "jobs" if option.kind == "jobs" else f"--{option.name}")
        return self.store(word) if option.kind == "store" else plain(option, word)

    def options(self, found: Mapping[str, tuple[Option, Word]]) -> dict[str, Any]:
        """The values of all options by their keywords in Python."""
        given = {}
        for option, word in found.values():
            negated = option.name.startswith("no-")
            key = option.key.removeprefix("no_") if negated else option.key
            given[key] = False if negated else self.option(option, word)
        return given
