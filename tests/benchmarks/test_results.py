"""One file with all that was measured; what it says is what the commands printed."""

import argparse
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from recordings import SHAPES, drawn

from flexiflow.benchmarks import results
from flexiflow.benchmarks.__main__ import _parser, main
from flexiflow.benchmarks.markdown import tables
from flexiflow.benchmarks.pages import joined, sections
from flexiflow.benchmarks.policies import POLICIES, VARIANTS, chosen
from flexiflow.benchmarks.recorded import save
from flexiflow.samplers import Hybrid

TINY = {
    "replay": ("--samplers", "fixed,only-blame"),
    "workflow": ("--seeds", "1", "--jobs", "4", "--worlds", "chain,fan-in", "--samplers", "random"),
    "cascade": ("--jobs", "2", "4", "--problems", "2", "--steps", "5", "--runs", "2",
                "--samplers", "fixed,random"),
    "overhead": ("--jobs", "8", "--rounds", "1"),
    "planning": ("--instances", "1"),
    "serving": ("--seconds", "2"),
}  # fmt: skip


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    folder = tmp_path / "sets"
    folder.mkdir()
    save(folder / "one", drawn(SHAPES["one node"], 12))
    save(folder / "chain", drawn(SHAPES["chain, one assertion at its end"], 12))
    return folder


def asked(*arguments: Any) -> argparse.Namespace:
    return _parser().parse_args(["results", *map(str, arguments)])


def fake(*rows: dict[str, Any], status: int = 0) -> tuple[results.Run, list[Sequence[str]]]:
    """A command that prints rows and a remark, and what it was given."""
    given: list[Sequence[str]] = []

    def run(arguments: Sequence[str]) -> int:
        given.append(arguments)
        print("a remark")
        for row in rows:
            print(json.dumps(row))
        return status

    return run, given


def test_a_small_run_writes_every_table(
    sets: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(results, "OPTIONS", TINY)
    out = tmp_path / "found.md"
    both = ["--sets", str(sets / "one"), str(sets / "chain")]
    few = ["--shuffles", "2", "--only", "cascade,replay,workflow"]
    assert main(["results", "--out", str(out), *few, *both]) == 0
    text, shown = out.read_text("utf-8"), capsys.readouterr().out
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Benchmark results", "## Replay", "## Workflow", "## Cascade",
    ]  # fmt: skip
    assert "--out found.md --sets DIR/one DIR/chain --shuffles 2 --workers 1" in text
    titles = re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE)
    assert titles == ["set one", "set chain", "world chain", "world fan-in", "prices declared",
                      "prices learned"]  # fmt: skip
    for policy in ("oracle", "best fixed order, two-fold", "only-blame", "random"):
        assert f"| {policy} |" in text
    assert "**set chain** (" in text
    assert "**world chain**: three nodes in a row" in text
    assert str(tmp_path) not in text
    assert "Not finished" not in text
    commands = re.findall(r"`(python -m .+?)`", text)
    assert sum(c.startswith("python -m flexiflow.benchmarks results") for c in commands) == 3
    for command in commands:
        assert f"$ {command}\n" in shown or "benchmarks results " in command
    assert re.search(r"^- made: 20\d\d-", text, re.MULTILINE)
    assert f"- processor: {results.processor()}, " in text
    for name in ("Python 3.", "torch 2.", "numpy ", "flexiflow "):
        assert name in text


