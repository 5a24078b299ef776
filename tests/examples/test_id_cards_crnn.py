"""EasyOCR's network against its formulae, on weights that are made; the real one on cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import correlate
from scipy.special import expit

from flexiflow.examples.id_cards import crnn
from flexiflow.examples.id_cards.crnn import ALPHABET, EasyOCR, decoded, network

PADDED = {0: 1, 3: 1, 6: 1, 8: 1, 11: 1, 14: 1, 18: 0}
"""Convolution -> padding."""
POOLED = {0: (2, 2), 3: (2, 2), 8: (2, 1), 14: (2, 1)}
"""Convolution -> the pool behind it."""
NORMED = {11: 12, 14: 15}
"""Convolution -> the batch normalisation behind it."""


def made(channels: int, hidden: int, classes: int) -> Any:
    """A network of random weights, its normalisations included."""
    torch.manual_seed(0)
    it = network(channels, hidden, classes).eval()
    for name, value in it.state_dict().items():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) - 0.3 + (0.5 if "running_var" in name else 0))
    return it


def seen_by_hand(w: dict[str, Any], x: Any) -> Any:
    """The convolutions, `(1, height, width)` to `(channels, 3, steps)`."""
    for k, pad in PADDED.items():
        at = f"FeatureExtraction.ConvNet.{k}"
        wide = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        x = np.stack([correlate(wide, kernel, "valid")[0] for kernel in w[f"{at}.weight"]])
        if k in NORMED:
            n = f"FeatureExtraction.ConvNet.{NORMED[k]}"
            mean, var, scale, shift = (
                w[f"{n}.{part}"][:, None, None]
                for part in ("running_mean", "running_var", "weight", "bias")
            )
            x = (x - mean) / np.sqrt(var + 1e-5) * scale + shift
        else:
            x = x + w[f"{at}.bias"][:, None, None]
        x = np.maximum(x, 0)
        if k in POOLED:
            (a, b), (c, h, v) = POOLED[k], x.shape
            x = x[:, : h // a * a, : v // b * b].reshape(c, h // a, a, v // b, b).max((2, 4))
    return x


def one_way(w: dict[str, Any], at: str, steps: Any, end: str) -> Any:
    """An LSTM in one direction, `(steps, given)` to `(steps, hidden)`."""
    into, back = w[f"{at}.rnn.weight_ih_l0{end}"], w[f"{at}.rnn.weight_hh_l0{end}"]
    bias = w[f"{at}.rnn.bias_ih_l0{end}"] + w[f"{at}.rnn.bias_hh_l0{end}"]
    h = c = np.zeros(back.shape[1])
    found = []
    for step in steps:
        i, f, g, o = np.split(into @ step + back @ h + bias, 4)
        c = expit(f) * c + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(c)
        found.append(h)
    return np.stack(found)


def by_hand(it: Any, picture: Any) -> Any:
    w = {name: value.double().numpy() for name, value in it.state_dict().items()}
    x = seen_by_hand(w, picture).mean(1).T
    for k in range(2):
        at = f"SequenceModeling.{k}"
        both = [one_way(w, at, x, ""), one_way(w, at, x[::-1], "_reverse")[::-1]]
        x = np.concatenate(both, axis=1) @ w[f"{at}.linear.weight"].T + w[f"{at}.linear.bias"]
    return x @ w["Prediction.weight"].T + w["Prediction.bias"]


def test_the_network_is_what_its_formulae_say() -> None:
    it = made(channels=8, hidden=3, classes=5)
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 64, 24))
    with torch.inference_mode():
        scores = it(torch.from_numpy(picture[None]).float())
    assert scores.shape == (1, 5, 5)
    np.testing.assert_allclose(scores[0], by_hand(it, picture), rtol=1e-3, atol=1e-3)


def test_only_letters_that_are_allowed_are_read(tmp_path: Path) -> None:
    torch.save({f"module.{n}": v for n, v in made(8, 3, 97).state_dict().items()}, tmp_path / "w")
    plane = np.random.default_rng(1).integers(0, 256, (52, 300), dtype=np.uint8)
    free = EasyOCR(tmp_path / "w")(plane)
    assert free.value
    assert set(free.value) <= set(ALPHABET)
    other = next(letter for letter in "XYZ" if letter not in free.value)
    bound = EasyOCR(tmp_path / "w", other)(plane)
    assert set(bound.value) <= {other}
    assert bound.confidence is not None
    assert 0 <= bound.confidence <= 1


def test_repeats_are_one_and_blanks_are_none() -> None:
    steps = np.full((7, 1 + len(ALPHABET)), 1e-3)
    for step, letter in enumerate("A-AAB--"):
        steps[step, 0 if letter == "-" else 1 + ALPHABET.index(letter)] = 0.8
    found = decoded(steps)
    assert found.value == "AAB"
    assert found.confidence == pytest.approx((0.8**4) ** (2 / 4**0.5))
    nothing = decoded(np.eye(1 + len(ALPHABET))[[0, 0]])
    assert (nothing.value, nothing.confidence) == ("", 0.0)


@pytest.mark.demo
def test_the_real_one_reads_clean_cards() -> None:
    pytest.importorskip("PIL", reason="cards are drawn by the extra 'demo'")
    pytest.importorskip("easyocr_en_models", reason="pip install 'flexiflow[easyocr]'")
    from flexiflow.examples.id_cards import cards, exact_match
    from flexiflow.examples.id_cards.pictures import green

    clean = [c for c in cards(60, 0.0, seed=8) if c["defect"] == "clean"]
    read = crnn.load_easyocr()
    found = [read(green(c["image"])) for c in clean]
    right = [exact_match(f.value, c["label"]) for f, c in zip(found, clean, strict=True)]
    assert len(clean) >= 5
    assert sum(right) >= 0.4 * len(right)
