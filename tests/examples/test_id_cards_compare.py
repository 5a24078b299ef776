"""The fixed orders of the comparison, on models made of dictionaries; the rest for real."""

from typing import Any

import pytest

from flexiflow import BadInput, Result
from flexiflow.examples.id_cards.compare import attempt, compare, loaded, shared
from flexiflow.examples.id_cards.workflow import id_cards

CALLS: list[str] = []
A, B, C = ("one", "same", "good"), ("one", "same", "bad"), ("two", "same", "good")


def _step(name: str, **found: Any) -> Any:
    """Appends its name to what comes in; a reader looks up what to make of it."""

    def run(value: str) -> Any:
        CALLS.append(name)
        seen = f"{value}{name} "
        return Result(found[seen.strip()], confidence=0.9) if found else seen

    return run


def models(**reads: str) -> dict[str, dict[str, Any]]:
    named = {path.replace("_", " "): text for path, text in reads.items()}
    return {
        "channel": {"one": _step("one"), "two": _step("two")},
        "picture": {"same": _step("same")},
        "text": {"good": _step("good", **named), "bad": _step("bad", **named)},
    }


def card() -> dict[str, Any]:
    CALLS.clear()
    return {"image": "", "kind": "name", "label": "ANNA"}


def test_the_first_that_passes_ends_the_card() -> None:
    found = attempt(card(), [A, B], models(one_same_good="ANNA"), reuse=False)
    assert (found.right, found.passed, found.switches, found.rollbacks) == (True, True, 0, 0)
    assert CALLS == ["one", "same", "good"]


def test_from_scratch_runs_all_again_and_reuse_does_not() -> None:
    reads = models(one_same_bad="4NNA", one_same_good="ANNA")
    again = attempt(card(), [B, A], reads, reuse=False)
    assert CALLS == ["one", "same", "bad", "one", "same", "good"]
    kept = attempt(card(), [B, A], reads, reuse=True)
    assert CALLS == ["one", "same", "bad", "good"]
    for found in (again, kept):
        assert (found.right, found.passed, found.switches, found.rollbacks) == (True, True, 1, 0)


def test_another_channel_is_a_rollback() -> None:
    reads = models(one_same_good="4NNA", two_same_good="EMMA")
    found = attempt(card(), [A, C], reads, reuse=True)
    assert (found.right, found.passed, found.switches, found.rollbacks) == (False, True, 0, 1)


def test_a_card_that_nothing_passes_keeps_the_first_output() -> None:
    reads = models(one_same_good="anna", one_same_bad="4NNA", two_same_good="")
    found = attempt(card(), [A, B, C], reads, reuse=True)
    assert (found.right, found.passed, found.switches, found.rollbacks) == (False, False, 1, 1)


def test_shared_beginnings() -> None:
    assert (shared(A, B), shared(A, C), shared(A, A)) == (2, 0, 3)


def test_the_workflow_is_what_its_text_says() -> None:
    graph = id_cards.graph
    assert [n.name for n in graph.nodes] == ["channel", "picture", "text"]
    assert [len(n.candidates) for n in graph.nodes] == [4, 5, 2]
    assert graph.scopes == ((0, 1, 2),)
    assert [o.sign for o in graph.objectives] == [1, -1]
    assert [i.name for i in graph.inputs if i.late] == ["label"]


@pytest.mark.demo
def test_every_policy_is_run_for_real() -> None:
    for package in ("tesserocr", "rapidocr_onnxruntime", "cv2", "PIL", "matplotlib", "faker"):
        pytest.importorskip(package, reason="the recognisers come with the extra 'demo'")
    said: list[str] = []
    frame = compare(n=12, difficulty=1.0, known=4, say=said.append)
    assert {"tesseract", "rapidocr"} == set(loaded()["text"])
    rows = {row["policy"]: row for row in frame.iter_rows(named=True)}
    alone = [name for name in rows if name.endswith("alone")]
    assert len(alone) >= 2
    assert rows["FlexiFlow"]["pass_rate"] >= max(rows[name]["pass_rate"] for name in alone)
    assert all(0 < r["ms_in_models"] <= r["ms_a_job"] for r in rows.values())
    assert all(rows[name]["switches"] == rows[name]["rollbacks"] == 0 for name in alone)
    scratch, reusing = rows["best order, from scratch"], rows["best order, reusing"]
    assert scratch["accuracy"] == reusing["accuracy"]
    assert said[-1].startswith("12 of 12 cards")


def test_a_comparison_needs_cards() -> None:
    with pytest.raises(BadInput, match="Got 0 and 40"):
        compare(n=0, say=CALLS.append)
