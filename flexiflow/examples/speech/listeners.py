"""The candidates of the first step: one recogniser bound to a grammar, and Whisper in two sizes.

The first [1]_ knows the sentences of ``phrases`` and hears nothing but these, whatever is
said; the others know English. All give plain words, without punctuation: two that agree then
give the same value, and what follows is computed once for both.

References
----------
.. [1] Huggins-Daines, D. et al. (2006). PocketSphinx: a free, real-time continuous speech
   recognition system for hand-held devices. ICASSP. https://doi.org/10.1109/ICASSP.2006.1659988
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from typing import Any

import numpy as np

from flexiflow.candidates.base import Result
from flexiflow.examples.speech import phrases, weights
from flexiflow.examples.speech.spoiled import Sound
from flexiflow.examples.speech.voices import RATE

USUAL, SPREAD = -0.0030, 0.00035
"""Score a frame at which the grammar is as often right as wrong, and how fast that changes."""

LONGEST = 60  # tokens that Whisper writes at most


def plain(text: str) -> str:
    """Give the words of a text in small letters, one blank between two.

    Examples
    --------
    >>> plain(" The delivery wasn't good,  I'm afraid!")
    "the delivery wasn't good i'm afraid"
    """
    return " ".join(re.findall(r"[a-z0-9]+(?:'[a-z]+)*", text.lower().replace("’", "'")))


class Grammar:
    """PocketSphinx, bound to a grammar.

    Its own measure of confidence compares sentences of the grammar with one another, which
    says nothing of speech that has none of them. How well the sounds fit does: it is the
    logarithm of the score for each frame of 10 ms, brought to 0 to 1.

    Parameters
    ----------
    grammar
        As JSGF; by default that of ``phrases``.
    """

    def __init__(self, grammar: str | None = None) -> None:
        from pocketsphinx import Decoder

        # Without the search for a better path afterwards, which takes most of the time
        made = Decoder(samprate=RATE, lm=None, loglevel="FATAL", bestpath=False)
        made.add_jsgf_string("answers", phrases.grammar() if grammar is None else grammar)
        made.activate_search("answers")
        self._decoder, self._one_at_a_time = made, threading.Lock()

    def __call__(self, sound: Sound) -> Result:
        """Find the sentence of the grammar that fits best.

        Raises
        ------
        ValueError
            None fits at all.
        """
        with self._one_at_a_time:
            self._decoder.start_utt()
            self._decoder.process_raw(sound.tobytes(), full_utt=True)
            self._decoder.end_utt()
            heard, frames = self._decoder.hyp(), self._decoder.n_frames()
        if heard is None or not heard.hypstr or not frames:
            raise ValueError("no sentence of the grammar fits")
        return Result(plain(heard.hypstr), confidence=fit(log(max(heard.score, 1e-300)) / frames))


def pronounced(sentences: Iterable[str]) -> list[str]:
    """Keep the sentences whose every word is in PocketSphinx's dictionary.

    Only these can be in a grammar.
    """
    from pocketsphinx import Decoder

    dictionary = Decoder(lm=None, loglevel="FATAL")
    return [it for it in sentences if all(map(dictionary.lookup_word, it.split()))]


def fit(score: float) -> float:
    """Bring a score a frame to 0 to 1.

    Examples
    --------
    >>> fit(USUAL), round(fit(USUAL + 3 * SPREAD), 2)
    (0.5, 0.95)
    """
    return 1 / (1 + exp(min((USUAL - score) / SPREAD, 700)))


class Whisper:
    """Whisper on one thread, with weights of eight bits (faster-whisper).

    Parameters
    ----------
    files
        The files of a model, by name, as :func:`~flexiflow.examples.speech.weights.content`
        reads them.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        from faster_whisper import WhisperModel

        self._model: Any = WhisperModel(
            "whisper", device="cpu", compute_type="int8", cpu_threads=1, files=dict(files)
        )

    def __call__(self, sound: Sound) -> Result:
        """Write down what is heard, once and without a second attempt at other temperatures.

        Raises
        ------
        ValueError
            Nothing is heard.
        """
        found, _ = self._model.transcribe(
            sound.astype(np.float32) / 32768, language="en", beam_size=5, temperature=0.0,
            condition_on_previous_text=False, without_timestamps=True, max_new_tokens=LONGEST,
        )  # fmt: skip
        return written([(it.text, it.avg_logprob, it.no_speech_prob) for it in found])

    def close(self) -> None:
        """Give the weights' memory back."""
        self._model.model.unload_model()


def written(segments: Sequence[tuple[str, float, float]]) -> Result:
    """Join what Whisper has written.

    The confidence is the geometric mean of the tokens' probabilities times the fourth root of
    the probability that there was speech, averaged over the letters.

    Parameters
    ----------
    segments
        Text, mean logarithm of the tokens' probabilities, probability that there was none.

    Raises
    ------
    ValueError
        No word has been written.

    Examples
    --------
    >>> written([(" Thank you.", 0.0, 0.0)])
    Result('thank you', confidence=1.0, extras={})
    """
    words = plain(" ".join(text for text, _, _ in segments))
    if not words:
        raise ValueError("no words were heard")
    sizes = [len(text) for text, _, _ in segments]
    sure = [exp(mean) * max(1 - silent, 0.0) ** 0.25 for _, mean, silent in segments]
    return Result(words, confidence=min(float(np.average(sure, weights=sizes)), 1.0))


def tiny() -> Whisper:
    """Load the smallest Whisper, English only."""
    return Whisper(weights.content(weights.TINY))


def base() -> Whisper:
    """Load the next larger Whisper."""
    return Whisper(weights.content(weights.BASE))
