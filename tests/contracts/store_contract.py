"""What every store does; each implementation's own test file runs all of it."""

from __future__ import annotations

import json
import math
import threading
from typing import Any

import numpy as np
import polars as pl
import pytest
from contracts.store_records import attempt, outcome

from flexiflow.errors import BadInput, StoreError
from flexiflow.records import Definition, Effect, Feedback, Record, Snapshot
from flexiflow.stores import SCHEMAS, Store

NASTY = [
    "Österreich 日本語 🎉",
    "<script>alert('x')</script>",
    'it\'s "quoted"; DROP TABLE jobs; --',
    "",
    "new\nline\ttab % ? :name",
]


def heights(store: Store) -> dict[str, int]:
    return {table: store.read(table).height for table in SCHEMAS}


class StoreContract:
    """Subclasses give a fixture ``store``: a new, empty store."""

    @pytest.mark.parametrize("table", list(SCHEMAS))
    def test_empty_tables_have_their_schema(self, store: Store, table: str) -> None:
        frame = store.read(table)
        assert frame.height == 0
        assert frame.schema == SCHEMAS[table]

    def test_what_goes_in_comes_out(self, store: Store) -> None:
        it = outcome("a")
        rest: list[Record] = [
            Feedback("a", 5.0, {"label": "Austria"}, {"exact": 1.0}, 0.5),
            Effect("a", "cards", "send", "mail", 6.0, "started"),
            Definition("d1", "cards", 1.0, "text = ...", {"t": "f"}, {"text": {"tesseract": "f"}}),
            Snapshot("cards", "Thompson", 1, 2.0, {"mean": [0.25, 0.1], "count": 3}),
        ]
        store.append([it, *rest])
        for table, records in {
            "jobs": [it.job],
            "attempts": it.attempts,
            "verdicts": it.verdicts,
            "feedback": rest[:1],
            "effects": rest[1:2],
            "definitions": rest[2:3],
            "snapshots": rest[3:],
        }.items():
            frame = store.read(table)
            assert frame.schema == SCHEMAS[table]
            assert frame.height == len(records)
            for row, record in zip(frame.iter_rows(named=True), records, strict=True):
                for name, value in record._asdict().items():
                    found = row[name]
                    if isinstance(value, dict):
                        found = json.loads(found)
                    elif isinstance(value, tuple):
                        found = tuple(found)
                    assert found == value, (table, name)

    def test_seq_grows_over_all_tables(self, store: Store) -> None:
        store.append([outcome("a"), Feedback("a", 1.0, {}, {}, None)])
        store.append([outcome("b"), outcome("c")])
        store.append([Effect("d", "cards", "send", "mail", 1.0, "started")])
        assert store.read("jobs")["job_id"].to_list() == ["a", "b", "c"]
        seqs = pl.concat([store.read(table)["seq"] for table in SCHEMAS])
        assert seqs.n_unique() == len(seqs)
        assert store.read("feedback")["seq"][0] < store.read("jobs", job_id="b")["seq"][0]
        assert store.read("effects")["seq"][0] == seqs.max()

    def test_filters(self, store: Store) -> None:
        store.append([outcome("a"), outcome("b", run="run-2"), outcome("c", workflow="other")])
        store.append([Feedback(j, 1.0, {}, {}, None) for j in "cba"])
        seq = dict(store.read("jobs").select("job_id", "seq").iter_rows())
        told = store.read("feedback")["seq"].to_list()
        for table in ("jobs", "attempts", "verdicts", "feedback"):
            if table == "feedback":  # its own place in the log counts: what was told since
                seq = dict(zip("cba", told, strict=True))

            def ids(table: str = table, **filters: Any) -> str:
                return "".join(sorted(set(store.read(table, **filters)["job_id"])))

            assert ids(workflow="cards") == "ab"
            assert ids(run="run-1") == "ac"
            assert ids(workflow="cards", run="run-1") == "a"
            assert ids(job_id="b") == "b"
            assert ids(after=0) == "abc"
            first, _, last = sorted(seq, key=seq.__getitem__)
            assert ids(after=seq[first]) == "".join(sorted({*"abc"} - {first}))
            assert ids(after=seq[first], workflow="cards") == ("b" if first == "a" else "ab")
            assert ids(after=seq[last]) == ""
            assert ids(job_id="b", run="run-1") == ""

    def test_limit_takes_the_earliest(self, store: Store) -> None:
        store.append([outcome(j) for j in "abc"])
        assert store.read("jobs", limit=2)["job_id"].to_list() == ["a", "b"]
        assert store.read("attempts", limit=4)["step"].to_list() == [0, 1, 2, 0]
        assert store.read("attempts", workflow="cards", limit=4)["step"].to_list() == [0, 1, 2, 0]
        nothing = store.read("jobs", limit=0)
        assert (nothing.height, nothing.schema) == (0, SCHEMAS["jobs"])

    def test_effects_definitions_and_snapshots_have_their_own_filters(self, store: Store) -> None:
        store.append([outcome("a"), Effect("a", "cards", "send", "mail", 1.0, "started")])
        store.append([Effect("ghost", "cards", "send", "mail", 1.0, "started")])
        store.append([Definition("d", "cards", 1.0, "", {}, {})])
        store.append([Snapshot("cards", "Thompson", 1, 1.0, {})])
        assert store.read("effects", workflow="cards").height == 2
        assert store.read("effects", job_id="ghost").height == 1
        assert store.read("effects", run="run-1")["job_id"].to_list() == ["a"]
        seq = store.read("effects")["seq"]
        assert store.read("effects", after=seq[0])["seq"].to_list() == [seq[1]]
        for table in ("definitions", "snapshots"):
            assert store.read(table, workflow="cards").height == 1
            assert store.read(table, workflow="other").height == 0
            with pytest.raises(BadInput, match="belong to no run"):
                store.read(table, run="run-1")

    def test_a_job_appended_again_replaces_the_earlier(self, store: Store) -> None:
        store.append([outcome("a", attempts=3, verdicts=2, teaches=False), outcome("b")])
        seen = store.read("jobs")["seq"].max()
        store.append([Feedback("a", 1.0, {}, {}, None)])
        store.append([outcome("a", attempts=1, verdicts=0, teaches=True)])
        jobs = store.read("jobs")
        assert jobs["job_id"].to_list() == ["b", "a"]
        assert store.read("jobs", after=seen)["teaches"].to_list() == [True]
        assert store.read("attempts", job_id="a").height == 1
        assert store.read("attempts", after=seen)["job_id"].to_list() == ["a"]
        assert store.read("verdicts", job_id="a").height == 0
        told = store.read("feedback", after=seen)["seq"].to_list()
        assert len(told) == 1
        assert store.read("feedback", after=told[0]).is_empty()  # the job moved, not the label
        assert store.read("attempts", job_id="b").height == 3

    def test_the_last_of_two_in_one_append_counts(self, store: Store) -> None:
        store.append([outcome("a", attempts=3), outcome("b"), outcome("a", attempts=1, cost=9.0)])
        assert store.read("jobs")["job_id"].to_list() == ["b", "a"]
        assert store.read("jobs", job_id="a")["cost"].to_list() == [9.0]
        assert store.read("attempts", job_id="a").height == 1

    def test_feedback_and_effects_are_only_added(self, store: Store) -> None:
        for state in ("started", "done"):
            store.append([Effect("a", "cards", "send", "mail", 1.0, state)])
        store.append([Feedback("a", 1.0, {}, {}, 0.1), Feedback("a", 2.0, {}, {}, 0.2)])
        assert store.read("effects")["state"].to_list() == ["started", "done"]
        assert store.read("feedback")["reward"].to_list() == [0.1, 0.2]

    def test_definitions_are_kept_once_and_snapshots_replaced(self, store: Store) -> None:
        first = Definition("d1", "cards", 1.0, "first", {}, {})
        store.append([first, first, Definition("d2", "cards", 1.0, "second", {}, {})])
        store.append([first._replace(time=9.0, text="changed")])
        assert store.read("definitions")["text"].to_list() == ["first", "second"]
        old = Snapshot("cards", "Thompson", 1, 1.0, {"n": 1})
        store.append([old, old._replace(sampler="Hybrid"), old._replace(workflow="other")])
        store.append([old._replace(upto=5, state={"n": 2})])
        kept = store.read("snapshots", workflow="cards")
        assert kept["sampler"].to_list() == ["Hybrid", "Thompson"]
        assert kept["upto"].to_list() == [1, 5]
        assert json.loads(kept["state"][1]) == {"n": 2}

    @pytest.mark.parametrize("text", NASTY)
    def test_any_text_survives(self, store: Store, text: str) -> None:
        store.append(
            [
                outcome(
                    "a", workflow=text, output=text, context={text: text},
                    more=[attempt("a", 3, node=text, candidate=text, reason=text)],
                )
            ]
        )  # fmt: skip
        job = store.read("jobs", workflow=text).row(0, named=True)
        assert (job["workflow"], job["output"]) == (text, text)
        assert json.loads(job["context"]) == {text: text}
        assert store.read("attempts").row(-1, named=True)["node"] == text

    def test_text_that_utf8_cannot_hold_is_escaped(self, store: Store) -> None:
        odd = "bad\ud800\0end"
        store.append([outcome(odd, output=odd, context={"x": odd}, error=odd)])
        row = store.read("jobs", job_id=odd).row(0, named=True)
        assert row["output"] == row["error"] == row["job_id"] == "bad\\ud800\\x00end"
        assert json.loads(row["context"]) == {"x": odd}
        assert store.read("attempts", job_id=odd).height == 3

    def test_numbers_of_any_make(self, store: Store) -> None:
        row = attempt(
            "a", step=np.int64(3), confidence=np.float32(0.5), seconds=2, memo=np.True_,
            cost=math.inf, propensity=math.nan, upstream=(np.int64(4),), seed=-(2**63),
        )  # fmt: skip
        store.append([outcome("a", 0, more=[row], context={"v": np.arange(2), "n": math.nan})])
        found = store.read("attempts").row(0, named=True)
        assert (found["step"], found["confidence"], found["seconds"]) == (3, 0.5, 2.0)
        assert (found["memo"], found["cost"], found["propensity"]) == (True, math.inf, None)
        assert (found["upstream"], found["seed"]) == ([4], -(2**63))
        assert store.read("jobs")["context"][0] == '{"v":[0,1],"n":null}'

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            ("text", "Got str instead"),
            (outcome("x", number="first"), "'number' in a row of 'jobs' must be a whole number"),
            (outcome("x", passed=None), "'passed' in a row of 'jobs' must be True or False"),
            (outcome("x", context=[1]), "'context' in a row of 'jobs' must be a mapping"),
            (outcome("x", more=[attempt("x", seed=2**63)]), "'seed' .* 64 bits"),
            (outcome("x", more=[attempt("y")]), "must be of its own job 'x'"),
            (Feedback(None, 1.0, {}, {}, None), "'job_id' in a row of 'feedback' must be text"),
            (Snapshot("w", "s", 1, 1.0, {"x": {1, 2}}), "'state' .*plain numbers"),
        ],
    )
    def test_a_bad_record_leaves_nothing_of_its_append(
        self, store: Store, bad: Any, message: str
    ) -> None:
        store.append([outcome("kept")])
        before = heights(store)
        with pytest.raises(BadInput, match=message):
            store.append([outcome("a"), Feedback("kept", 1.0, {}, {}, None), bad, outcome("b")])
        assert heights(store) == before
        store.append([outcome("c")])
        assert store.read("jobs")["job_id"].to_list() == ["kept", "c"]

    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            ({"table": "job"}, "Did you mean 'jobs'"),
            ({"table": "jobs", "after": -1}, "after= must be a whole number"),
            ({"table": "jobs", "limit": 2.5}, "limit= must be a whole number"),
            ({"table": "jobs", "run": 3}, "run= must be text"),
        ],
    )
    def test_a_bad_question_says_what_is_wrong(
        self, store: Store, asked: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(BadInput, match=message):
            store.read(**asked)

    def test_appending_nothing_is_allowed(self, store: Store) -> None:
        store.append([])
        assert set(heights(store).values()) == {0}

    def test_many_threads_write_and_read_at_once(self, store: Store) -> None:
        faults: list[BaseException] = []

        def work(name: int) -> None:
            try:
                for k in range(20):
                    store.append([outcome(f"{name}-{k}")])
                    mine = store.read("attempts", job_id=f"{name}-{k}")
                    assert mine["step"].to_list() == [0, 1, 2]
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert store.read("jobs")["seq"].is_sorted()
        assert heights(store)["attempts"] == 6 * 20 * 3

    def test_a_closed_store_says_so(self, store: Store) -> None:
        store.close()
        store.close()
        with pytest.raises(StoreError, match="closed"):
            store.append([outcome("a")])
        with pytest.raises(StoreError, match="closed"):
            store.read("jobs")
