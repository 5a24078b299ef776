"""Speech: what recognisers give, checked weights, the workflow; the real ones as a demo."""

from __future__ import annotations

import hashlib
import random
import sys
from math import exp
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flexiflow import BadInput, Fixed, MemoryStore
from flexiflow.candidates.loading import Loaded
from flexiflow.examples.lessons import weights as known_weights
from flexiflow.examples.lessons.extras import lacking
from flexiflow.examples.speech import listeners, weights
from flexiflow.examples.speech.listeners import fit, plain, written
from flexiflow.examples.speech.phrases import phrase
from flexiflow.examples.speech.spoiled import SILENCE, call
from flexiflow.examples.speech.voices import VOICES, missing, said
from flexiflow.examples.speech.workflow import PACKAGES, heard, speech

WITHOUT = lacking(PACKAGES)
real = pytest.mark.skipif(
    bool(WITHOUT), reason=f"{WITHOUT} missing: pip install 'flexiflow[speech]'"
)
speaking = pytest.mark.skipif(bool(missing()), reason=f"apt-get install {' '.join(missing())}")
TEXT = "the delivery was really disappointing"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" I don't know -- 7 times!", "i don't know 7 times"),
        ("It’s “good”.", "it's good"),
        ("'quoted'", "quoted"),
        ("...", ""),
    ],
)
def test_plain_words(text: str, words: str) -> None:
    assert plain(text) == words


def test_what_whisper_has_written_is_joined() -> None:
    result = written([(" One two,", -0.1, 0.0), ("three.", -0.2, 0.5)])
    assert result.value == "one two three"
    expected = (9 * exp(-0.1) + 6 * exp(-0.2) * 0.5**0.25) / 15
    assert result.confidence == pytest.approx(expected)
    with pytest.raises(ValueError, match="no words"):
        written([(" ...", -0.1, 0.9)])
    with pytest.raises(ValueError, match="no words"):
        written([])


def test_a_score_becomes_a_confidence() -> None:
    usual, spread = listeners.USUAL, listeners.SPREAD
    assert fit(usual + 2 * spread) == pytest.approx(1 / (1 + exp(-2)))
    assert fit(usual - 2 * spread) == pytest.approx(1 - fit(usual + 2 * spread))
    assert 0 <= fit(-1e9) < 1e-300


class Whispering:
    """In place of faster-whisper's model: remembers what it was asked."""

    def __init__(self, *_: Any, **options: Any) -> None:
        self.options, self.asked = options, dict[str, Any]()
        self.model = self

    def transcribe(self, sound: Any, **asked: Any) -> Any:
        self.asked = {"sound": sound, **asked}
        segment = SimpleNamespace(text=" Hello.", avg_logprob=-0.5, no_speech_prob=0.1)
        return iter([segment]), None

    def unload_model(self) -> None:
        self.options.clear()


def test_whisper_hears_numbers_from_minus_one_to_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Whispering] = []

    def opened(*args: Any, **options: Any) -> Whispering:
        made.append(Whispering(*args, **options))
        return made[-1]

    monkeypatch.setitem(sys.modules, "faster_whisper",
                        SimpleNamespace(WhisperModel=opened))  # fmt: skip
    model = listeners.Whisper({"model.bin": b"1"})
    result = model(np.array([-32768, 0, 16384], np.int16))
    assert (result.value, result.confidence) == ("hello", pytest.approx(exp(-0.5) * 0.9**0.25))
    assert made[0].asked["sound"].tolist() == [-1.0, 0.0, 0.5]
    assert made[0].asked["language"] == "en"
    assert made[0].options["files"] == {"model.bin": b"1"}
    model.close()
    assert not made[0].options


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with one file in two places of which one is ours."""
    for name, data in (("a", b"first "), ("b", b"second")):
        (tmp_path / name).write_bytes(data)
    found = SimpleNamespace(
        version="1.0", files=[Path("a"), Path("b")], locate_file=lambda part: tmp_path / part
    )
    monkeypatch.setattr(known_weights, "distribution", lambda name: found)
    return tmp_path


def test_weights_are_joined_and_checked(package: Path) -> None:
    parts = tuple(
        weights.File("some", name, hashlib.sha256(data).hexdigest())
        for name, data in (("a", b"first "), ("b", b"second"))
    )
    assert weights.content({"model.bin": parts}) == {"model.bin": b"first second"}
    (package / "b").write_bytes(b"altered")
    with pytest.raises(BadInput, match=r"some 1\.0 has not the b that was tried"):
        weights.content({"model.bin": parts})


def test_the_workflow_is_what_the_lesson_speaks_of() -> None:
    text, feeling = speech.graph.nodes
    assert [c.name for c in text.candidates] == ["grammar", "whisper_tiny", "whisper_base"]
    assert [c.name for c in feeling.candidates] == ["vader", "minilm_l3", "minilm_l6"]
    assert dict(speech.thresholds) == {"heard": 0.45, "sure": 0.55}
    assert [it.model for it in heard()] == [None] * 3


@real
def test_sentences_with_words_that_nobody_can_pronounce_are_left_out() -> None:
    assert listeners.pronounced(["thank you", "thank yuxo", "good bye"]) == [
        "thank you",
        "good bye",
    ]


@real
@speaking
def test_the_grammar_hears_its_own_sentences_and_is_not_sure_of_others() -> None:
    listen = listeners.Grammar()
    spoken = [phrase(random.Random(k))[0] for k in range(4)]
    for text in spoken:
        result = listen(_clear(text))
        assert result.value == text
        assert result.confidence > 0.5
    other = listen(_clear("showtime is closer to slowtime with this old carousel"))
    assert other.confidence < 0.45
    with pytest.raises(ValueError, match="no sentence"):
        listen(np.zeros(1600, np.int16))


@real
@speaking
@pytest.mark.demo
@pytest.mark.parametrize("load", [listeners.tiny, listeners.base])
def test_whisper_hears_a_clear_voice(load: Any) -> None:
    model = load()
    result = model(_clear(TEXT))
    assert result.value == TEXT
    assert 0.6 < result.confidence <= 1
    model.close()


@real
@speaking
@pytest.mark.demo
def test_a_call_outside_the_grammar_goes_to_whisper_and_models_are_given_up() -> None:
    speech.pin("feeling", "vader")
    try:
        jobs = [{"sound": _clear("This is a truly horrible, terrible film.")}]
        run = speech.run(jobs, store=MemoryStore(), seed=0, progress=False, sampler=Fixed())
    finally:
        speech.pin("feeling", None)
    assert run.jobs["passed"].all()
    assert run.attempts["candidate"][0] == "grammar"
    assert '"whisper_tiny"' in run.jobs["configuration"][0]
    assert run.results["output"].to_list() == ["negative"]
    tiny = speech.graph.nodes[0].candidates[1].kind
    assert isinstance(tiny, Loaded)
    assert tiny.is_loaded
    assert tiny.release()
    assert not tiny.is_loaded


def _clear(text: str) -> Any:
    return call("clear", said(text, VOICES[-1]), [], random.Random(0))


def test_silence_is_put_around_a_voice() -> None:
    sound = call("clear", np.ones(100), [], random.Random(0))
    assert np.abs(sound[: SILENCE - 1]).max() < np.abs(sound[SILENCE : SILENCE + 100]).min() / 100