def test_the_figures_are_those_of_the_command(sets: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(results, "OPTIONS", TINY)
    (part,) = results.parts_of(asked("--sets", sets / "one", "--only", "replay", "--shuffles", 2))
    rows, said = results.measured(part, main)
    capsys.readouterr()
    samplers = ["--samplers", "fixed,only-blame"]
    assert main(["replay", str(sets / "one"), "--shuffles", "2", *samplers, "--json"]) == 0
    again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said == []
    assert [{**r, "decision_us": 0} for r in rows] == [{**r, "decision_us": 0} for r in again]


def test_without_sets_all_but_replay_is_measured() -> None:
    parts = results.parts_of(asked("--workers", 2))
    assert [part.arguments for part in parts] == [
        ["workflow", "--workers", "2"], ["cascade"], ["overhead"], ["planning"], ["serving"],
    ]  # fmt: skip


def test_sets_of_several_nodes_are_replayed_with_the_variants_too(sets: Path) -> None:
    given = asked("--sets", sets / "chain.outcomes.parquet", sets / "one", "--shuffles", 3)
    several, one, *_ = results.parts_of(given)
    assert several.told.startswith("python -m flexiflow.benchmarks replay DIR/chain --samplers ")
    assert several.options[1] == ",".join([*POLICIES, *VARIANTS])
    assert one.arguments == [
        "replay", str(sets / "one"), "--shuffles", "3", "--workers", "1",
    ]  # fmt: skip


def test_every_command_of_the_file_can_be_given(sets: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(results, "OPTIONS", TINY)
    for part in results.parts_of(asked("--sets", sets / "one", sets / "chain")):
        given = _parser().parse_args([*part.arguments, "--json"])
        assert given.command == part.name
        assert given.json


def test_rows_and_remarks_are_shown_as_they_come_and_written(
    tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    out = tmp_path / "found.md"
    run, given = fake({"what": "a thing", "min_us": 12345.6, "note": None})
    left: list[bool] = []

    def watched(arguments: Sequence[str]) -> int:
        left.append(
            out.exists() and "- `python -m flexiflow.benchmarks overhead`" in out.read_text("utf-8")
        )
        return run(arguments)

    results.report(asked("--out", out, "--only", "overhead,cascade"), watched)
    assert [g[0] for g in given] == ["cascade", "overhead"]
    assert all(g[-1] == "--json" for g in given)
    assert left == [False, True]  # after the first, the file says what is still to come
    text, shown = out.read_text("utf-8"), capsys.readouterr().out
    assert shown.splitlines()[1:3] == ["a remark", "what a thing  min_us 12346"]
    assert text.count("\n\na remark\n\n") == 2
    assert text.count("| what | min µs |\n|---|---|\n| a thing | 12346 |\n") == 2
    assert text.endswith("| a thing | 12346 |\n")


def test_a_command_that_fails_ends_the_run_and_what_was_measured_stays(
    tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "found.md"
    good, _ = fake({"what": "good"})
    bad, _ = fake(status=1)

    def run(arguments: Sequence[str]) -> int:
        return (good if arguments[0] == "cascade" else bad)(arguments)

    with pytest.raises(results.BadInput, match=r"benchmarks overhead` could not be run"):
        results.report(asked("--out", out, "--only", "cascade,overhead"), run)
    text = out.read_text("utf-8")
    assert "| good |" in text
    assert "still to come" in text


def test_parts_that_are_not_measured_again_are_kept(tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "found.md"
    old, _ = fake({"what": "old", "n": 1})
    new, given = fake({"what": "new", "n": 2})
    results.report(asked("--out", out, "--only", "cascade,overhead"), old)
    before = sections(out.read_text("utf-8"))
    results.report(asked("--out", out, "--only", "overhead,serving", "--keep"), new)
    text = out.read_text("utf-8")
    after = sections(text)
    assert [g[0] for g in given] == ["overhead", "serving"]
    assert list(after) == ["cascade", "overhead", "serving"]
    assert after["cascade"] == before["cascade"]
    assert all("| new | 2 |" in after[name] for name in ("overhead", "serving"))
    assert all("\n- made: 20" in section for section in after.values())
    assert text.count("# Benchmark results") == 1
    results.report(asked("--out", out, "--only", "cascade"), new)
    assert list(sections(out.read_text("utf-8"))) == ["cascade"]


def test_an_unfinished_page_is_kept_without_what_was_to_come() -> None:
    page = joined(["a", "b"], {}, {"a": ["`run a`", "- made: now", "found"]}, ["run b"])
    assert sections(page) == {"a": "`run a`\n\n- made: now\n\nfound"}
    again = joined(["a", "b"], sections(page), {"b": ["b's"]}, [])
    assert again.endswith("## A\n\n`run a`\n\n- made: now\n\nfound\n\n## B\n\nb's\n")


def test_planning_is_given_its_files_and_their_folder_is_not_told(tmp_path: Path) -> None:
    for name in ("p.parquet", "t.parquet"):
        (tmp_path / name).touch()
    files = ("--profiles", tmp_path / "p.parquet", "--trace", tmp_path / "t.parquet")
    (part,) = results.parts_of(asked(*files, "--only", "planning"))
    assert part.arguments == ["planning", *map(str, files)]
    assert part.told.endswith("planning --profiles DIR/p.parquet --trace DIR/t.parquet")
    with pytest.raises(results.BadInput, match="There is no file"):
        results.parts_of(asked("--trace", tmp_path / "none", "--only", "planning"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "cascades"), "There is no part 'cascades'"),
        (("--only", "replay"), "Give --sets DIR/NAME"),
        (("--sets", "none/such"), "There is no file"),
        (("--sets", "none/such", "--only", "cascade"), "--only leaves replay out"),
        (("--shuffles", "0"), "shuffles must be a whole number"),
        (("--workers", "0"), "workers must be a whole number"),
        (("--out", os.devnull + "/none/such.md"), "There is no folder"),
    ],
)
def test_what_cannot_be_measured_is_told_first(
    arguments: tuple[str, ...], words: str, capsys: Any
) -> None:
    run, given = fake()
    with pytest.raises(results.BadInput, match=re.escape(words)):
        results.report(asked(*arguments), run)
    assert given == []


def test_the_default_file_is_beside_the_benchmarks() -> None:
    assert asked().out == Path(results.__file__).parent / "RESULTS.md"


def test_a_processor_is_named_where_the_system_does_not_tell(monkeypatch: Any) -> None:
    def refuse(*given: Any) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert results.processor()


def test_errors_stand_beside_their_figures_and_what_is_the_same_in_the_title() -> None:
    rows = [
        {"policy": p, "unit": "s", "jobs": 7, "x": x, "x_sd": 9.0, "x_se": e, "y": None}
        for p, x, e in (("a", 1.25, 0.125), ("b", 20000.4, None))
    ]
    (table,) = tables(rows)
    assert table == (
        "unit s, jobs 7\n\n| policy | x |\n|---|---|\n| a | 1.25 ± 0.12 |\n| b | 20000 |"
    )
    (alone,) = tables([{"prior": "own", "steps": 9, "regret": 1.5, "error": 0.25}])
    assert alone.splitlines()[-1] == "| own | 9 | 1.5 ± 0.25 |"


def test_horizons_become_columns() -> None:
    rows = [
        {"prices": "declared", "sampler": s, "jobs": n, "excess": n / k, "error": None}
        for s, k in (("a", 2), ("b", 4))
        for n in (20, 500)
    ]
    (table,) = tables(rows)
    assert table.splitlines() == [
        "**prices declared**", "",
        "| sampler | excess after 20 jobs | excess after 500 jobs |",
        "|---|---|---|",
        "| a | 10 | 250 |",
        "| b | 5 | 125 |",
    ]  # fmt: skip


def test_variants_are_run_if_named_and_hold_one_expert() -> None:
    assert not set(POLICIES) & set(VARIANTS)
    assert list(chosen("plain-nodes,hybrid")) == ["plain-nodes", "hybrid"]
    experts = [name for name in VARIANTS if name.startswith("only-")]
    for place, name in enumerate(experts):
        sampler = VARIANTS[name]()
        assert isinstance(sampler, Hybrid)
        nodes = ("a", "b")
        passing = sampler.about("w").model("check", nodes)
        for round_ in range(30):
            rows = passing.rows({"a": f"a{round_ % 2}", "b": f"b{round_ % 3}"})
            nothing = sampler.about("w").features({})
            passing.learn(passing.case(), rows, nothing, round_ % 2 == 0)
        assert passing.weights[0, place] > 1 - 1e-6
