"""The hybrid Thompson sampler: node-level and job-level knowledge in one index.

*Node level* is what is known of a candidate at a node. *Job level* is what is known of the
job at hand: its context, its verdicts so far, and how whole configurations ended. One pass
model per assertion joins them (:mod:`flexiflow.samplers.passing`); a node whose candidates
have failed to complete (exceptions, timeouts) has one more, of completing.

For each job one joint draw is taken from a block of tempered posterior draws; a full draw
would explore too much, because failures force exploration already [1]_. Among the
configurations not yet tried the best index comes next: with P the drawn chance of a pass
given this job's verdicts, and C the price still to be paid given its memo,

    P / C                   if no price is stated or nothing is known of what follows a pass,
    R - C / P               otherwise, R being the objective expected of a passed output.

On one node that is the exchange argument's optimum of 'try in order, stop at the first pass',
and the offline optimum of cost-aware cascading bandits [2]_; with shared prefixes it is a
heuristic.

References
----------
.. [1] Chapelle, O. & Li, L. (2011). An empirical evaluation of Thompson sampling. NeurIPS.
.. [2] Zhou, R., Gan, C., Yang, J. & Shen, C. (2018). Cost-aware cascading bandits. IJCAI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from flexiflow.errors import BadInput
from flexiflow.graph import Graph
from flexiflow.records import Labelled, Outcome
from flexiflow.samplers.base import Advice, Ask, Decision, JobState, Sampler
from flexiflow.samplers.block import Block
from flexiflow.samplers.knowledge import Knowledge
from flexiflow.samplers.moment import Moment, start
from flexiflow.samplers.search import decide
from flexiflow.samplers.space import Space
from flexiflow.samplers.splines import DRAWS
from flexiflow.samplers.tuning import Tuning
from flexiflow.samplers.worth import prices


class Hybrid(Sampler):
    """Learn which configuration to try next from nodes and jobs together; the default.

    Parameters
    ----------
    tuning
        Its constants; the defaults are set by reasoning and on simulated worlds.
    device
        Where the contextual expert's weights live: ``"auto"`` (CUDA if there is one and the
        model is large enough to gain), ``"cpu"`` or ``"cuda"``.

    Attributes
    ----------
    knowledge
        What was learned, by workflow.
    """

    def __init__(
        self, tuning: Tuning | None = None, device: Literal["auto", "cpu", "cuda"] = "auto"
    ) -> None:
        self.tuning = tuning or Tuning()
        self.device = _checked(device)
        self.knowledge: dict[str, Knowledge] = {}
        self._spaces: dict[str, Space] = {}
        self._blocks: dict[str, Block] = {}

    @property
    def evidence(self) -> int:
        """How many records it has learned from."""
        return sum(known.evidence for known in self.knowledge.values())

    def about(self, workflow: str) -> Knowledge:
        """What is known of a workflow's candidates and jobs."""
        if workflow not in self.knowledge:
            self.knowledge[workflow] = Knowledge(self.tuning, self.device)
        return self.knowledge[workflow]

    def propose(self, states: Sequence[JobState]) -> list[Decision | None]:
        """Give each job the configuration with the best index under its own draw."""
        return [self._next(state) for state in states]

    def _next(self, state: JobState) -> Decision | None:
        moment: Moment | None = state.draw
        if moment is None:
            block = self._drawn(state.graph, state.seed)
            # Fibonacci hashing spreads neighbouring seeds evenly over the block.
            picked = (state.seed * 0x9E3779B97F4A7C15 >> 40) % block.draws
            moment = Moment.begin(block, picked, state)
        else:
            moment = moment.after(state)
        state.draw = moment
        if state.fresh and moment.block.space.small and not state.context:
            return start(moment)
        return decide(moment, moment.picked, state)

    def block(self, graph: Graph) -> Block | None:
        """The joint draws on which the next jobs of a graph rest; None before its first job."""
        return self._blocks.get(graph.digest)

    def _drawn(self, graph: Graph, seed: int) -> Block:
        known, block = self.about(graph.name), self._blocks.get(graph.digest)
        if block is not None and block.space.graph.key != graph.key:
            block = None  # the weights have changed
        if block is None or known.evidence - block.evidence >= min(64, 1 + 0.02 * known.evidence):
            space = self._spaces.get(graph.digest)
            if space is None or space.graph.key != graph.key:
                space = self._spaces[graph.digest] = Space(graph)
            block = self._blocks[graph.digest] = Block(space, known, self.tuning.draws, seed)
        return block

    def update(self, outcomes: Sequence[Outcome]) -> None:
        """Learn from each attempt that was run and from each verdict, in their order."""
        for outcome in outcomes:
            if outcome.job.teaches:
                self.about(outcome.job.workflow).learn(outcome)

    def label(self, labelled: Sequence[Labelled]) -> None:
        """Learn what outputs are worth from labels that came after their jobs."""
        for told in labelled:
            if told.outcome.job.teaches:
                self.about(told.outcome.job.workflow).label(told)

    def advise(self, ask: Ask) -> Advice | None:
        """Say where a threshold is best put for a candidate and group, drawn for the job."""
        assertion = ask.graph.assertions[ask.assertion]
        known = self.about(ask.graph.name)
        cutoffs = known.cutoffs.get(assertion.fingerprint)
        if cutoffs is None or assertion.cut is None:
            return None
        found = cutoffs.fit((*ask.member, ask.later), prices(ask.graph), assertion.cut.upper)
        if found is None:
            return None
        # Where the context is what groups are made of, each group's number knows it already.
        by = assertion.cut.by and assertion.cut.by.text
        moved = 0.0 if by in {c.text for c in ask.graph.context} else known.moved(ask)
        number = found.number(ask.seed % DRAWS, ask.group, moved)
        return Advice(number, found.worth(ask.statistic, ask.group, moved))

    def blame(self, outcome: Outcome) -> dict[tuple[str, str], float]:
        """How likely each candidate that a failed check could blame was good enough for the job.

        Returns
        -------
        (node, candidate's name) -> P(good | the job's verdicts), the least likely first; empty
        if no check over several nodes failed, because then there is nothing to share out.
        """
        return self.about(outcome.job.workflow).blame(outcome)

    def expected(
        self, graph: Graph, context: Mapping[str, Any]
    ) -> dict[str, dict[tuple[str, str], float]]:
        """What a passed first output of each candidate is expected to be worth on a job.

        Parameters
        ----------
        context
            What is known of the job, by the texts of the workflow's ``context(...)``.

        Returns
        -------
        Term of the objective -> (node, candidate's name) -> its value, of candidates for which
        a label said what an output of theirs was worth; the other nodes are taken as usual.
        """
        return self.about(graph.name).expected(graph, context)

    @property
    def state(self) -> dict[str, Any]:
        """What was learned, as plain lists; setting it checks it."""
        return {"workflows": {name: k.state() for name, k in self.knowledge.items()}}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        try:
            fresh = {}
            for name, saved in state["workflows"].items():
                fresh[str(name)] = known = Knowledge(self.tuning, self.device)
                known.load(saved)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise BadInput(
                f"A saved state of Hybrid could not be read: {error!r}. "
                "Reset the beliefs or rebuild them from the log."
            ) from error
        self.knowledge = fresh
        self._blocks.clear()

    def merge(self, other: Hybrid) -> None:
        """Add what another worker's sampler has learned since both began.

        Counts, seconds, running means and completions add up exactly. The contextual expert's
        evidence adds up in its precision form, which is approximate for verdicts (see
        ``Logistic.merge``), and the experts' weights are multiplied; both only where the two
        began with nothing. Blame's expected counts are added kind by kind, which is approximate
        as well: each worker has found the kinds of its own jobs.
        """
        for name, theirs in other.knowledge.items():
            self.about(name).merge(theirs)
        self._blocks.clear()


def _checked(device: str) -> str:
    if device not in ("auto", "cpu", "cuda"):
        raise BadInput(f"device must be 'auto', 'cpu' or 'cuda'. Got {device!r}.")
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise BadInput("device='cuda' was asked for, but torch finds no GPU. Use 'auto'.")
    return device
