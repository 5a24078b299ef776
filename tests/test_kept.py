"""What a notebook keeps of a run: its schema, its size, and its numbers beside the panels'."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import numpy as np
import pytest
from widgets.fake_run import FakeWatch

import flexiflow
from flexiflow import MemoryStore, minimize, runtime
from flexiflow.kept import MIME, MOST, VERSION, kept, schema
from flexiflow.kept.plain import number, series, text
from flexiflow.kept.run import size
from flexiflow.run import Run
from flexiflow.widgets.dashboard import Dashboard

SOURCES = Path(__file__).parent.parent / "extension" / "src" / "kept"
ODD = ["<img src=x onerror=alert(1)>", "</script>", "\"'&", "نموذج", "a\u202eb\x00\ud800", "日本"]


def read(said: str) -> list[float | None]:
    """A series as a page reads it."""
    return [None if part == "-" else float(part) for part in said.split()]


def leaves(data: Any) -> Iterator[Any]:
    """All numbers, texts and constants in plain data."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from leaves(value)
    elif isinstance(data, list):
        for value in data:
            yield from leaves(value)
    else:
        yield data


def close(said: str, wanted: Any) -> None:
    """A series is some numbers, to its four digits, with nothing for NaN."""
    found = [math.nan if x is None else x for x in read(said)]
    np.testing.assert_allclose(found, np.asarray(wanted, dtype=float), rtol=1e-3, equal_nan=True)


def snapshot(nodes: int = 3, k: int = 4, jobs: int = 120) -> dict[str, Any]:
    watch = FakeWatch(nodes, k, total=jobs)
    watch.advance(jobs)
    return watch.snapshot()


@pytest.fixture(scope="module")
def run() -> Run:
    def odd(x: int) -> int | None:
        return x if x % 2 else None

    def third(x: int) -> int | None:
        return x if x % 3 == 0 else None

    def every(x: int) -> int:
        return x

    def never(x: int) -> None:
        return None

    @flexiflow.workflow(store=MemoryStore())
    def counted(x: int) -> Any:
        number = (odd | third | every | never)(x)
        assert number is not None, "nothing"
        told = (str | repr)(number)
        minimize(runtime)
        return told

    jobs = [{"x": k} for k in range(80)]
    made: Run = counted.run(jobs, seed=3, clock=lambda job, node, name: 0.01 + 0.01 * len(name))
    return made


def test_a_run_is_as_the_schema_says(run: Run) -> None:
    for told in (run.watch.snapshot(), snapshot(), {}, {"run": {"workflow": "w"}}):
        made = kept(told)
        jsonschema.Draft202012Validator(schema()).validate(made)
        assert made["version"] == VERSION


def test_the_schema_describes_every_field(run: Run) -> None:
    def compare(rule: dict[str, Any], data: Any) -> None:
        (rule,) = (r for r in rule.get("anyOf", [rule]) if r.get("type") != "null")
        if isinstance(data, dict):
            assert data.keys() == rule["properties"].keys() == set(rule["required"])
            for name, value in data.items():
                assert name == "version" or len(rule["properties"][name]["description"]) > 5
                compare(rule["properties"][name], value)
        for value in data if isinstance(data, list) else ():
            compare(rule["items"], value)

    compare(schema(), {**kept(run.watch.snapshot()), "notices": ["one"]})


def test_the_schema_refuses_what_is_otherwise(run: Run) -> None:
    made, rules = kept(run.watch.snapshot()), schema()
    jsonschema.Draft202012Validator.check_schema(rules)
    for path, wrong in (("run", None), ("version", 2), ("beliefs", [{}]), ("notices", [7])):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**made, path: wrong}, rules)
    for wrong in ("1,2", "NaN", "1  2", "inf", " 1"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, rules["$defs"]["series"])


