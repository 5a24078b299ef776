"""What is gained on identity cards: each policy run for real, on the same cards, in this process.

The policies, from what one does today to what FlexiFlow does:

    alone          one configuration for every card
    from scratch   configurations one after the other until one passes, each run in full;
                   either as they are written, or in the best order
    best order     the same with intermediates reused. It was found from a record of all
                   configurations on other, labelled cards (``lessons``): the yardstick
    FlexiFlow      begins knowing nothing, and learns the order while it works

All call the very same loaded models, and take turns on blocks of cards. Seconds are
wall-clock, the learner's own included; what is loaded once, models and torch, is in no row.
"""

from __future__ import annotations

import importlib
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow import BadInput, MemoryStore
from flexiflow.examples.id_cards.checks import exact_match, plausible
from flexiflow.examples.id_cards.draw import cards as draw
from flexiflow.examples.id_cards.workflow import id_cards
from flexiflow.examples.lessons.policies import by_accuracy, greedy_order
from flexiflow.examples.lessons.record import record

if TYPE_CHECKING:
    import polars as pl

Card = Mapping[str, Any]

Candidates = Mapping[str, Mapping[str, Callable[[Any], Any]]]
"""Node -> name of a candidate -> what to call; in the order the nodes run."""

Configuration = tuple[str, ...]
"""A candidate at each node."""

BLOCK = 40
"""Cards that a policy gets at a time. The policies take turns, so that whatever else the
machine has to do falls on all of them alike."""


class Try(NamedTuple):
    """How a fixed order ended on one card."""

    right: bool
    passed: bool
    model_seconds: float
    switches: int
    rollbacks: int


