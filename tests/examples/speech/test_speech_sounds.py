"""Calls: the phrases and their grammar, ways to spoil a sound, what is seen of one, voices."""

from __future__ import annotations

import io
import random
import wave
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import signal

from flexiflow import BadInput
from flexiflow.examples.speech import phrases, spoiled, spoken, voices
from flexiflow.examples.speech.checks import pace, sayable
from flexiflow.examples.speech.voices import RATE, VOICES, Floats

NO_VOICES = voices.missing()
speaking = pytest.mark.skipif(bool(NO_VOICES), reason=f"apt-get install {' '.join(NO_VOICES)}")


def tone(hertz: float, seconds: float = 1.0, rate: int = RATE) -> Floats:
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def wav(sound: Floats, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes((sound * 32767).astype("<i2").tobytes())
    return file.getvalue()


def test_every_phrase_has_the_label_of_its_clauses() -> None:
    labels = {c: label for label, rules in phrases.RULES.items() for r in rules
              for c in phrases.clauses(r)}  # fmt: skip
    assert len(labels) == sum(
        len(list(phrases.clauses(r))) for rules in phrases.RULES.values() for r in rules
    )
    seen = set()
    for number in range(300):
        text, label = phrases.phrase(random.Random(number))
        parts = text.split(" and ")
        assert {labels[part] for part in parts} == {label}
        seen.add((label, len(parts)))
    assert len(seen) == 4


def test_clauses_are_all_that_the_slots_allow() -> None:
    every = list(phrases.clauses("{thing} was {very} {good}"))
    words = phrases.WORDS
    assert len(set(every)) == len(words["thing"]) * len(words["very"]) * len(words["good"])
    assert list(phrases.clauses("i want my money back")) == ["i want my money back"]


def test_the_grammar_defines_each_rule_that_it_uses() -> None:
    lines = phrases.grammar().splitlines()[3:]
    defined = {line.partition(" = ")[0] for line in lines}
    used = {f"<{word}>" for line in lines for word in line.replace("<", "> ").split("> ")
            if word in phrases.WORDS}  # fmt: skip
    assert used <= defined == {f"<{name}>" for name in (*phrases.RULES, *phrases.WORDS)}


def test_resampling_is_what_scipy_does() -> None:
    at = np.linspace(0, 2 * np.pi, 2205, endpoint=False)
    sound = np.sin(3 * at) + 0.5 * np.cos(70 * at) + 0.2 * np.sin(700 * at)
    made = voices.resampled(sound, 22050, RATE)
    np.testing.assert_allclose(made, signal.resample(sound, 1600), atol=1e-9)
    np.testing.assert_allclose(voices.resampled(made, RATE, 22050), sound, atol=1e-9)
    assert voices.resampled(sound, RATE, RATE) is sound


def test_a_wav_file_is_read_whatever_its_header_says_of_its_length() -> None:
    whole = wav(0.5 * tone(440, rate=8000), 8000)
    piped = whole.replace((16_000).to_bytes(4, "little"), (2**31 - 2).to_bytes(4, "little"))
    assert piped != whole
    for data in (whole, piped):
        made = voices.samples(data)
        assert len(made) == RATE
        np.testing.assert_allclose(made[800:-800], 0.5 * tone(440)[800:-800], atol=2e-3)


@pytest.mark.parametrize("decibels", [-10.0, 0.0, 12.5])
def test_noise_is_as_far_below_as_asked(decibels: float) -> None:
    voice, noise = tone(300), np.random.default_rng(1).standard_normal(RATE)
    added = spoiled.mixed(voice, noise, decibels) - voice
    ratio = 10 * np.log10(np.mean(voice**2) / np.mean(added**2))
    assert ratio == pytest.approx(decibels)


def test_a_band_keeps_what_is_in_it() -> None:
    sound = tone(100) + tone(1000) + tone(5000)
    np.testing.assert_allclose(spoiled.band(sound, 300, 3400), tone(1000), atol=1e-9)


def test_ways_to_spoil_a_call_can_be_told_apart_at_a_glance() -> None:
    voice = tone(500, 2) * np.repeat([0.0, 1.0, 0.0, 1.0], RATE // 2)
    seen = {}
    for way in spoiled.WAYS:
        sound = spoiled.call(way, voice, [tone(700), tone(900)], random.Random(2))
        assert sound.dtype == np.int16
        assert len(sound) == len(voice) + 2 * spoiled.SILENCE
        assert (sound == spoiled.call(way, voice, [tone(700), tone(900)], random.Random(2))).all()
        seen[way] = spoiled.glance(sound)
        assert np.isfinite(seen[way]).all()
        assert seen[way][5] == pytest.approx(len(sound) / RATE)
    loudness, over, low, high, even = (
        {way: it[place] for way, it in seen.items()} for place in range(5)
    )
    assert min(loudness, key=lambda way: loudness[way]) == "faint"
    assert max(over, key=lambda way: over[way]) == "clear"
    assert max(low, key=lambda way: low[way]) == "hum"
    assert max(high, key=lambda way: high[way]) == max(even, key=lambda way: even[way]) == "noise"
    assert high["telephone"] < 1e-3


def test_loudness_is_in_decibels_of_the_largest() -> None:
    sound = (32767 * np.repeat([1.0, 0.1], 5 * spoiled.FRAME)).astype(np.int16)
    found = spoiled.loudness(sound)
    np.testing.assert_allclose(found[:5], 0, atol=1e-3)
    np.testing.assert_allclose(found[5:], -20, atol=1e-2)


def test_the_pace_of_a_text() -> None:
    second = np.zeros(RATE, np.int16)
    assert pace("it's good, 7", second) == 8
    assert sayable("it's good, 7", second)
    assert not sayable("so", second)
    assert not sayable("word" * 6, second)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Voices that hum, and rated texts of one's own."""
    monkeypatch.setattr(spoken, "need_voices", lambda: None)
    monkeypatch.setattr(spoken, "said", lambda text, voice, slower=1.0: tone(len(text) + 100, 0.3))
    rows = [
        {"text": f"this is text {'abcdefghij'[k % 10]}", "label": "positive", "domain": domain}
        for k in range(60)
        for domain in ("film", "tweet")
    ]
    rows.append({"text": "word " * 15, "label": "negative", "domain": "film"})
    rows.append({"text": "5 stars :-)", "label": "negative", "domain": "film"})
    monkeypatch.setattr(spoken, "snippets", lambda n, seed: rows)


@pytest.mark.usefixtures("quiet")
def test_calls_are_seeded_and_of_both_kinds() -> None:
    spoken._heard.cache_clear()
    made = spoken.calls(40, seed=5)
    longer, other = spoken.calls(44, seed=5)[:40], spoken.calls(40, seed=6)
    for one, same in zip(made, longer, strict=True):
        assert (one["sound"] == same["sound"]).all()
        assert {**one, "sound": 0} == {**same, "sound": 0}
    assert [it["text"] for it in made] != [it["text"] for it in other]
    assert set(Counter(it["kind"] for it in made)) == {"answer", "free"}
    assert {it["way"] for it in made} == set(spoiled.WAYS)
    free = [it["text"] for it in made if it["kind"] == "free"]
    assert all(text.startswith("this is text") for text in free)
    spoken._heard.cache_clear()


@pytest.mark.usefixtures("quiet")
def test_more_calls_than_there_are_texts() -> None:
    with pytest.raises(BadInput, match="no more than"):
        spoken.calls(200)
    with pytest.raises(BadInput, match="Got -1"):
        spoken.calls(-1)
    spoken._heard.cache_clear()


def test_missing_programs_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices.shutil, "which", lambda name: None)
    with pytest.raises(BadInput, match=r"apt-get install espeak-ng flite$"):
        voices.said("hello", VOICES[0])


def test_a_program_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices.shutil, "which", lambda name: name)
    failed: Any = SimpleNamespace(returncode=1, stdout=b"", stderr=b"no such voice\n")
    monkeypatch.setattr(voices.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(BadInput, match="flite could not read 'hello': no such voice"):
        voices.said("hello", VOICES[-1])


@speaking
@pytest.mark.parametrize("voice", VOICES, ids=lambda it: it.name)
def test_a_voice_reads_the_same_in_the_same_way(voice: voices.Voice, tmp_path: Path) -> None:
    short, again = voices.said("good", voice), voices.said("good", voice)
    longer = voices.said("the delivery was very good", voice, slower=1.1)
    assert (short == again).all()
    assert 0.2 * RATE < len(short) < len(longer)
    assert 0.01 < np.abs(longer).max() <= 1