def test_beliefs_are_those_of_the_panels(run: Run) -> None:
    made, beliefs = kept(run.watch.snapshot()), run.watch.beliefs()
    graph = run._runner.graph
    assert [n["name"] for n in made["graph"]["nodes"]] == [n.name for n in graph.nodes]
    for v, told in enumerate(made["beliefs"]):
        mine = slice(beliefs.places.offsets[v], beliefs.places.offsets[v] + beliefs.places.sizes[v])
        assert read(told["order"]) == beliefs.order[v]
        close(told["a"], beliefs.a[mine])
        close(told["b"], beliefs.b[mine])
        close(told["context"], beliefs.context[mine])
        for name, values in (("pass", beliefs.passes[mine]), ("seconds", beliefs.seconds[mine])):
            for k, end in enumerate(("", "_low", "_high")):
                close(told[name + end], values[:, k])


def test_the_outcome_is_that_of_the_tables(run: Run) -> None:
    made, jobs = kept(run.watch.snapshot()), run.jobs
    assert (made["run"]["done"], made["run"]["passed"]) == (80, int(jobs["passed"].sum()))
    assert made["run"]["seconds"] == pytest.approx(jobs["seconds"].sum(), rel=1e-3)
    outcome = made["outcome"]
    assert (outcome["columns"], outcome["passed_columns"]) == (80, int(jobs["passed"].sum()))
    assert outcome["switched"] == (jobs["switches"] > 0).sum()
    assert outcome["rolled_back"] == (jobs["rollbacks"] > 0).sum()
    chosen = [json.loads(c) if isinstance(c, str) else c for c in jobs["configuration"]]
    for node, accepted in zip(made["graph"]["nodes"], outcome["accepted"], strict=True):
        names = [
            c[node["name"]] for c, passed in zip(chosen, jobs["passed"], strict=True) if passed
        ]
        assert read(accepted) == [names.count(name) for name in node["candidates"]]
    means = np.cumsum(jobs.sort("number")["seconds"].to_numpy()) / np.arange(1, 81)
    close(outcome["seconds"], means[[int(at or 0) - 1 for at in read(outcome["jobs"])]])
    assert [row["job"] for row in made["jobs"]] == jobs.sort("number")["job_id"].to_list()[:-13:-1]


def test_decisions_are_an_even_sample() -> None:
    told = snapshot(jobs=1000)
    made = kept(told)["decisions"]
    places = [int(at or 0) for at in read(made["job"])]
    assert (places[0], places[-1], len(places)) == (0, 999, 160)
    assert set(np.diff(places)) <= {6, 7}
    for v, row in enumerate(made["choice"]):
        wanted = told["columns"]["choice"][places, v].astype(int)
        assert read(row) == np.where(wanted == 255, -1, wanted).tolist()
    assert read(made["passed"]) == told["columns"]["passed"][places].tolist()


@pytest.mark.parametrize(
    ("nodes", "k", "jobs"), [(3, 50, 1000), (1, 4, 1), (8, 40, 300), (2, 600, 50)]
)
def test_it_is_bounded(nodes: int, k: int, jobs: int) -> None:
    made = kept(snapshot(nodes, k, jobs))
    jsonschema.validate(made, schema())
    assert size(made) <= MOST
    for told, beliefs in zip(made["graph"]["nodes"], made["beliefs"], strict=True):
        many = len(told["candidates"])
        assert many + told["more"] == k
        assert sorted(read(beliefs["order"])) == list(range(many))
        assert len(read(beliefs["pass"])) == many


def test_fifty_candidates_and_a_thousand_jobs_are_kept_whole() -> None:
    assert [len(n["candidates"]) for n in kept(snapshot(3, 50, 1000))["graph"]["nodes"]] == [50] * 3


