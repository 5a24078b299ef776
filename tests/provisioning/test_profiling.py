from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

import flexiflow
from flexiflow import candidate
from flexiflow.errors import BadInput
from flexiflow.language import read
from flexiflow.planning import Profile
from flexiflow.provisioning.measuring import with_threads

TEXT = """
greet(x)
word = (plain | slow)(x)
loud = (shout | broken)(word)
sent = send(loud)
"""


class Model:
    """Notes what it was given, and takes as long as it is told."""

    def __init__(self, base: float = 0.0, each: float = 0.0) -> None:
        self.base, self.each = base, each
        self.given: list[Any] = []

    def __call__(self, x: Any) -> Any:
        self.given.append(x)
        time.sleep(self.base + self.each * (len(x) if isinstance(x, list) else 0))
        return [w.upper() for w in x] if isinstance(x, list) else x + "!"


def broken(x: str) -> str:
    raise ValueError("never")


def workflow(shout: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
    models = {"plain": Model(), "slow": Model(0.003), "shout": shout, "broken": broken,
              "send": candidate(Model(), effects=True), **more}  # fmt: skip
    made = flexiflow.Workflow(read(TEXT.strip(), models), store=flexiflow.MemoryStore())
    return made, models


def sizes(given: Sequence[Any]) -> set[int]:
    return {len(x) for x in given if isinstance(x, list)}


def test_batches_are_batches_and_seconds_are_those_of_the_model() -> None:
    shout = Model(0.002, 0.002)
    made, _ = workflow(candidate(shout, batch=4))
    table = made.profile(["a", "b", "c"], batches=(1, 2, 4, 8), limit=0.3, most=20)
    assert sizes(shout.given) == {1, 2, 4}  # 8 is more than it takes
    mine = table.filter(variant="shout").sort("batch")
    assert mine["batch"].to_list() == [1, 2, 4]
    assert (mine["median"] >= np.array([0.004, 0.006, 0.010])).all()  # sleep is never shorter
    assert (mine["median"] <= mine["p95"]).all()
    assert (mine["p95"] <= mine["p99"]).all()
    assert (mine["low"] <= mine["high"]).all()
    assert mine["throughput"].to_list() == pytest.approx(
        (mine["batch"] / mine["seconds"]).to_list()
    )
    assert table.filter(variant="slow")["median"].item() >= 0.003
    assert (table["memory"] >= 0).all()
    assert set(table["variant"]) == {"plain", "slow", "shout"}  # what gives no value is left out


def test_effects_do_not_happen_and_nothing_is_learned() -> None:
    made, models = workflow(candidate(Model(), batch=2))
    before = made.sampler.state
    table = made.profile(["a"], limit=0.1, most=5, least=2)
    assert models["send"].model.given == []
    assert "sent" not in set(table["node"])
    assert made.log().is_empty()
    assert made.sampler.state == before


def test_candidates_get_what_reaches_their_node() -> None:
    shout = Model()
    made, _ = workflow(candidate(shout, batch=2))
    made.profile(["a", "b"], limit=0.1, most=5, least=2)
    assert {w for x in shout.given for w in x} == {"a!", "b!"}


def test_measurement_ends_when_it_is_tight_or_late() -> None:
    made, _ = workflow(Model())
    loose = made.profile(["a"], tight=10.0, least=4, most=50)
    assert (loose["runs"] == 4).all()
    capped = made.profile(["a"], tight=1e-9, least=2, most=7)
    assert (capped["runs"] == 7).all()


def test_a_profile_is_what_is_planned_with() -> None:
    made, _ = workflow(candidate(Model(0.002), batch=4), send=Model())
    made.run(["a", "b"] * 5, progress=False, seed=1)
    table = made.profile(["a", "b"], limit=0.2, most=20)
    known = Profile(table)
    found = made.plan(sla=2.0, rate=50.0)
    assert {o.batch for o in found.problem.steps[1].offers if o.variant == "shout"} == {1, 2, 4}
    for step in found.problem.steps[:2]:
        for o in step.offers:
            if (step.name, o.variant) in set(table.select("node", "variant").iter_rows()):
                assert o.seconds == known.seconds(step.name, o.variant, o.batch)
    own = table.with_columns(seconds=1.0, p95=None, p99=None)
    assert made.plan(sla=90.0, rate=1.0, profile=own).placed[0].offer.seconds.mean > 0.5


def test_threads_are_set_and_put_back() -> None:
    seen = []

    class Watching:
        def __call__(self, x: str) -> str:
            seen.append(torch.get_num_threads())
            return x

    before = torch.get_num_threads()
    text = "one(x)\ny = model(x)"
    made = flexiflow.Workflow(read(text, {"model": Watching()}), store=flexiflow.MemoryStore())
    table = made.profile(["a"], threads=(1, 2), most=3, least=2)
    assert table["cores"].to_list() == [1.0, 2.0]
    assert {1, 2} <= set(seen)
    assert torch.get_num_threads() == before
    with with_threads(None):
        assert torch.get_num_threads() == before


def wrong(xs: list[str]) -> list[str]:
    return xs[:1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"batches": (2, 4)}, "of which one is 1"),
        ({"batches": (0,)}, "batches must be a whole number"),
        ({"threads": 0}, "threads must be a whole number"),
        ({"tight": 0.0}, "tight must be"),
        ({"most": 5, "least": 9}, "most must be"),
        ({"limit": float("nan")}, "limit must be"),
        ({"warm_up": 0}, "warm_up must be"),
    ],
)
def test_bad_options(options: dict[str, Any], told: str) -> None:
    made, _ = workflow(Model())
    with pytest.raises(BadInput, match=told):
        made.profile(["a"], **options)


def test_bad_input() -> None:
    made, _ = workflow(broken)
    with pytest.raises(BadInput, match=r"No candidate of 'loud' gives a value\..*never"):
        made.profile(["a"], limit=0.1)
    with pytest.raises(BadInput, match="There are no jobs"):
        made.profile([])


def test_batches_need_an_answer_for_each_job() -> None:
    made, _ = workflow(candidate(wrong, batch=4))
    table = made.profile(["a", "b"], limit=0.1, most=5, least=2)
    assert table.filter(node="loud")["batch"].to_list() == [1]
