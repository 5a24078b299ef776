from __future__ import annotations

import polars as pl
import pytest
from contracts.store_records import outcome

from flexiflow.errors import BadInput
from flexiflow.stores import MemoryStore, unpack


def unpacked(*texts: str | None) -> dict[str, list[object]]:
    frame = pl.DataFrame({"a": range(len(texts)), "x": texts, "z": range(len(texts))})
    made = unpack(frame.with_columns(pl.col("x").cast(pl.String)), "x").to_dict(as_series=False)
    return {name: values for name, values in made.items() if name not in ("a", "z")}


def test_names_become_columns_where_the_packed_one_stood() -> None:
    frame = pl.DataFrame({"a": [1], "x": ['{"p":1,"q":"two"}'], "z": [3]})
    made = unpack(frame, "x")
    assert made.columns == ["a", "x.p", "x.q", "z"]
    assert made.row(0) == (1, 1, "two", 3)


def test_values_keep_the_type_they_share() -> None:
    assert unpacked('{"n":1}', '{"n":null}', "{}", '{"n":3}') == {"x.n": [1, None, None, 3]}
    assert unpacked('{"n":1}', '{"n":0.5}') == {"x.n": [1.0, 0.5]}
    assert unpacked('{"b":true}', '{"b":false}') == {"x.b": [True, False]}
    assert unpacked('{"v":[0.5,1]}', '{"v":[2.0,3.5]}') == {"x.v": [[0.5, 1.0], [2.0, 3.5]]}


def test_mixed_and_deep_values_become_texts() -> None:
    assert unpacked('{"m":1}', '{"m":"one"}') == {"x.m": ["1", "one"]}
    assert unpacked('{"d":{"k":[1]}}', "{}") == {"x.d": ['{"k": [1]}', None]}
    assert unpacked('{"big":1}', f'{{"big":{10**30}}}')["x.big"][0] in (1, "1")
    assert unpacked(r'{"s":"\ud800"}') == {"x.s": ["\\ud800"]}


def test_what_is_no_object_gives_null() -> None:
    assert unpacked('{"n":1}', "broken{", "[1]", None) == {"x.n": [1, None, None, None]}
    assert unpacked(None, "") == {}


def test_the_terms_of_jobs() -> None:
    with MemoryStore() as store:
        store.append([outcome("a"), outcome("b", terms={"exact": 1.0, "runtime": 2})])
        frame = unpack(unpack(store.read("jobs"), "terms"), "context")
    assert frame["terms.exact"].to_list() == [None, 1.0]
    assert frame["terms.runtime"].to_list() == [0.375, 2.0]
    assert frame["context.light"].to_list() == [0.5, 0.5]


@pytest.mark.parametrize("column", ["y", "a"])
def test_a_column_that_is_not_packed_is_refused(column: str) -> None:
    frame = pl.DataFrame({"a": [1], "x": ["{}"]})
    with pytest.raises(BadInput, match=f"Got '{column}'; the frame's columns of text are: x"):
        unpack(frame, column)
