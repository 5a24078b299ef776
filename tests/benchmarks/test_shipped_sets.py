"""The sets that come with the package: small, without texts, and replayed as they were recorded."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from flexiflow.benchmarks import replay, yardsticks
from flexiflow.benchmarks.__main__ import main
from flexiflow.benchmarks.recorded import CONTEXT, OUTCOMES, load, save, sets_in
from flexiflow.benchmarks.shipped import READ, folder, resolved, slim
from flexiflow.errors import BadInput
from flexiflow.samplers import Fixed, Hybrid

NAMES = sets_in(folder())
LARGEST = 2_000_000  # bytes of all sets together
CHAINS = {"id_cards": (4, 5, 2), "intake": (5, 3)}
CATEGORIES = 12  # texts of a feature at most: more would be no category


@pytest.mark.parametrize("name", NAMES)
def test_a_set_holds_numbers_and_names_only(name: str) -> None:
    outcomes = pl.read_parquet(folder() / (name + OUTCOMES))
    assert set(outcomes.columns) <= set(READ)
    for column in ("node", "candidate"):
        assert outcomes[column].n_unique() <= 30
        assert outcomes[column].str.contains(r"^\w+$").all()
    assert outcomes["job"].str.contains(r"^[\w-]{1,40}$").all()
    known = pl.read_parquet(folder() / (name + CONTEXT))
    texts = [c for c, t in known.schema.items() if t == pl.String and c != "job"]
    assert all(known[c].n_unique() <= CATEGORIES for c in texts)
    assert not [c for c, t in known.schema.items() if t in (pl.Binary, pl.Object)]


def test_they_are_small_and_there() -> None:
    single = {"announced", "dates", "languages", "sentiment"}
    several = {"questions", "speech", "video"}
    assert single | several | set(CHAINS) <= set(NAMES)
    files = list(folder().iterdir())
    assert sum(p.stat().st_size for p in files) < LARGEST
    assert {p.name for p in files} == {n + end for n in NAMES for end in (OUTCOMES, CONTEXT)}


@pytest.mark.parametrize(("name", "sizes"), CHAINS.items())
def test_workflows_of_several_nodes_are_among_them(name: str, sizes: tuple[int, ...]) -> None:
    it = load(folder() / name)
    assert it.sizes == sizes
    assert all(node.chained for node in it.nodes[1:])


def by_hand(rows: list[dict[str, Any]]) -> float:
    """What the first path that passes costs, tried as written, shared beginnings paid once."""
    nodes = list(dict.fromkeys(r["node"] for r in rows))
    choices = [dict.fromkeys(r["candidate"] for r in rows if r["node"] == n) for n in nodes]
    found = {(r["node"], r.get("upstream") or "", r["candidate"]): r for r in rows}
    paid: dict[tuple[str, ...], float] = {}
    for path in product(*choices):
        for v, node in enumerate(nodes):
            row = found[node, " > ".join(path[:v]), path[v]]
            paid[path[: v + 1]] = row["seconds"]
            if row["passed"] is False:
                break
        else:
            break
    return sum(paid.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_replay_pays_what_was_recorded(name: str) -> None:
    it = load(folder() / name)
    few = it.take(np.flatnonzero(it.solvable)[:12])
    rows = pl.read_parquet(folder() / (name + OUTCOMES))
    paid = replay.stream(few, Fixed, 0, 0)
    expected = [by_hand(rows.filter(pl.col("job") == job).to_dicts()) for job in few.jobs]
    order = replay.order_of(few, 0, 0)
    np.testing.assert_allclose(paid.price, np.array(expected)[order], rtol=1e-6)
    assert paid.passed is not None
    assert paid.passed.all()
    learning = replay.stream(few, Hybrid, 0, 0)
    assert (learning.price >= yardsticks.oracle(few).price[order] * (1 - 1e-9)).all()


def test_a_name_is_enough(capsys: Any) -> None:
    assert main(["replay"]) == 0
    assert capsys.readouterr().out.split() == NAMES
    asked = ["--samplers", "fixed", "--shuffles", "1", "--jobs", "6"]
    assert main(["replay", "intake", *asked]) == 0
    assert capsys.readouterr().out.startswith("intake: 6 solvable jobs")
    assert main(["replay", "no_such"]) == 1
    said = capsys.readouterr().err
    assert "no set 'no_such' comes with FlexiFlow" in said
    assert "dates, " in said


def test_a_file_that_is_here_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolved(Path("dates")) == folder() / "dates"
    assert resolved(Path(f"dates{OUTCOMES}")) == folder() / "dates"
    assert resolved(Path("sub/dates")) == Path("sub/dates")
    rows = {"job": ["a"], "node": ["n"], "candidate": ["c"], "passed": [True], "seconds": [1.0]}
    save(Path("dates"), pl.DataFrame(rows))
    assert resolved(Path("dates")) == Path("dates")
    with pytest.raises(BadInput, match="no set 'mine' comes"):
        resolved(Path("mine"))


def test_slim_keeps_values_to_four_bytes() -> None:
    known = pl.DataFrame({"job": ["a"], "x": [0.1], "y": [[0.5, 2.0]], "kind": ["name"]})
    kept = slim(known)
    assert kept["x"].to_list() == [float(np.float32(0.1))]
    assert kept.drop("x").to_dicts() == known.drop("x").to_dicts()
    assert kept.schema["y"] == pl.List(pl.Float32)
