"""The encoder of BERT against its formulae, on weights that are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from flexiflow.examples.sentiment.bert import Bert


def written(path: Path, tensors: dict[str, Any]) -> Path:
    """Write a file of safetensors, with one tensor of whole numbers among them."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, it in {**tensors, "position_ids": torch.arange(3)}.items():
        data = it.contiguous().numpy().tobytes()
        kind = "F32" if it.dtype == torch.float32 else "I64"
        places = [len(body), len(body) + len(data)]
        header[name] = {"dtype": kind, "shape": list(it.shape), "data_offsets": places}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def made_weights(layers: int, d: int, wide: int) -> dict[str, Any]:
    draw = torch.Generator().manual_seed(0)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (11, d),
        "embeddings.position_embeddings.weight": (7, d),
        "embeddings.token_type_embeddings.weight": (2, d),
        "embeddings.LayerNorm.weight": (d,),
        "embeddings.LayerNorm.bias": (d,),
    }
    for k in range(layers):
        parts = {"attention.self.query": (d, d), "attention.self.key": (d, d),
                 "attention.self.value": (d, d), "attention.output.dense": (d, d),
                 "attention.output.LayerNorm": (d,), "intermediate.dense": (wide, d),
                 "output.dense": (d, wide), "output.LayerNorm": (d,)}  # fmt: skip
        for name, shape in parts.items():
            shapes[f"encoder.layer.{k}.{name}.weight"] = shape
            shapes[f"encoder.layer.{k}.{name}.bias"] = shape[:1]
    return {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()}


def by_hand(weights: dict[str, Any], ids: list[int], heads: int) -> Any:
    """BERT's encoder written out, in double precision."""
    w = {name: it.double().numpy() for name, it in weights.items()}

    def linear(x: Any, name: str) -> Any:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]

    def gelu(x: Any) -> Any:
        return x * 0.5 * (1 + torch.erf(torch.from_numpy(x) / 2**0.5).numpy())

    n = len(ids)
    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][:n]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for k in range(1 + max(int(name.split(".")[2]) for name in w if ".layer." in name)):
        at = f"encoder.layer.{k}"
        q, key, v = (
            linear(x, f"{at}.attention.self.{it}").reshape(n, heads, -1).swapaxes(0, 1)
            for it in ("query", "key", "value")
        )
        score = q @ key.swapaxes(1, 2) / np.sqrt(q.shape[-1])
        share = np.exp(score - score.max(-1, keepdims=True))
        mixed = (share / share.sum(-1, keepdims=True)) @ v
        mixed = linear(mixed.swapaxes(0, 1).reshape(n, -1), f"{at}.attention.output.dense")
        x = norm(x + mixed, f"{at}.attention.output.LayerNorm")
        inner = gelu(linear(x, f"{at}.intermediate.dense"))
        x = norm(x + linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    return x


def test_bert_is_what_its_paper_says(tmp_path: Path) -> None:
    weights = made_weights(2, 8, 12)
    model = Bert(written(tmp_path / "model.safetensors", weights), heads=2)
    ids = [3, 1, 10, 4]
    states = model(np.array([ids]))
    assert states.shape == (1, 4, 8)
    np.testing.assert_allclose(states[0], by_hand(weights, ids, 2), rtol=1e-4, atol=1e-4)
