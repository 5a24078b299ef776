"""The course of one job: configure, run, check, switch or roll back, until it ends.

The sampler gives a whole configuration: one choice per node. Nodes run in topological order;
each assertion is checked as soon as the last value it reads exists. On a failure the sampler
gives the best configuration that is left, and the job resumes at the first node at which it
differs from the present one: switching the node at hand and going back three nodes are the
same rule. What was computed stays in the job's memo, so going back re-points and never
computes twice. No configuration is tried twice, so every job ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Any

from flexiflow.candidates import call
from flexiflow.candidates.base import Raw
from flexiflow.checks import View, worth_of
from flexiflow.errors import WorkerError
from flexiflow.executors import submit
from flexiflow.graph import Configuration, Graph
from flexiflow.judge import Judge
from flexiflow.ledger import Ledger
from flexiflow.present import End, Failed, Present, Ticket, World
from flexiflow.records import Status
from flexiflow.samplers.base import Decision, JobState
from flexiflow.steps import Start, Steps
from flexiflow.versions import Memo, Version

_PATIENCE = 1_000  # configurations in a row that only repeat what is known

Worth = tuple[int, bool, float]
"""What the best attempt is chosen by: assertions that hold, completeness, objective."""


class Course:
    """One job on its way; ``run`` takes it to its end.

    Attributes
    ----------
    job
        Its values, notes and configuration; at the end those of the accepted configuration,
        or of the best one.
    judge
        Its verdicts.
    """

    def __init__(
        self, graph: Graph, world: World, ticket: Ticket, inputs: Mapping[str, Any]
    ) -> None:
        view = View(graph, inputs, world.thresholds)
        state = JobState(graph, ticket.seed, barred=world.cooling())
        memo, ledger = Memo(graph), Ledger(graph)
        self.job = Present(graph, world, ticket.job_id, ticket.number, view, state, memo, ledger)
        self.judge = Judge(self.job)
        self._steps = Steps(self.job, self.judge)
        self._best: tuple[Worth, dict[int, Version], Configuration] | None = None

    def run(self) -> tuple[Status, str | None]:
        """Take the job to its end; how it ended, and why if it did not pass."""
        job = self.job
        self._steps.feel()
        try:
            if not self.judge.input_holds():
                raise End("invalid", job.reason)
            self._pursue()
        except End as end:
            self._keep_best()
            if self._best is not None:
                _, job.view.made, job.configuration = self._best
            return end.status, end.error
        return "passed", None

    def _pursue(self) -> None:
        job = self.job
        failed_at: int | None = None
        idle = 0
        while True:
            begun, most = job.ledger.begun, job.world.settings.max_attempts
            job.state.runs = None if most is None else most - begun
            decision = job.world.propose(job.state)
            if decision is None:
                raise End("exhausted", job.reason)
            if failed_at is not None and self._is_not_worth(decision):
                raise End("stopped", job.reason)
            self._point(decision, failed_at)
            try:
                self._walk()
                return
            except Failed as failed:
                failed_at = failed.node
            self._keep_best()
            known = job.memo.known()
            job.state.known = [set(lineages) for lineages in known]
            self.judge.rule_out(known)
            idle = idle + 1 if job.ledger.begun == begun else 0
            if idle > _PATIENCE:
                raise End(
                    "exhausted", f"{idle} configurations in a row held nothing new; {job.reason}"
                )

    def _is_not_worth(self, decision: Decision) -> bool:
        """Whether the best that is left is expected to bring less than its price."""
        stop = self.job.world.settings.stop_when
        if stop is None:
            return False
        if callable(stop):
            return stop(decision)
        chance, price = decision.pass_probability, decision.price
        return chance is not None and price is not None and stop * chance <= price

    def _point(self, decision: Decision, failed_at: int | None) -> None:
        """Make a configuration the present one; what it shares with the last one stays."""
        job = self.job
        job.ledger.decisions.append(decision)
        old, new = job.configuration, decision.configuration
        job.configuration = job.state.present = new
        if old is None or failed_at is None:
            return
        order = job.graph.order
        first = next((v for v in order if old[v] != new[v]), failed_at)
        if order.index(first) < order.index(failed_at):
            job.ledger.rollbacks += 1
            job.back = failed_at
        else:
            job.ledger.switches += 1
        for v, lineage in enumerate(job.graph.lineage):
            if any(old[u] != new[u] for u in lineage):
                job.view.made.pop(v, None)

    def _walk(self) -> None:
        """Run the present configuration; raises ``Failed`` where it does not do."""
        made = self.job.view.made
        if made:
            self.judge.rest()
        todo = [v for v in self.job.graph.order if v not in made]
        executor = self.job.world.settings.executor
        if executor is not None:
            self._walk_side_by_side(todo, executor)
            return
        steps = self._steps
        for v in todo:
            start = steps.start(v)
            while steps.finish(start, start.known or _run(start)):
                start = steps.start(v, start.retries + 1)

    def _walk_side_by_side(self, todo: list[int], executor: Executor) -> None:
        """Run independent branches at the same time; effects wait until all else is done."""
        flying: dict[Future[Raw], Start] = {}
        failed: Failed | None = None
        try:
            while (todo and failed is None) or flying:
                try:
                    while failed is None and (v := self._ready(todo, bool(flying))) is not None:
                        todo.remove(v)
                        self._launch(self._steps.start(v), executor, flying)
                except Failed as failure:
                    failed = failure
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=lambda f: flying[f].tried.step):
                    start = flying.pop(future)
                    try:
                        again = self._steps.finish(start, future.result())
                        if again and failed is None:
                            retry = self._steps.start(start.tried.node, start.retries + 1)
                            self._launch(retry, executor, flying)
                    except Failed as failure:
                        failed = failed or failure
        finally:
            for future, start in flying.items():
                self._call_off(future, start)
        if failed is not None:
            raise failed

    def _call_off(self, future: Future[Raw], start: Start) -> None:
        """The job ends while an attempt is on its way: strike it, or note how it ended."""
        if future.cancel():
            self.job.ledger.withdraw(start.tried)
            return
        try:
            raw = future.result()
        except WorkerError:
            self.job.ledger.withdraw(start.tried)  # what ends the job is raised already
        else:
            self._steps.note(start, raw)

    def _launch(self, start: Start, executor: Executor, flying: dict[Future[Raw], Start]) -> None:
        if start.known is not None:
            self._steps.finish(start, start.known)
            return
        it = start
        flying[submit(executor, it.candidate, it.args, it.kwargs, it.tried.seed)] = it

    def _ready(self, todo: list[int], busy: bool) -> int | None:
        """The next node that can start now."""
        graph = self.job.graph
        for v in todo:
            if all(p in self.job.view.made for p in graph.parents[v]):
                return None if graph.nodes[v].effects and (busy or v != todo[0]) else v
        return None

    def _keep_best(self) -> None:
        """Remember the present configuration if it is the best so far."""
        job = self.job
        if job.configuration is None:
            return
        whole = len(job.view.made) == len(job.graph.nodes)
        known = worth_of(job.graph, job.view, self.judge.promise()) if whole else 0.0
        worth = (self.judge.passed(), whole, known)
        if self._best is None or worth > self._best[0]:
            self._best = (worth, dict(job.view.made), job.configuration)


def _run(start: Start) -> Raw:
    return call.run(start.candidate, start.args, start.kwargs, start.tried.seed)
