"""A server: takes jobs while it has room, runs each as the workflow would, and tells how it went.

Each job that was taken has a thread, which mostly waits for stations. How many are under way is
bounded, and so are all queues: one more is :class:`~flexiflow.serving.Busy` at once. Closing
lets every job that was taken end.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from types import TracebackType
from typing import Any, Literal, Self

from flexiflow.errors import BadInput
from flexiflow.jobs import bind
from flexiflow.options import whole
from flexiflow.planning import Plan
from flexiflow.present import Settings
from flexiflow.records import Outcome
from flexiflow.run import insist
from flexiflow.serving.dispatch import UNTIL, Dispatch
from flexiflow.serving.faults import Busy, Closed, Late
from flexiflow.serving.measured import Stats, Tally
from flexiflow.serving.pauses import spared
from flexiflow.serving.places import places
from flexiflow.serving.planned import Planned, still
from flexiflow.serving.served import Served

_AGAIN = 0.1  # seconds after which it is worth asking a full server again


class Server:
    """A workflow that is served until ``close``; :func:`flexiflow.serving.serve` makes it.

    Awaited with a job's inputs it gives the job's output, as calling the workflow does.

    Parameters
    ----------
    workflow, plan, most, deadline, learn, on_failure, seed
        As for :func:`flexiflow.serving.serve`.
    settings
        How jobs are run.
    clock
        Seconds, ascending.

    Attributes
    ----------
    workflow
        What is served.
    plan
        Which plan is in force, or None.
    url
        Where it answers over HTTP, or None.
    deadline, on_failure
        As they were given.
    """

    def __init__(
        self,
        workflow: Served,
        plan: Plan | None,
        settings: Settings,
        *,
        most: int = 256,
        deadline: float | None = None,
        learn: bool = True,
        on_failure: Literal["return", "raise"] = "return",
        seed: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workflow, self.plan = workflow, plan
        self.url: str | None = None
        self._most, self.deadline = whole("most", most, 1), _deadline(deadline)
        self.on_failure, self._clock = on_failure, clock
        self._places = places(workflow.graph, plan)
        self._dispatch = Dispatch(workflow.graph, self._places, clock)
        settings = replace(settings, executor=self._dispatch)
        learner = workflow._learner
        given = None if learn else still(learner)
        self._runner = workflow._make_runner(learner, settings, given, 1, seed)
        self._planned = Planned(self._runner.sampler, (), learn)
        self._runner.sampler = self._planned
        self._jobs = ThreadPoolExecutor(most, thread_name_prefix="flexiflow-served")
        self._lock = threading.Lock()
        self._open = True
        self._spared = spared()
        self._tally = Tally(clock())
        self._held: list[Callable[[], None]] = []
        self._door: Callable[[], None] | None = None  # closes it
        try:
            self.apply(plan)
        except BaseException:
            self.close()
            raise

    async def __call__(self, *args: Any, **inputs: Any) -> Any:
        """Run one job and give its output.

        Raises
        ------
        JobFailed
            If the job did not pass and ``on_failure="raise"``.
        Busy, Closed, Late
            If the server is full, is closed, or the job was not done by its deadline.
        """
        outcome = await self.job(*args, **inputs)
        insist(outcome, self.on_failure)
        return outcome.output

    async def job(self, *args: Any, **inputs: Any) -> Outcome:
        """Run one job and give its whole :class:`Outcome`, passed or not."""
        return await self.within(self.deadline, bind(self.workflow.graph, args, inputs))

    async def within(self, deadline: float | None, inputs: Mapping[str, Any]) -> Outcome:
        """Run one job that is to be done in so many seconds; None: whenever it is.

        The answer comes by then in any case: as :class:`Late` if there is no other.
        """
        given = _deadline(deadline)
        future = asyncio.wrap_future(self.submit(inputs, deadline=given))
        future.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        try:  # the job itself goes on, whoever stops waiting for it
            return await asyncio.wait_for(asyncio.shield(future), given)
        except TimeoutError:
            if future.done():
                return future.result()
            raise _late(given or 0.0) from None

    def submit(
        self, inputs: Mapping[str, Any], *, deadline: float | None = None
    ) -> Future[Outcome]:
        """Take a job; its outcome comes by the future, its records being durable then.

        Parameters
        ----------
        inputs
            By name.
        deadline
            Seconds from now. What of the job has not begun by then is not run any more.

        Raises
        ------
        BadInput
            If the inputs are not those of the workflow.
        Busy, Closed
            If the server is full, or closed.
        """
        given, seconds = bind(self.workflow.graph, (), inputs), _deadline(deadline)
        answer: Future[Outcome] = Future()
        answer.set_running_or_notify_cancel()  # what was taken is done, whoever waits for it
        with self._lock:
            if not self._open:
                raise Closed("The server is closed and takes no more jobs.")
            if self._tally.under_way >= self._most:
                self._tally.refused += 1
                raise Busy(f"The server is full: {self._most} jobs are under way.", _AGAIN)
            self._jobs.submit(self._do, answer, given, self._clock(), seconds)
            self._tally.under_way += 1
        return answer

    def apply(self, plan: Plan | None) -> None:
        """Serve as another plan says from now on; jobs under way and what waits go on.

        The models that jobs begin with are loaded first, and held as long as the plan is in force.

        Raises
        ------
        BadInput
            If the plan is not one of this workflow; then nothing changes.
        """
        found = places(self.workflow.graph, plan)
        held = [done for place in found if (done := place.load()) is not None]
        with self._lock:
            if self._open:
                held, self._held = self._held, held
                self._places, self.plan = found, plan
                self._tally.sla = None if plan is None else plan.demand.sla
                self._planned.picks = tuple(place.choice for place in found)
                self._dispatch.set(found)
            was_open = self._open
        for done in held:
            done()
        if not was_open:
            raise Closed("The server is closed and takes no plan.")

    @property
    def is_open(self) -> bool:
        """Whether it takes jobs."""
        return self._open

    def stats(self) -> Stats:
        """What it has done so far."""
        with self._lock:
            return self._tally.stats(self._clock(), self._dispatch.stations)

    def close(self) -> None:
        """Take no more jobs, let those that were taken end, and give everything back."""
        with self._lock:
            self._open = False
        self._jobs.shutdown(wait=True)
        if self._door is not None:
            self._door()
        self._dispatch.shutdown()
        self._spared()
        with self._lock:
            held, self._held = self._held, []
        for done in held:
            done()

    def describe(self) -> dict[str, Any]:
        """The plan in force, as plain data."""
        with self._lock:
            nodes, plan = [place.plain() for place in self._places], self.plan
        if plan is None:
            return {"workflow": self.workflow.graph.name, "nodes": nodes}
        found = {"accuracy": plan.accuracy, "latency": plan.latency, "cost": plan.cost}
        return {"workflow": self.workflow.graph.name, "nodes": nodes, **found,
                "demand": asdict(plan.demand)}  # fmt: skip

    def _do(
        self, answer: Future[Outcome], inputs: dict[str, Any], came: float, seconds: float | None
    ) -> None:
        until = math.inf if seconds is None else came + seconds
        outcome: Outcome | None = None
        error: BaseException | None = None
        try:
            outcome = self._run(inputs, until)
        except BaseException as fault:  # raised where the outcome is asked for
            error = fault
        now = self._clock()
        if now > until and (error is None or isinstance(error, Late)):
            error = _late(seconds or 0.0)
        with self._lock:
            self._tally.under_way -= 1
            if error is None or isinstance(error, Late):
                passed = outcome is not None and outcome.passed
                self._tally.end(now - came, passed, isinstance(error, Late))
            else:
                self._tally.failed += 1
        if error is not None:
            answer.set_exception(error)
        elif outcome is not None:
            answer.set_result(outcome)

    def _run(self, inputs: dict[str, Any], until: float) -> Outcome:
        if self._clock() >= until:
            raise Late
        UNTIL.set(until)
        outcome = self.workflow._learner.one(self._runner, inputs)
        with self._lock:
            return self.workflow._noted(outcome)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)


def _deadline(seconds: float | None) -> float | None:
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if seconds is not None and not (number and 0 < seconds < math.inf):
        raise BadInput(f"deadline must be seconds, above 0 and finite, or None. Got {seconds!r}.")
    return seconds


def _late(seconds: float) -> Late:
    return Late(f"The job was not done within {seconds:g} seconds.")
