"""Voices that read a text: two speech synthesizers that Debian has, eSpeak NG and Flite.

Both are programs. They give the same sound for the same text, so nothing needs to be stored:
what is heard is made anew on each machine.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flexiflow.errors import BadInput

RATE = 16_000  # samples a second, which all recognisers here want

Floats = NDArray[np.float64]


class Voice(NamedTuple):
    """A voice of a program."""

    program: str
    name: str


VOICES = (
    Voice("espeak-ng", "en-us"), Voice("espeak-ng", "en-gb-scotland"), Voice("espeak-ng", "en+f3"),
    Voice("flite", "kal16"), Voice("flite", "awb"), Voice("flite", "rms"), Voice("flite", "slt"),
)  # fmt: skip


def missing() -> list[str]:
    """Name the programs that are not on this machine; each is a Debian package of that name."""
    programs = dict.fromkeys(voice.program for voice in VOICES)
    return [program for program in programs if shutil.which(program) is None]


def need_voices() -> None:
    """Make sure that the programs are there.

    Raises
    ------
    BadInput
        If one is not; the message says what to install.
    """
    if absent := missing():
        raise BadInput(
            f"This example needs programs that read aloud. Install: apt-get install "
            f"{' '.join(absent)}"
        )


def said(text: str, voice: Voice, slower: float = 1.0) -> Floats:
    """Let a voice read a text.

    Parameters
    ----------
    text
        In English.
    voice
        Whose.
    slower
        Factor on how long it takes: 1.2 is slow, 0.8 quick.

    Returns
    -------
    numpy.ndarray
        Samples from -1 to 1, 16 000 a second, shape (samples,).

    Raises
    ------
    BadInput
        The program is missing or could not read the text.
    """
    need_voices()
    if voice.program == "flite":
        asked = ["flite", "-voice", voice.name, "--setf", f"duration_stretch={slower}",
                 "-o", "/dev/stdout", "-t", text]  # fmt: skip
    else:
        speed = str(round(165 / slower))  # words a minute
        asked = ["espeak-ng", "-v", voice.name, "-s", speed, "--stdout", text]
    done = subprocess.run(asked, capture_output=True, check=False)
    if done.returncode or not done.stdout.startswith(b"RIFF"):
        why = done.stderr.decode(errors="replace").strip() or "no sound came"
        raise BadInput(f"{voice.program} could not read {text!r}: {why}")
    return samples(done.stdout)


def samples(data: bytes) -> Floats:
    """Read a WAV file of one channel and 16 bits, and bring it to 16 000 samples a second.

    A program that writes to a pipe does not know the length beforehand: what its header says
    of that is not believed.
    """
    with wave.open(io.BytesIO(data)) as file:
        rate, start = file.getframerate(), data.index(b"data") + 8
    whole = data[start : start + (len(data) - start) // 2 * 2]
    return resampled(np.frombuffer(whole, "<i2") / 32768, rate, RATE)


def resampled(sound: Floats, rate: int, wanted: int) -> Floats:
    """Change how many samples a second has, by cutting or padding the spectrum.

    Parameters
    ----------
    sound
        Samples, shape (samples,).
    rate, wanted
        Samples a second, before and after.
    """
    if rate == wanted or not len(sound):
        return sound
    many = round(len(sound) * wanted / rate)
    spectrum = np.fft.rfft(sound)[: many // 2 + 1]
    return np.asarray(np.fft.irfft(spectrum, many) * (many / len(sound)))
