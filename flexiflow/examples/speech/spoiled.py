"""Six ways in which a call sounds: clear, or spoiled as calls are; and what is seen of one.

clear      as it was read
noise      white noise, 0 to 15 dB below the voice
babble     three other voices, 0 to 12 dB below it
hum        50 Hz of the mains and its overtones, -10 to 5 dB below it
telephone  300 to 3400 Hz only, and a little noise
faint      nearly silent: a few bits of the sixteen are left
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flexiflow.examples.speech.voices import RATE, Floats

Sound = NDArray[np.int16]
"""Samples of 16 bits, 16 000 a second, shape (samples,)."""

WAYS = ("clear", "noise", "babble", "hum", "telephone", "faint")
SILENCE = RATE // 4  # samples before and after the voice
LEVEL = 0.08  # root of the mean square of the voice
FAINT = 0.0008
FRAME = RATE // 50  # 20 ms


def call(way: str, voice: Floats, others: Sequence[Floats], draw: random.Random) -> Sound:
    """Make a call of a voice.

    Parameters
    ----------
    way
        One of :data:`WAYS`.
    voice
        Samples, shape (samples,).
    others
        Other voices, for babble.
    draw
        Draws how bad it is, and the noise.
    """
    sound = np.pad(_leveled(voice, LEVEL), SILENCE)
    noise = np.random.default_rng(draw.getrandbits(32)).standard_normal(len(sound))
    if way == "noise":
        sound = mixed(sound, noise, draw.uniform(0, 15))
    elif way == "babble":
        talk = np.sum([np.resize(_leveled(other, LEVEL), len(sound)) for other in others], axis=0)
        sound = mixed(sound, talk, draw.uniform(0, 12))
    elif way == "hum":
        sound = mixed(sound, _hum(len(sound), draw), draw.uniform(-10, 5))
    elif way == "telephone":
        sound = band(mixed(sound, noise, draw.uniform(10, 20)), 300, 3400)
    sound = sound + 1e-4 * noise
    if way == "faint":
        sound = _leveled(sound, FAINT)
    return np.asarray(np.clip(np.round(sound * 32768), -32768, 32767).astype(np.int16))


def mixed(voice: Floats, noise: Floats, decibels: float) -> Floats:
    """Add noise that is so many decibels below the voice, by their mean squares."""
    ratio = np.sqrt(np.mean(voice**2) / max(float(np.mean(noise**2)), 1e-12))
    return np.asarray(voice + noise * ratio * 10 ** (-decibels / 20))


def band(sound: Floats, low: float, high: float) -> Floats:
    """Keep the frequencies from ``low`` to ``high``, in Hz."""
    spectrum = np.fft.rfft(sound)
    pitch = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum[(pitch < low) | (pitch > high)] = 0
    return np.asarray(np.fft.irfft(spectrum, len(sound)))


def _hum(many: int, draw: random.Random) -> Floats:
    seconds = np.arange(many) / RATE
    made = np.zeros(many)
    for overtone in range(1, 9):
        turn = draw.uniform(0, 2 * np.pi)
        made += np.sin(2 * np.pi * 50 * overtone * seconds + turn) / overtone
    return made


def _leveled(sound: Floats, level: float) -> Floats:
    return np.asarray(sound * level / max(float(np.sqrt(np.mean(sound**2))), 1e-12))


def loudness(sound: Sound) -> Floats:
    """Mean square of each 20 ms, in decibels of the largest that there can be."""
    whole = sound[: len(sound) // FRAME * FRAME].astype(np.float64) / 32768
    return np.asarray(10 * np.log10(np.mean(whole.reshape(-1, FRAME) ** 2, axis=1) + 1e-10))


def glance(sound: Sound) -> list[float]:
    """Tell what is seen of a call at a glance, as a context for the sampler.

    Returns
    -------
    list of float
        Its loudness and how far the loud parts are above the quiet ones (the signal-to-noise
        ratio that can be seen), both in tens of decibels; shares of the energy below 250 Hz and
        above 3500 Hz; how even the spectrum is (the geometric mean over the mean: 1 is white
        noise); its length in seconds.
    """
    frames = loudness(sound)
    quiet, loud = np.quantile(frames, (0.1, 0.9)) if len(frames) else (0.0, 0.0)
    power = np.abs(np.fft.rfft(sound.astype(np.float64))) ** 2 + 1e-9
    pitch = np.fft.rfftfreq(len(sound), 1 / RATE)
    total = float(power.sum())
    return [
        float(loud) / 10,
        float(loud - quiet) / 10,
        float(power[pitch < 250].sum()) / total,
        float(power[pitch > 3500].sum()) / total,
        float(np.exp(np.mean(np.log(power))) / np.mean(power)),
        len(sound) / RATE,
    ]
