"""The simulated worlds that are measured, one table each.

The chain is that of a published table, of which this is known: 4, 3 and 3 candidates, hidden
types of jobs, a verdict that is wrong on 2 % of them each way, 300 jobs. The rest was chosen among
a hundred such worlds by what the table says of those who learn nothing; in brackets what this
world gives over its 12 seeds. Of the jobs .955 can pass (.955), .476 without switching (.447); in
the order of pass rates reuse leaves .642 of the cost (.638), and within 30 % of exhaustive .717 of
the jobs pass without it (.720).
"""

from __future__ import annotations

from dataclasses import dataclass

from flexiflow.benchmarks.discounted import Discounted
from flexiflow.benchmarks.plain import ByConfiguration, ByNode
from flexiflow.benchmarks.policies import Maker
from flexiflow.benchmarks.simulate import World


@dataclass(frozen=True)
class Table:
    """A world to be measured.

    Attributes
    ----------
    world, title
        What is simulated, and what it is in words.
    seeds
        How many worlds are drawn of it.
    budget
        Share of the seconds that all configurations take, for the columns with a budget.
    learners
        Samplers to compare with, shown in this table only.
    """

    world: World
    title: str
    seeds: int = 6
    budget: float | None = None
    learners: tuple[tuple[str, Maker], ...] = ()


TABLES = (
    Table(
        World("chain", seconds=(1.0, 2.0, 1.0), spread=0.8, types=8, chance=0.675, strength=2.0),
        "three nodes in a row, one assertion at the end", 12, 0.3,
        (("Thompson by configuration", ByConfiguration), ("Thompson by node", ByNode)),
    ),
    Table(
        World("fan-in", parents=((), (), (0, 1)), seconds=(3.0, 3.0, 1.0)),
        "two branches that a third node joins",
    ),
    Table(
        World("pairs", chance=0.75, incompatible=0.2),
        "a chain in which some pairs of candidates never do together",
    ),
    Table(
        World("context", types=6, strength=1.0, features=6),
        "a chain with six numbers known of each job, noisy functions of its hidden type",
    ),
    Table(
        World("drift", jobs=900, breaks=(0, 300)),
        "a chain whose best first candidate breaks at job 300",
        learners=(("Thompson, discount .99", Discounted),),
    ),
)  # fmt: skip
