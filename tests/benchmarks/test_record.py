"""Every candidate is called on every path; a replay of what was recorded pays what was read."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from flexiflow import Result
from flexiflow.benchmarks import record, replay, yardsticks
from flexiflow.benchmarks.__main__ import main
from flexiflow.benchmarks.recorded import CONTEXT, OUTCOMES, load, recording
from flexiflow.benchmarks.recording import grid
from flexiflow.samplers import Fixed

KIND, LABEL = "name", "ANNA"
PRICES = {"red": 1.0, "blue": 2.0, "plain": 0.25, "dim": 0.5, "slow": 8.0, "quick": 4.0}
CALLS: list[str] = []


class Watch:
    """A clock that a model moves on by its price."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def models(watch: Watch, good: set[tuple[str, ...]]) -> dict[str, dict[str, Any]]:
    """Models that note the path; readers read it right where it is good. Blue cannot be dimmed."""

    def step(name: str) -> Any:
        def run(given: Any) -> Any:
            path = given if isinstance(given, tuple) else ()
            CALLS.append(name)
            watch.now += PRICES[name]
            if (*path, name) == ("blue", "dim"):
                raise ValueError("too dark")
            return (*path, name)

        return run

    def reader(name: str) -> Any:
        def run(path: tuple[str, ...]) -> Result:
            whole = step(name)(path)
            return Result(LABEL if whole in good else "4NN4", confidence=0.9)

        return run

    return {
        "channel": {"red": step("red"), "blue": step("blue")},
        "picture": {"plain": step("plain"), "dim": step("dim")},
        "text": {"slow": reader("slow"), "quick": reader("quick")},
    }


def cards(n: int) -> list[dict[str, Any]]:
    pytest.importorskip("cv2", reason="the features of a picture are those of the extra 'demo'")
    image = np.zeros((8, 8, 3), dtype=np.uint8)
    return [
        {"id": f"card-{k}", "image": image, "kind": KIND, "label": LABEL, "defect": "clean"}
        for k in range(n)
    ]


def rows_of(good: set[tuple[str, ...]]) -> list[dict[str, Any]]:
    watch = Watch()

    def judge(read: Result) -> record.Judged:
        return record.Judged(read.value == LABEL, None)

    return list(record.rows(models(watch, good), "job", (), judge, watch))


def test_every_candidate_runs_once_on_every_path() -> None:
    CALLS.clear()
    rows = rows_of(good=set())
    called = {name: CALLS.count(name) for name in PRICES}
    assert called == {"red": 1, "blue": 1, "plain": 2, "dim": 2, "slow": 3, "quick": 3}
    runs = [(r["node"], r["upstream"], r["candidate"]) for r in rows]
    assert len(set(runs)) == len(runs) == len(CALLS)
    assert ("text", "red > dim", "quick") in runs
    assert ("picture", "blue", "dim") in runs
    assert not [r for r in rows if r["upstream"] == "blue > dim"]
    assert all(r["seconds"] == PRICES[r["candidate"]] for r in rows)


def test_the_last_node_alone_is_judged_and_who_raises_has_not_passed() -> None:
    path = ("red", "dim", "slow")
    rows = {(r["upstream"], r["candidate"]): r for r in rows_of(good={path})}
    assert {k for k, r in rows.items() if r["passed"]} == {("red > dim", "slow")}
    failed = {k for k, r in rows.items() if r["passed"] is False}
    assert ("blue", "dim") in failed
    assert len(failed) == 1 + 5
    unjudged = [r for r in rows.values() if r["passed"] is None]
    assert {r["node"] for r in unjudged} == {"channel", "picture"}
    assert len(unjudged) == 2 + 3
    assert {r["confidence"] for r in rows.values() if r["node"] == "text"} == {0.9}


def test_a_reader_that_raises_is_wrong() -> None:
    def broken(path: Any) -> Any:
        raise RuntimeError

    (row,) = record.rows({"text": {"broken": broken}}, "job", 0, lambda made: made)
    assert (row["passed"], row["correct"], row["confidence"]) == (False, False, None)


def test_a_recording_of_cards_is_replayed_at_the_prices_that_were_read() -> None:
    good = {("red", "dim", "slow"), ("blue", "plain", "slow")}
    watch, said = Watch(), list[str]()
    CALLS.clear()
    outcomes, context = record.id_cards(cards(41), models(watch, good), watch, said.append)
    assert said == ["40 of 41 cards", "41 of 41 cards"]
    assert len(CALLS) == 42 * 12  # the first card once more, to warm the models
    assert dict(outcomes.schema) == record.SCHEMA
    assert outcomes["seconds"].to_list() == [PRICES[c] for c in outcomes["candidate"]]
    assert context.columns == ["job", "kind", "features(image)"]
    assert context["kind"].unique().to_list() == [KIND]
    assert context["features(image)"].list.len().unique().to_list() == [7]
    read = recording("cards", outcomes, context)
    assert (read.sizes, read.unit, read.solvable.all()) == ((2, 2, 2), "seconds", True)
    assert [it.checked for it in read.nodes] == [False, False, True]
    assert yardsticks.oracle(read).price.tolist() == [9.5] * 41
    # red: plain slow, plain quick, dim slow; red and plain are paid once
    paid = replay.stream(read, Fixed, 0, 0)
    assert paid.price.tolist() == [1 + 0.25 + 8 + 4 + 0.5 + 8] * 41
    assert paid.passed is not None
    assert paid.passed.all()
    assert paid.correct is not None
    assert paid.correct.all()


def test_the_command_needs_cards_and_a_known_workflow(tmp_path: Any, capsys: Any) -> None:
    assert main(["record", "id_cards", str(tmp_path), "--cards", "0"]) == 1
    assert "cards must be a whole number, 1 or more" in capsys.readouterr().err
    assert main(["record", "id_cards", str(tmp_path), "--difficulty", "2"]) == 1
    assert "difficulty must be between 0 and 1" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["record", "no_such", str(tmp_path)])
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_told(tmp_path: Any, capsys: Any, monkeypatch: Any) -> None:
    def absent(*given: Any, **more: Any) -> Any:
        raise ModuleNotFoundError("No module named 'tesserocr'")

    monkeypatch.setattr(record, "id_cards", absent)
    monkeypatch.setattr("flexiflow.examples.id_cards.draw.cards", lambda *given: [])
    assert main(["record", "id_cards", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "No module named 'tesserocr'" in said
    assert "flexiflow[demo]" in said


@pytest.mark.demo
def test_real_cards_are_recorded_and_replayed(tmp_path: Any, capsys: Any) -> None:
    for package in ("tesserocr", "rapidocr_onnxruntime", "cv2", "PIL", "matplotlib", "faker"):
        pytest.importorskip(package, reason="the recognisers come with the extra 'demo'")
    folder = tmp_path / "new"
    asked = ["record", "id_cards", str(folder), "--cards", "3", "--seed", "2"]
    assert main([*asked, "--name", "a"]) == 0
    assert main([*asked, "--clock", "wall"]) == 0
    assert "252 outcomes of 3 jobs" in capsys.readouterr().out
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        name + end for name in ("a", "id_cards_0.35_3_2") for end in (OUTCOMES, CONTEXT)
    )
    read = load(folder / "a")
    assert read.sizes == (4, 5, 3)
    assert len(grid(read.sizes)) == 60
    assert (read.nodes[2].price > 0).all()
    assert read.solvable.any()
    frames = [pl.read_parquet(folder / f"{name}{OUTCOMES}") for name in ("a", "id_cards_0.35_3_2")]
    once, again = (f.drop("seconds") for f in frames)
    assert once.equals(again)
