"""What a server takes, what it refuses, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from gates import Gate
from served import LONGEST, plan_of, workflow

import flexiflow
from flexiflow.candidates import candidate
from flexiflow.errors import BadInput, JobFailed, Unavailable
from flexiflow.serving import Busy, Closed, Late, Server, serve

TEXT = """
shout(x)
word = (quick | careful)(x)
loud = (upper | lower)(word)
assert loud.isupper()
"""
PICKS = {"word": "quick", "loud": "upper"}


class World:
    """A workflow whose first model waits for the test."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.sizes = sizes = list[int]()

        def many(xs: list[str]) -> list[str]:
            sizes.append(len(xs))
            return xs

        models = {"quick": self.gate, "careful": candidate(many, batch=8),
                  "upper": str.upper, "lower": str.lower}  # fmt: skip
        self.workflow: flexiflow.Workflow = workflow(TEXT, models)

    def serve(self, **options: Any) -> Server:
        return serve(self.workflow, plan_of(self.workflow.graph, PICKS), **options)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.gate.open(1_000)


def test_it_is_awaited_like_the_workflow_is_called(world: World) -> None:
    world.gate.open(3)

    async def go(server: Server) -> tuple[Any, ...]:
        async with server:
            one, two = await asyncio.gather(server("a"), server(x="b"))
            return one, two, await server.job("c")

    one, two, outcome = asyncio.run(go(world.serve()))
    assert (one, two, outcome.output, outcome.passed) == ("A", "B", "C", True)
    assert world.workflow.last is outcome
    assert world.workflow.explain(outcome.job_id) is not None


def test_a_full_server_refuses_at_once(world: World) -> None:
    with world.serve(most=2) as server:
        taken = [server.submit({"x": x}) for x in "ab"]
        with pytest.raises(Busy, match="2 jobs are under way") as caught:
            server.submit({"x": "c"})
        assert isinstance(caught.value, Unavailable)
        assert (caught.value.retry_after or 0) > 0
        world.gate.open(2)
        assert [f.result(LONGEST).output for f in taken] == ["A", "B"]
        world.gate.open()
        assert server.submit({"x": "c"}).result(LONGEST).output == "C"
        assert server.stats().refused == 1


def test_closing_lets_every_job_that_was_taken_end(world: World) -> None:
    server = world.serve()
    taken = [server.submit({"x": x}) for x in "abcd"]
    closing = threading.Thread(target=server.close)
    assert world.gate.next() == "a"
    closing.start()
    while server.is_open:
        threading.Event().wait(0.001)
    with pytest.raises(Closed):
        server.submit({"x": "e"})
    with pytest.raises(Closed):
        server.apply(None)
    assert not any(f.done() for f in taken)
    world.gate.open(4)
    closing.join(LONGEST)
    assert [f.result(0).output for f in taken] == ["A", "B", "C", "D"]
    assert world.workflow.store.read("jobs").height == 4
    server.close()  # once more changes nothing


def test_the_answer_comes_by_the_deadline_and_what_has_not_begun_is_not_run(world: World) -> None:
    async def go(server: Server) -> None:
        first = asyncio.ensure_future(server.job("a"))
        await asyncio.to_thread(world.gate.next)
        with pytest.raises(Late, match=r"within 0\.02 seconds"):
            await server.within(0.02, {"x": "b"})
        world.gate.open(2)
        assert (await first).output == "A"

    with world.serve() as server:
        asyncio.run(go(server))
    jobs = world.workflow.store.read("jobs").sort("number")
    assert jobs["status"].to_list() == ["passed", "refused"]
    attempts = world.workflow.store.read("attempts")
    late = attempts.filter(pl.col("kind") == "refused")
    assert late.height == 1
    assert "deadline" in late["reason"][0]
    stats = server.stats()
    assert (stats.done, stats.passed, stats.late) == (2, 1, 1)


def test_a_late_job_is_told_so_even_if_it_passed(world: World) -> None:
    with world.serve() as server:
        future = server.submit({"x": "a"}, deadline=0.01)
        assert world.gate.next() == "a"
        while server.stats().seconds < 0.02:
            threading.Event().wait(0.001)
        world.gate.open()
        with pytest.raises(Late):
            future.result(LONGEST)


