"""Reading dates: six parsers from PyPI, written dates of many habits, one assertion.

    made       the texts, with the day each means
    parsers    the candidates
    checks     what a good reading is; what is seen of a text at a glance
    workflow   the workflow itself, ``dates``

It needs the packages of the extra ``dates``: ``pip install 'flexiflow[dates]'``.
"""

from flexiflow.examples.dates.checks import plausible, same_day, seen
from flexiflow.examples.dates.made import texts
from flexiflow.examples.dates.workflow import PACKAGES, dates

__all__ = ["PACKAGES", "dates", "plausible", "same_day", "seen", "texts"]
