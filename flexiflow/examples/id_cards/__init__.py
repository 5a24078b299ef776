"""Identity cards: fields drawn with known text, damaged, and read by several recognisers.

    draw       the cards
    pictures   candidates that prepare a picture; what is seen of it at a glance
    readers    candidates that read it; ``crnn`` is one more, of the extra ``easyocr``
    checks     what a good reading is
    workflow   the workflow itself, ``id_cards``

    compare    what is gained, each policy run for real

It needs the packages of the extra ``demo``: ``pip install 'flexiflow[demo]'``.
"""

from flexiflow.examples.id_cards.checks import exact_match, plausible
from flexiflow.examples.id_cards.draw import cards
from flexiflow.examples.id_cards.workflow import PACKAGES, id_cards

__all__ = ["PACKAGES", "cards", "exact_match", "id_cards", "plausible"]