def test_another_plan_is_taken_while_jobs_wait(world: World) -> None:
    graph = world.workflow.graph
    other = plan_of(graph, {**PICKS, "word": "careful"}, {"word": 3}, {"word": 3}, rate=0.1)
    with world.serve() as server:
        old = [server.submit({"x": x}) for x in "ab"]
        assert world.gate.next() == "a"  # the one replica is taken, and b waits
        server.apply(other)
        assert server.plan is other
        assert world.gate.next() == "b"
        new = [server.submit({"x": x}) for x in "cde"]
        assert [f.result(LONGEST).output for f in new] == ["C", "D", "E"]
        world.gate.open(2)
        assert [f.result(LONGEST).output for f in old] == ["A", "B"]
        with pytest.raises(BadInput, match="is no candidate of 'word'"):
            server.apply(plan_of(graph, {**PICKS, "word": "slow"}))
        assert server.plan is other
        nodes = server.stats().nodes
        assert (nodes["word"]["variant"], nodes["word"]["batch"]) == ("careful", 3)
    assert world.sizes == [3]


def test_what_the_plan_begins_with_is_loaded_before_the_first_job() -> None:
    events = list[str]()

    def load() -> Any:
        events.append("load")
        return str.upper

    slow = candidate(load=load, release=lambda m: events.append("release"), name="upper")
    made = workflow("f(x)\nloud = (upper | lower)(x)", {"upper": slow, "lower": str.lower})
    kind = made.graph.nodes[0].candidates[0].kind
    server = serve(made, plan_of(made.graph, {"loud": "upper"}))
    assert events == ["load"]
    assert not kind.release()  # it is held
    server.close()
    assert kind.release()
    assert events == ["load", "release"]


def test_pins_and_bans_hold_for_served_jobs(world: World) -> None:
    world.gate.open(5)
    with world.serve() as server:
        world.workflow.ban("word", "quick")
        assert server.submit({"x": "a"}).result(LONGEST).job.configuration["word"] == "careful"
        world.workflow.ban("word", "quick", on=False)
        assert server.submit({"x": "a"}).result(LONGEST).job.configuration["word"] == "quick"


def test_a_job_that_does_not_pass(world: World) -> None:
    world.gate.open(5)
    with world.serve(on_failure="raise") as server, pytest.raises(JobFailed):
        asyncio.run(server("1"))
    with world.serve() as server:
        assert asyncio.run(server("1")) == "1"


def test_an_error_of_the_users_reaches_whoever_asked_and_nobody_else() -> None:
    made = workflow("f(x)\nloud = (str.upper)(x)\nassert good(loud)", {"good": good})
    with serve(made) as server:
        with pytest.raises(NameError, match="forgotten"):
            server.submit({"x": "b"}).result(LONGEST)
        assert server.submit({"x": "a"}).result(LONGEST).output == "A"
        stats = server.stats()
    assert (stats.failed, stats.done, stats.under_way) == (1, 1, 0)


def good(loud: str) -> bool:
    return loud == "A" or forgotten  # type: ignore[name-defined]  # noqa: F821  # what is tested


def test_bad_input(world: World) -> None:
    graph = world.workflow.graph
    with pytest.raises(BadInput, match="its own executor"):
        world.serve(executor=None)
    with pytest.raises(BadInput, match="no option 'mots'"):
        world.serve(mots=3)
    with pytest.raises(BadInput, match="most must be"):
        world.serve(most=0)
    with pytest.raises(BadInput, match="deadline must be"):
        world.serve(deadline=0.0)
    with pytest.raises(BadInput, match="batches of 4"):
        serve(world.workflow, plan_of(graph, PICKS, {"word": 4}))
    other = workflow("f(x)\ny = (str.upper)(x)", {})
    with pytest.raises(BadInput, match="The plan is for the nodes word, loud; f has y"):
        serve(other, plan_of(graph, PICKS))
    with pytest.raises(BadInput, match="plan must be a Plan"):
        serve(other, "fast")  # type: ignore[arg-type]  # what is tested
    with world.serve() as server:
        with pytest.raises(BadInput, match="no input 'y'"):
            server.submit({"y": 1})
        with pytest.raises(BadInput, match="deadline must be"):
            server.submit({"x": "a"}, deadline=float("nan"))
        assert server.stats().under_way == 0
