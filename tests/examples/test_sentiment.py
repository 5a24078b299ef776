"""Sentiment: texts and how they are fetched, heads on tiny models; the real ones as a demo."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flexiflow import BadInput
from flexiflow.examples.lessons.extras import lacking
from flexiflow.examples.sentiment import encoders, rated
from flexiflow.examples.sentiment.heads import Head, words
from flexiflow.examples.sentiment.lexicons import afinn, judged, textblob, vader
from flexiflow.examples.sentiment.workflow import PACKAGES, sentiment, trained

EACH = 620  # made texts a domain
WITHOUT = lacking(PACKAGES)
real = pytest.mark.skipif(
    bool(WITHOUT), reason=f"{WITHOUT} missing: pip install 'flexiflow[sentiment]'"
)


def packed(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return made.getvalue()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source distribution as PyPI has it, with made texts; FlexiFlow's home is empty."""
    files = {}
    for domain, stem in rated.PLACES.items():
        lines = [f"{k}\t{2.0 if k % 2 else -2.0}\t{domain} text {k}" for k in range(EACH)]
        lines += ["a\t0.4\tnobody agrees", f"b\t-2\t{domain} text 1", "c\t1.0\tfish &amp; chips"]
        files[f"hutto_ICWSM_2014/{stem}_GroundTruth.txt"] = "\r\n".join(lines).encode()
    path = tmp_path / "given" / rated.SOURCE
    path.parent.mkdir()
    path.write_bytes(packed({rated.INNER: packed(files)}))
    monkeypatch.setattr(rated, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setenv("FLEXIFLOW_HOME", str(tmp_path / "home"))
    rated._shuffled.cache_clear()
    return path


def test_texts_are_read_once_and_where_people_agree(source: Path) -> None:
    found = list(rated.rows(source))
    assert len(found) == len(rated.PLACES) * EACH + 1
    assert [r["domain"] for r in found if r["text"] == "fish & chips"] == ["tweet"]
    assert not [r for r in found if r["text"] == "nobody agrees"]
    assert found[0] == {"id": "tweet-0", "text": "tweet text 0", "domain": "tweet",
                        "rating": -2.0, "label": "negative"}  # fmt: skip
    assert {r["label"] for r in found if r["rating"] > 0} == {"positive"}


def test_jobs_are_seeded_and_never_trained_on(source: Path) -> None:
    rated.fetch(source)
    jobs = rated.snippets(300)
    assert jobs == rated.snippets(320)[:300]
    assert jobs != rated.snippets(300, seed=1)
    assert len({it["id"] for it in jobs}) == 300
    trained_on = rated.known(2000)
    assert trained_on[:200] == rated.known(200)
    assert not {it["id"] for it in jobs} & {it["id"] for it in trained_on}
    counts = [sum(it["domain"] == d for it in trained_on) for d in rated.PLACES]
    assert counts == [rated.HELD_BACK] * len(rated.PLACES)


def test_more_texts_than_there_are(source: Path) -> None:
    rated.fetch(source)
    with pytest.raises(BadInput, match="There are no 4000 texts"):
        rated.snippets(4000)
    with pytest.raises(BadInput, match="Got -1"):
        rated.snippets(-1)
    for n in (3, 2001):
        with pytest.raises(BadInput, match=f"Got {n}"):
            rated.known(n)


def test_a_given_file_is_kept_and_must_be_the_right_one(source: Path) -> None:
    kept = rated.fetch(source)
    assert kept.read_bytes() == source.read_bytes()
    source.unlink()
    assert rated.fetch() == kept
    with pytest.raises(BadInput, match="There is no file"):
        rated.fetch(source)
    source.write_bytes(b"something else")
    with pytest.raises(BadInput, match="is not the file"):
        rated.fetch(source)
    assert rated.fetch() == kept


def test_pip_is_asked_once(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def pip(command: list[str], **_: Any) -> SimpleNamespace:
        asked.append(command)
        Path(command[command.index("--dest") + 1], rated.SOURCE).write_bytes(source.read_bytes())
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(subprocess, "run", pip)
    assert rated.fetch() == rated.fetch()
    assert [command[-1] for command in asked] == ["vaderSentiment==3.3.2"]


def test_no_network_is_told_in_one_line(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SimpleNamespace(returncode=1, stderr="first\nERROR: no route to host\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(BadInput, match=r"could not be downloaded \(ERROR: no route") as told:
        rated.fetch()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("score", "value", "confidence"),
    [(1.0, "positive", 1.0), (-0.5, "negative", 0.75), (0.0, "positive", 0.5), (-2, "negative", 1)],
)
def test_a_score_is_an_answer(score: float, value: str, confidence: float) -> None:
    result = judged(score)
    assert (result.value, result.confidence) == (value, confidence)


def count(text: str) -> Any:
    """A vector of a text: how often it says good and bad, and one."""
    return np.array([text.count("good"), text.count("bad"), 1.0])


KNOWN = [
    {"text": text, "label": label}
    for text, label in (
        ("good", "positive"), ("good good", "positive"), ("so good", "positive"),
        ("bad", "negative"), ("bad bad", "negative"), ("so bad", "negative"),
    )
]  # fmt: skip


def test_a_head_says_what_scikit_learn_says() -> None:
    from sklearn.linear_model import LogisticRegression

    head = Head(count, KNOWN)
    reference = LogisticRegression(C=10.0, max_iter=2_000).fit(
        np.stack([count(r["text"]) for r in KNOWN]), [r["label"] for r in KNOWN]
    )
    for text in ("good", "bad bad bad", "neither", "good bad bad"):
        result = head(text)
        proba = reference.predict_proba([count(text)])[0]
        assert result.value == reference.classes_[proba.argmax()]
        assert result.confidence == pytest.approx(proba.max())


def test_a_classifier_on_words() -> None:
    made = words(KNOWN)
    assert list(made.predict(["so very good", "bad thing"])) == ["positive", "negative"]


def test_a_mean_has_length_one() -> None:
    states = np.array([[[1.0, 0.0], [5.0, 8.0]]])
    np.testing.assert_allclose(encoders.mean(states), [0.6, 0.8])


def test_the_workflow_is_what_the_lesson_speaks_of() -> None:
    (node,) = sentiment.graph.nodes
    assert [c.name for c in node.candidates] == [
        "vader", "textblob", "afinn", "tfidf", "minilm_l3", "minilm_l6_int8", "minilm_l6",
    ]  # fmt: skip
    (name,) = sentiment.thresholds
    assert (name, sentiment.thresholds[name]) == ("sure", 0.75)
    assert [it.model for it in trained(200)] == [None] * 4


@real
@pytest.mark.parametrize("read_by", [vader, textblob, afinn])
def test_a_lexicon_knows_simple_words(read_by: Callable[[str], Any]) -> None:
    assert read_by("This is a wonderful, excellent film. I am happy.").value == "positive"
    assert read_by("A terrible, horrible failure; I hate it.").value == "negative"
    nothing = read_by("the of")
    assert (nothing.value, nothing.confidence) == ("positive", 0.5)


@real
@pytest.mark.demo
@pytest.mark.parametrize("load", [encoders.minilm_l3, encoders.minilm_l6_int8, encoders.minilm_l6])
def test_texts_that_mean_the_same_have_near_vectors(load: Callable[[], Any]) -> None:
    encode = load()
    film, movie, tax = map(encode, ("I loved the film.", "The movie was great!", "Taxes rose."))
    assert film.shape == (384,)
    assert film @ movie > 0.5 > film @ tax


@real
@pytest.mark.demo
def test_two_makes_of_one_model_agree() -> None:
    exact, rounded = encoders.minilm_l6(), encoders.minilm_l6_int8()
    for text in ("I loved the film.", "Taxes rose again.", "not bad at all :)"):
        assert exact(text) @ rounded(text) > 0.97


@real
@pytest.mark.demo
def test_tweets_are_best_judged_by_vader_and_films_by_a_language_model() -> None:
    try:
        jobs = rated.snippets(200)
    except BadInput as error:
        pytest.skip(str(error))
    right = dict.fromkeys(("vader", "minilm_l3"), 0.0)
    named = {"vader": vader, "minilm_l3": Head(encoders.minilm_l3(), rated.known(400))}
    for domain in ("tweet", "film"):
        mine = [it for it in jobs if it["domain"] == domain]
        for name, judge in named.items():
            right[name] = np.mean([judge(it["text"]).value == it["label"] for it in mine])
        assert (right["vader"] > right["minilm_l3"]) == (domain == "tweet")
