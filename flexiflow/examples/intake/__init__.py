"""Document intake: bytes of unknown encoding are decoded, and the language is told.

    documents  the bytes: messages in 43 languages, in 29 encodings
    decoders   the candidates of the first step; those of the second are from ``languages``
    checks     what a good text is; what is seen of bytes at a glance
    workflow   the workflow itself, ``intake``

It needs the packages of the extra ``intake``: ``pip install 'flexiflow[intake]'``.
"""

from flexiflow.examples.intake.checks import clean, glance, understood
from flexiflow.examples.intake.documents import documents
from flexiflow.examples.intake.workflow import PACKAGES, intake

__all__ = ["PACKAGES", "clean", "documents", "glance", "intake", "understood"]
