"""Document intake: its bytes, its checks, and going back from the language to the decoder."""

from collections import Counter

import numpy as np
import pytest

from flexiflow import BadInput, Fixed, MemoryStore
from flexiflow.examples.intake.checks import clean, glance, strange, understood
from flexiflow.examples.intake.decoders import decoded, utf8_else_latin1
from flexiflow.examples.intake.documents import NEW, OLD, documents, fitting
from flexiflow.examples.intake.workflow import PACKAGES, intake
from flexiflow.examples.languages.messages import FOLDERS
from flexiflow.examples.lessons import record
from flexiflow.examples.lessons.extras import lacking
from flexiflow.examples.lessons.policies import oracle

WITHOUT = lacking(PACKAGES)
real = pytest.mark.skipif(
    bool(WITHOUT), reason=f"{WITHOUT} missing: pip install 'flexiflow[intake]'"
)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Die Größe darf nicht null sein.", True),
        ("Die Größe darf nicht null sein.".encode().decode("cp1252"), False),
        ("日付を入力してください", True),
        ("Неверная дата", True),
        ("Неверная дата".encode("cp1251").decode("latin_1"), True),  # Latin letters: it leaks
        ("Неверная дата".encode("utf_16_le").decode("latin_1"), False),
        ("größer".encode("cp1252").decode("cp1251"), False),  # two scripts in a word
        ("line\nbreak\tand tab", True),
        ("", False),
    ],
)
def test_clean(text: str, good: bool) -> None:
    assert clean(text) is good


def test_strange_places_are_counted() -> None:
    assert strange("abC\ufffd") == (1 + 1) / 4
    assert strange("aя") == 1 / 2


def test_understood_is_about_both_steps() -> None:
    label = {"text": "Datum", "language": "de"}
    assert understood("Datum", "de", label)
    assert not understood("Datum", "nl", label)
    assert not understood("Datun", "de", label)


def test_what_is_seen_of_bytes() -> None:
    assert glance(b"abcd") == [0, 0, 0, 0, 0, 0, 0.04]
    assert glance("À".encode()) == [1, 0, 1 / 2, 1 / 2, 0, 0, 0.02]
    assert glance("a".encode("utf_16_le")) == [0, 0.5, 0, 0, 0, 0, 0.02]
    assert glance("日".encode("iso2022_jp"))[4] == 1
    assert glance("a".encode("utf_8_sig"))[5] == 1
    assert len(glance(b"")) == 7


def test_decoding() -> None:
    assert utf8_else_latin1("é".encode("utf_8_sig")) == "é"
    assert utf8_else_latin1("é".encode("cp1252")) == "é"
    assert decoded("é".encode("utf_16"), "utf_16") == "é"
    assert decoded("é".encode("utf_8_sig"), "utf_8") == "é"
    with pytest.raises(ValueError, match="no encoding"):
        decoded(b"x", None)


def test_encodings_write_the_whole_text() -> None:
    assert set(OLD) <= set(FOLDERS)
    assert len(set(NEW).union(*OLD.values())) == 29
    assert set(fitting("ru", "дата")) == {"cp1251", "iso8859_5", "koi8_r", *NEW}
    assert set(fitting("ru", "日")) == set(NEW)
    assert set(fitting("hi", "तारीख")) == set(NEW)


@real
def test_documents_are_seeded_and_can_be_decoded() -> None:
    made = documents(200, seed=3)
    assert made == documents(210, seed=3)[:200]
    assert made != documents(200, seed=4)
    for it in made:
        text = it["data"].decode(it["encoding"]).removeprefix("\ufeff")
        assert text == it["label"]["text"]
    assert len(Counter(it["encoding"] for it in made)) > 12
    good = [clean(it["label"]["text"]) for it in made]
    assert sum(good) >= 0.93 * len(good)
    with pytest.raises(BadInput, match="Got -1"):
        documents(-1)


@real
def test_no_single_path_is_right_as_often_as_the_best_of_all() -> None:
    found = record(intake, documents(40, seed=1))
    right = found.right.mean(axis=0)
    assert oracle(found).right.mean() > right.max()
    assert np.nanmax(found.confidence) <= 1
    decoders = [c[0] for c in found.configurations]
    by_detection = right[decoders.index("chardet")]
    assert by_detection > right[decoders.index("utf8_else_latin1")] + 0.2


@real
def test_a_document_goes_back_from_the_language_to_the_decoder() -> None:
    made = documents(60, seed=2)
    intake.pin("language", "eldc")  # so that a failure can be mended by another decoder alone
    try:
        run = intake.run(made, store=MemoryStore(), seed=0, progress=False, sampler=Fixed())
    finally:
        intake.pin("language", None)
    assert run.jobs["rollbacks"].sum() > 0
    assert run.jobs["passed"].mean() > 0.7
