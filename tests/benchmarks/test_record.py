"""Examples recorded by the command line: how sets are named, what is kept, what is refused."""

from typing import Any

import numpy as np
import polars as pl
import pytest

import flexiflow.examples.id_cards
from flexiflow import MemoryStore, context, maximize
from flexiflow import workflow as as_workflow
from flexiflow.benchmarks import examples, replay, yardsticks
from flexiflow.benchmarks.__main__ import main
from flexiflow.benchmarks.recorded import CONTEXT, OUTCOMES, load
from flexiflow.benchmarks.recording import grid
from flexiflow.benchmarks.shipped import READ
from flexiflow.samplers import Fixed


def half(x: float) -> float:
    return x / 2


def whole(x: float) -> float:
    return float(int(x))


def twice(x: float) -> float:
    return 2 * x


@as_workflow(store=MemoryStore())
def sums(x, label=None):  # type: ignore[no-untyped-def]  # a cell has none
    part = (half | whole)(x)  # type: ignore[operator]  # the reader takes bars
    found = (twice | half)(part)  # type: ignore[operator]  # as above
    assert found >= 1, "too little"
    context(x)
    maximize(found == label)


class Package:
    """A package of an example, its jobs made with a difficulty."""

    PACKAGES = ("json",)
    sums = sums

    @staticmethod
    def made(n: int, difficulty: float = 0.0, seed: int = 0) -> list[dict[str, Any]]:
        x = [seed + difficulty + k for k in range(n)]
        return [{"id": f"sum-{k}", "x": v, "label": v} for k, v in enumerate(x)]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> str:
    """Put an example among those that are known; its name."""
    monkeypatch.setitem(examples.EXAMPLES, "sums", examples.Example("made", 3, None, 0.5))
    monkeypatch.setattr(examples, "import_module", lambda name: Package)
    return "sums"


def test_an_example_with_a_difficulty_is_named_by_it(
    example: str, tmp_path: Any, capsys: Any
) -> None:
    folder = tmp_path / "new"
    asked = ["record", example, str(folder)]
    assert main(asked) == 0
    assert "18 outcomes of 3 jobs" in capsys.readouterr().out
    assert main([*asked, "--difficulty", "0.25", "--jobs", "2", "--seed", "4"]) == 0
    assert main([*asked, "--clock", "wall", "--name", "a"]) == 0
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        name + end for name in ("a", "sums_0.5_3_0", "sums_0.25_2_4") for end in (OUTCOMES, CONTEXT)
    )
    read = load(folder / "sums_0.25_2_4")
    assert read.context["x"] == [4.25, 5.25]
    # half: 2.125 and 2.625, then doubled (right) or halved; whole: 4 and 5, the like
    assert read.nodes[1].passed.tolist() == [[True, True, True, True]] * 2
    assert read.nodes[1].correct.tolist() == [[1, 0, 0, 0]] * 2


def test_a_slim_set_holds_only_what_a_replay_reads(example: str, tmp_path: Any) -> None:
    for more in ([], ["--slim"]):
        name = "slim" if more else "full"
        assert main(["record", example, str(tmp_path), "--name", name, *more]) == 0
    full, slim = (pl.read_parquet(tmp_path / (name + OUTCOMES)) for name in ("full", "slim"))
    assert set(full.columns) - set(slim.columns) == {"label", "cost", "confidence"}
    assert set(slim.columns) <= set(READ)
    assert slim.schema["seconds"] == pl.Float32
    once, again = (load(tmp_path / name) for name in ("full", "slim"))
    assert again.context == once.context
    for a, b in zip(once.nodes, again.nodes, strict=True):
        np.testing.assert_array_equal(a.passed, b.passed)
        np.testing.assert_array_equal(a.correct, b.correct)


def test_what_cannot_be_recorded_is_refused(tmp_path: Any, capsys: Any) -> None:
    assert main(["record", "id_cards", str(tmp_path), "--cards", "0"]) == 1
    assert "jobs must be a whole number, 1 or more" in capsys.readouterr().err
    assert main(["record", "dates", str(tmp_path), "--difficulty", "0.5"]) == 1
    assert "have no difficulty. Leave --difficulty out" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["record", "no_such", str(tmp_path)])
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_told_with_its_extra(
    tmp_path: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flexiflow.examples.id_cards, "PACKAGES", ("json", "no_such_one"))
    assert main(["record", "id_cards", str(tmp_path), "--cards", "1"]) == 1
    said = capsys.readouterr().err
    assert "needs no_such_one" in said
    assert "pip install 'flexiflow[demo]'" in said


@pytest.mark.demo
def test_real_cards_are_recorded_and_replayed(tmp_path: Any, capsys: Any) -> None:
    for package in ("tesserocr", "rapidocr_onnxruntime", "cv2", "PIL", "matplotlib", "faker"):
        pytest.importorskip(package, reason="the recognisers come with the extra 'demo'")
    asked = ["record", "id_cards", str(tmp_path), "--cards", "3", "--seed", "2"]
    assert main([*asked, "--name", "a"]) == 0
    assert main([*asked, "--clock", "wall"]) == 0
    assert "192 outcomes of 3 jobs" in capsys.readouterr().out
    read = load(tmp_path / "a")
    assert read.sizes == (4, 5, 2)
    assert len(grid(read.sizes)) == 40
    assert (read.nodes[2].price > 0).all()
    assert list(read.context) == ["kind", "features(image)"]
    frames = [pl.read_parquet(tmp_path / f"{n}{OUTCOMES}") for n in ("a", "id_cards_0.35_3_2")]
    once, again = (f.drop("seconds") for f in frames)
    assert once.equals(again)
    solvable = read.take(read.solvable)
    least = yardsticks.oracle(solvable).price.sum()
    assert replay.stream(solvable, Fixed, 0, 0).price.sum() >= least > 0