def compare(
    n: int = 480,
    difficulty: float = 0.35,
    seed: int = 0,
    known: int = 40,
    say: Callable[[str], None] = print,
) -> pl.DataFrame:
    """Run every policy over the same cards and set the results side by side.

    Parameters
    ----------
    n
        How many cards.
    difficulty
        Of the cards, 0 to 1.
    seed
        Of the cards, and of what the sampler draws.
    known
        How many other, labelled cards the best order and the best single configuration are
        found on.
    say
        Receives a line about what is going on now.

    Returns
    -------
    polars.DataFrame
        One row a policy: ``policy``; ``accuracy``, share of outputs that equal the truth;
        ``pass_rate``; ``ms_a_job``, milliseconds of wall-clock time; ``ms_in_models``, those
        inside the candidates; ``ms_second_half``, wall-clock on the second half of the cards
        alone; ``switches`` and ``rollbacks`` in all.

    Raises
    ------
    BadInput
        If there are no cards.
    """
    import polars as pl

    if n < 1 or known < 1:
        raise BadInput(f"A comparison needs cards: n and known, 1 or more. Got {n} and {known}.")
    say(f"drawing {n} cards")
    jobs = draw(n, difficulty, seed)
    models = loaded()
    say(f"recording every configuration on {known} other cards")
    policies: list[Policy] = _fixed(models, known, difficulty, seed)
    policies.append(Learning(seed))
    block = min(BLOCK, -(-n // 2))
    for done in range(0, n, block):
        for policy in policies:
            policy.run(jobs[done : done + block])
        say(f"{min(done + block, n)} of {n} cards, {len(policies)} policies each")
    return pl.DataFrame([policy.row() for policy in policies])


def loaded() -> dict[str, dict[str, Callable[[Any], Any]]]:
    """Give the workflow's own candidates, ready to be called: every model is in memory.

    So is torch, which the learner draws with.
    """
    importlib.import_module("torch")
    models = {node.name: {c.name: c.kind for c in node.candidates} for node in id_cards.graph.nodes}
    for read in models["text"].values():
        read(np.full((52, 300), 255, dtype=np.uint8))
    return models


def _fixed(models: Candidates, known: int, difficulty: float, seed: int) -> list[Policy]:
    learned = record(id_cards, draw(known, difficulty, seed + 1))
    best = [learned.configurations[at] for at in greedy_order(learned)]
    single = learned.configurations[by_accuracy(learned)[0]]
    singles: list[Configuration] = [("grey", "plain", reader) for reader in models["text"]]
    singles += [single] if single not in singles else []
    written = list(itertools.product(*models.values()))
    return [
        *(Order(f"{' > '.join(one)} alone", [one], False, models) for one in singles),
        Order("as written, from scratch", written, False, models),
        Order("best order, from scratch", best, False, models),
        Order("best order, reusing", best, True, models),
    ]


class Policy:
    """One way to read cards, and how it has fared so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.blocks: list[tuple[int, float, NDArray[np.float64]]] = []

    def run(self, cards: Sequence[Card]) -> None:
        """Read some more cards."""
        began = time.perf_counter()
        sums = self.read(cards)
        self.blocks.append((len(cards), time.perf_counter() - began, sums))

    def read(self, cards: Sequence[Card]) -> NDArray[np.float64]:
        """Read cards; the sums over them, in the order of the fields of ``Try``."""
        raise NotImplementedError

    def row(self) -> dict[str, Any]:
        """Give its row of the table."""
        n = sum(cards for cards, _, _ in self.blocks)
        wall = sum(seconds for _, seconds, _ in self.blocks)
        sums = np.sum([sums for _, _, sums in self.blocks], axis=0)
        right, passed, inside, switches, rollbacks = sums.tolist()
        late = self.blocks[len(self.blocks) // 2 :]
        return {
            "policy": self.name,
            "accuracy": right / n,
            "pass_rate": passed / n,
            "ms_a_job": 1e3 * wall / n,
            "ms_in_models": 1e3 * inside / n,
            "ms_second_half": 1e3 * sum(b[1] for b in late) / sum(b[0] for b in late),
            "switches": round(switches),
            "rollbacks": round(rollbacks),
        }


class Order(Policy):
    """A fixed order."""

    def __init__(
        self, name: str, order: Sequence[Configuration], reuse: bool, models: Candidates
    ) -> None:
        super().__init__(name)
        self.order, self.reuse, self.models = order, reuse, models

    def read(self, cards: Sequence[Card]) -> NDArray[np.float64]:
        """Try the order on each card."""
        tries = [attempt(card, self.order, self.models, self.reuse) for card in cards]
        return np.asarray(np.array(tries, dtype=float).sum(axis=0))


class Learning(Policy):
    """FlexiFlow, from a cold start."""

    def __init__(self, seed: int) -> None:
        super().__init__("FlexiFlow")
        self.sampler, self.store, self.seed = type(id_cards.sampler)(), MemoryStore(), seed

    def read(self, cards: Sequence[Card]) -> NDArray[np.float64]:
        """Go on learning."""
        seed = self.seed * 1_000 + len(self.blocks)
        run = id_cards.run(cards, sampler=self.sampler, store=self.store, seed=seed, progress=False)
        right = next(c for c in run.jobs.columns if c.startswith("terms.exact_match"))
        columns = [right, "passed", "seconds", "switches", "rollbacks"]
        return np.asarray(run.jobs.select(columns).to_numpy().astype(float).sum(axis=0))


def attempt(card: Card, order: Sequence[Configuration], models: Candidates, reuse: bool) -> Try:
    """Try configurations on one card until one passes; else the first one's output counts.

    Going on to one that differs before the last node is a rollback, else a switch.
    """
    memo: dict[tuple[str, ...], Any] = {}
    seconds, switches, rollbacks, first_right = 0.0, 0, 0, False
    for number, configuration in enumerate(order):
        if number:
            back = shared(order[number - 1], configuration) < len(configuration) - 1
            rollbacks, switches = rollbacks + back, switches + (not back)
        value: Any = card["image"]
        for depth, (node, name) in enumerate(zip(models, configuration, strict=True), start=1):
            path = configuration[:depth]
            if not reuse or path not in memo:
                memo[path], spent = timed(models[node][name], value)
                seconds += spent
            value = memo[path]
        right = exact_match(value.value, card["label"])
        first_right = right if number == 0 else first_right
        if plausible(value.value, card["kind"], value.confidence):
            return Try(right, True, seconds, switches, rollbacks)
    return Try(first_right, False, seconds, switches, rollbacks)


def shared(a: Configuration, b: Configuration) -> int:
    """Count the nodes, from the first on, at which two configurations agree.

    Examples
    --------
    >>> shared(("red", "plain", "quick"), ("red", "plain", "robust"))
    2
    """
    same = [x == y for x, y in zip(a, b, strict=True)]
    return same.index(False) if False in same else len(same)


def timed(function: Callable[[Any], Any], value: Any) -> tuple[Any, float]:
    """Call a function; give what it made and the seconds it took."""
    began = time.perf_counter()
    made = function(value)
    return made, time.perf_counter() - began