def test_of_too_many_candidates_the_first_in_order_are_kept() -> None:
    told = snapshot(2, 60, 400)
    made = kept(told, most=9000)
    node, full = made["graph"]["nodes"][0], told["graph"]["nodes"][0]["candidates"]
    many = len(node["candidates"])
    assert many < 60
    order = told["beliefs"][0]["order"].tolist()
    ranked = [node["candidates"][int(c or 0)] for c in read(made["beliefs"][0]["order"])]
    assert ranked == [full[c] for c in order[:many]]
    close(made["beliefs"][0]["pass"], told["beliefs"][0]["pass"][sorted(order[:many]), 0])
    places = [int(at or 0) for at in read(made["decisions"]["job"])]
    names = [None if c is None or c < 0 else node["candidates"][int(c)]
             for c in read(made["decisions"]["choice"][0])]  # fmt: skip
    chosen = told["columns"]["choice"][places, 0]
    assert [n for n in names if n] == [full[c] for c in chosen if c in order[:many]]
    assert read(made["decisions"]["choice"][0]).count(-1) == (chosen == 255).sum()


def test_what_cannot_be_kept_at_all_says_so() -> None:
    made = kept(snapshot(), most=1500)
    jsonschema.validate(made, schema())
    assert made["graph"]["nodes"] == []
    assert made["notices"] == ["Too large to be kept: only a live dashboard shows its candidates."]
    assert made["run"]["done"] == 120


def test_its_size_is_that_in_the_file_of_a_notebook(run: Run) -> None:
    def written(data: Any) -> int:
        output = nbformat.v4.new_output("display_data", {MIME: data})
        cell = nbformat.v4.new_code_cell("", outputs=[output], id="only")
        return len(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode())

    made = kept(run.watch.snapshot())
    assert size(made) == written(made) - written(0) + 1


def test_no_number_is_nan_or_without_end() -> None:
    told = snapshot()
    told["beliefs"][0]["pass"][1] = math.nan
    told["beliefs"][1]["seconds"][:] = math.inf
    told["posterior"][2]["a"][0] = -math.inf
    told["gains"]["worth"][:] = math.nan
    told["run"]["seconds"] = math.nan
    told["graph"]["objectives"][0]["weight"] = math.inf
    made = kept(told)
    jsonschema.validate(made, schema())
    json.dumps(made, allow_nan=False)
    assert made["run"]["seconds"] is None
    assert read(made["beliefs"][0]["pass_low"])[1] is None
    assert set(read(made["beliefs"][1]["seconds_high"])) == {None}
    assert read(made["beliefs"][2]["a"])[0] is None
    assert not re.search(r"nan|inf", " ".join(str(x) for x in leaves(made)), re.IGNORECASE)


def test_texts_are_kept_as_they_are_and_can_be_written() -> None:
    told = snapshot(k=6)
    told["graph"]["nodes"][0]["candidates"] = ODD
    told["notices"] = ["x" * 9000, *ODD]
    made = kept(told)
    json.dumps(made, ensure_ascii=False).encode()
    assert made["graph"]["nodes"][0]["candidates"] == [
        name.encode("utf-8", "replace").decode() for name in ODD
    ]
    assert made["notices"][0] == "x" * 159 + "…"
    assert max(len(x) for x in leaves(made) if isinstance(x, str) and " " not in x) <= 320


def test_numbers_have_four_digits() -> None:
    assert series([1 / 3, 2.0, -1, None, 1e-12, 123456.0]) == "0.3333 2 -1 - 1e-12 123500"
    assert number(np.float32(0.1)) == 0.1
    assert text("é" * 5, 4) == "ééé…"


def test_a_dashboard_shows_it_beside_the_still_page(run: Run) -> None:
    shown = run.dashboard()
    assert isinstance(shown, Dashboard)
    bundle = shown._repr_mimebundle_()
    shown.close()
    assert {"text/plain", "text/html", MIME} <= bundle.keys()
    assert bundle[MIME] == kept(run.watch.snapshot())


def test_the_page_of_it_can_make_nothing_but_text() -> None:
    sources = {p.name: p.read_text("utf-8") for p in SOURCES.glob("*.ts") if ".test." not in p.name}
    assert "renderer.ts" in sources
    banned = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
        r"|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(|localStorage|href"
    )
    for name, code in sources.items():
        assert not re.search(banned, code), name
        assert re.findall(r"https?://[^'\s]+", code) in ([], ["http://www.w3.org/2000/svg"]), name
