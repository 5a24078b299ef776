"""Identity cards: fields drawn with known text, damaged, and read by several recognisers.

    draw       the cards
    pictures   candidates that prepare a picture; what is seen of it at a glance
    readers    candidates that read it
    checks     what a good reading is
    workflow   the workflow itself, ``id_cards``
    record     every configuration on every card
    orders     the best fixed order
    compare    what is gained

It needs the packages of the extra ``demo``: ``pip install 'flexiflow[demo]'``.
"""

from flexiflow.examples.id_cards.checks import exact_match, plausible
from flexiflow.examples.id_cards.draw import cards
from flexiflow.examples.id_cards.workflow import id_cards

__all__ = ["cards", "exact_match", "id_cards", "plausible"]
