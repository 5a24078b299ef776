"""Announcements by a person, from packages made by hand; the real ones where they are installed."""

from __future__ import annotations

import gzip
import io
import wave
from pathlib import Path

import numpy as np
import pytest

from flexiflow import BadInput
from flexiflow.examples.lessons.extras import lacking
from flexiflow.examples.speech import announced, announcements, need_announcements
from flexiflow.examples.speech.prompts import (
    SOUNDS,
    TEXTS,
    absent,
    announcer,
    grammar,
    same_words,
    texts,
)
from flexiflow.examples.speech.spoiled import SILENCE, WAYS
from flexiflow.examples.speech.workflow import PACKAGES

SAID = b"""; Core sounds

thanks: Thank you very much.
again: Thank you, very much!
beep: [this is a simple beep tone]
keys: Press 1 to leave.
caller: Unidentified caller, or one who witheld it.
short: Thank you.
silent: There is no sound for this.
"""
SECONDS = {"thanks": 0.5, "again": 0.5, "beep": 0.2, "keys": 0.5, "caller": 1.0, "short": 0.3}

WITHOUT = absent() or (f"{lacking(PACKAGES)} missing" if lacking(PACKAGES) else "")
real = pytest.mark.skipif(bool(WITHOUT), reason=WITHOUT)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Both packages, unpacked: a tone of 440 Hz in place of each voice."""
    (tmp_path / TEXTS).parent.mkdir(parents=True)
    (tmp_path / TEXTS).write_bytes(gzip.compress(SAID))
    (tmp_path / SOUNDS).mkdir(parents=True)
    for name, seconds in SECONDS.items():
        tone = np.sin(2 * np.pi * 440 * np.arange(round(8000 * seconds)) / 8000)
        data = io.BytesIO()
        with wave.open(data, "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes((9000 * tone).astype("<i2").tobytes())
        (tmp_path / SOUNDS / f"{name}.wav").write_bytes(data.getvalue())
    return tmp_path


def test_sentences_are_kept_once_and_misprints_are_mended(root: Path) -> None:
    assert texts(root) == {
        "thanks": "thank you very much",
        "caller": "unidentified caller or one who withheld it",
    }


def test_each_comes_once_before_one_comes_again(root: Path) -> None:
    jobs = announcements(30, 3, root)
    names = [job["name"] for job in jobs]
    assert set(names[:2]) == {"thanks", "caller"}
    assert names == names[:2] * 15
    assert {job["label"] for job in jobs} == set(texts(root).values())
    assert {job["way"] for job in jobs} == set(WAYS)
    assert len({job["id"] for job in jobs}) == 30
    for job in jobs:
        assert job["sound"].dtype == np.int16
        assert len(job["sound"]) == 16_000 * SECONDS[job["name"]] + 2 * SILENCE
    shorter = announcements(5, 3, root)
    assert all((a["sound"] == b["sound"]).all() for a, b in zip(shorter, jobs, strict=False))


def test_the_voice_is_brought_to_twice_the_samples(root: Path) -> None:
    clear = next(job for job in announcements(30, 3, root) if job["way"] == "clear")
    power = np.abs(np.fft.rfft(clear["sound"].astype(float))) ** 2
    hertz = np.fft.rfftfreq(len(clear["sound"]), 1 / 16_000)
    assert power[abs(hertz - 440) < 20].sum() > 0.98 * power.sum()


def test_what_is_not_there_is_told(root: Path, tmp_path: Path) -> None:
    need_announcements(root)
    said = "apt-get install asterisk-core-sounds-en asterisk-core-sounds-en-wav"
    nowhere = tmp_path / "nowhere"
    assert said in str(absent(nowhere))
    for call in (need_announcements, texts):
        with pytest.raises(BadInput, match=said):
            call(nowhere)
    with pytest.raises(BadInput, match="dpkg -x FILE FOLDER"):
        announcements(1, root=nowhere)
    with pytest.raises(BadInput, match=r"0 or more\. Got -1"):
        announcements(-1, root=root)
    (root / TEXTS).unlink()
    assert said in str(absent(root))


def test_letters_count_and_blanks_do_not() -> None:
    assert same_words("re enter it", "reenter it")
    assert not same_words("enter it", "reenter it")


def test_the_grammar_is_of_all_sentences() -> None:
    assert "= a b | c d;" in grammar(["a b", "c d"])


def test_the_workflow_asks_what_was_said() -> None:
    (text,) = announced.graph.nodes
    names = [c.name for c in text.candidates]
    assert names == ["announcements_grammar", "whisper_tiny", "whisper_base"]
    assert dict(announced.thresholds) == {"heard": 0.45}


@real
def test_the_grammar_hears_a_person() -> None:
    listen = announcer()
    clear = [job for job in announcements(60) if job["way"] == "clear"][:4]
    heard = [listen(job["sound"]) for job in clear]
    assert sum(same_words(r.value, job["label"]) for r, job in zip(heard, clear, strict=True)) >= 3
    said = set(texts().values())
    assert {r.value for r in heard} <= said
    unknown = [it for it in said if "unmuted" in it.split()]
    assert unknown
    assert not {r.value for r in heard} & set(unknown)
