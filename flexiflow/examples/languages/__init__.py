"""Telling the language of a short message: where one model is best, and switching does not pay.

    messages   the texts: what Django says to its users, in 43 languages
    models     the candidates
    checks     what can be checked without a label; what is seen of a text at a glance
    workflow   the workflow itself, ``languages``

It needs the packages of the extra ``languages``: ``pip install 'flexiflow[languages]'``.
"""

from flexiflow.examples.languages.checks import same_language, script_fits, seen
from flexiflow.examples.languages.messages import messages
from flexiflow.examples.languages.workflow import PACKAGES, languages

__all__ = ["PACKAGES", "languages", "messages", "same_language", "script_fits", "seen"]
