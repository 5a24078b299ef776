"""The encoder of BERT [1]_ in torch, with weights from a file of safetensors.

A file of safetensors [2]_ is eight bytes with the length of a JSON text, that text (name ->
type, shape and place of each tensor), and the tensors.

References
----------
.. [1] Devlin, J. et al. (2019). BERT: pre-training of deep bidirectional transformers for
   language understanding. NAACL. https://arxiv.org/abs/1810.04805
.. [2] https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADS, EPSILON = 12, 1e-12


def tensors(path: Path) -> dict[str, Any]:
    """Read the tensors of single precision of a file of safetensors, by name."""
    import torch

    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    found = {}
    for name, about in json.loads(data[8:start]).items():
        if about.get("dtype") == "F32":
            begin, end = (start + at for at in about["data_offsets"])
            flat = np.frombuffer(data[begin:end], dtype="<f4").copy()
            found[name] = torch.from_numpy(flat).reshape(about["shape"])
    return found


class Bert:
    """Vectors for the tokens of a text.

    Parameters
    ----------
    path
        A file of safetensors with the names that BERT's weights have.
    heads
        Of each attention.
    """

    def __init__(self, path: Path, heads: int = HEADS) -> None:
        import torch

        weights = tensors(path)
        words = weights["embeddings.word_embeddings.weight"]
        # One text at a time: every token is of the first kind
        self._places = (
            weights["embeddings.position_embeddings.weight"]
            + (weights["embeddings.token_type_embeddings.weight"][0])
        )
        self._words = words
        self._norm = [weights[f"embeddings.LayerNorm.{part}"] for part in ("weight", "bias")]
        depth = 1 + max(int(name.split(".")[2]) for name in weights if ".layer." in name)
        wide = len(weights["encoder.layer.0.intermediate.dense.bias"])
        self._layers = torch.nn.Sequential()
        for number in range(depth):
            layer = torch.nn.TransformerEncoderLayer(
                words.shape[1], heads, wide, activation="gelu", layer_norm_eps=EPSILON,
                batch_first=True,
            )  # fmt: skip
            layer.load_state_dict(_of_layer(weights, f"encoder.layer.{number}"))
            self._layers.append(layer)
        self._layers.eval()

    def __call__(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Encode tokens, shape (1, tokens), as vectors, shape (1, tokens, d)."""
        import torch

        with torch.inference_mode():
            it = torch.from_numpy(ids)
            states = self._words[it] + self._places[: it.shape[1]]
            gain, shift = self._norm
            states = torch.nn.functional.layer_norm(states, states.shape[-1:], gain, shift, EPSILON)
            return np.asarray(self._layers(states).numpy())


def _of_layer(weights: dict[str, Any], layer: str) -> dict[str, Any]:
    """Give the weights of a layer the names that torch has for them."""
    import torch

    named = {
        "self_attn.out_proj": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "linear1": "intermediate.dense",
        "linear2": "output.dense",
        "norm2": "output.LayerNorm",
    }
    found = {}
    for part in ("weight", "bias"):
        asked = [f"{layer}.attention.self.{it}.{part}" for it in ("query", "key", "value")]
        found[f"self_attn.in_proj_{part}"] = torch.cat([weights[name] for name in asked])
        for ours, theirs in named.items():
            found[f"{ours}.{part}"] = weights[f"{layer}.{theirs}.{part}"]
    return found
