"""Torch modules: evaluation, arrays in, devices, confidence, stacking."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from flexiflow.candidates import adopt, candidate
from flexiflow.candidates.call import run
from flexiflow.candidates.module import Module
from flexiflow.errors import BadInput


def net() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.9))


class Returns(torch.nn.Module):
    """Gives back what it was told to give."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.output


def test_evaluation_mode_without_gradients() -> None:
    model = net()
    told = run(adopt(model, "m"), (torch.ones(3),), {}, seed=0)
    assert not model.training
    assert not told.value.requires_grad
    assert told.value.is_inference()
    torch.testing.assert_close(told.value.clone(), model[0](torch.ones(3)).detach())


@pytest.mark.parametrize("writeable", [True, False])
def test_arrays_become_tensors_of_the_models_type(writeable: bool) -> None:
    array = np.ones(3)
    array.flags.writeable = writeable
    model = net().to(torch.bfloat16)
    told = run(adopt(model, "m"), (array,), {}, seed=0)
    assert (told.kind, told.value.dtype, told.value.shape) == ("pass", torch.bfloat16, (4,))
    whole = run(adopt(torch.nn.Embedding(5, 2), "m"), (np.array([1, 2]),), {}, seed=0)
    assert whole.value.shape == (2, 2)


def test_containers_and_other_things_are_handed_on() -> None:
    class Reads(torch.nn.Module):
        def forward(self, x: dict[str, Any], *, words: list[Any]) -> Any:
            assert words == ["a", 1, None]
            return x["both"][0] + x["both"][1]

    told = run(
        adopt(Reads(), "m"),
        ({"both": (np.ones(2), torch.ones(2))},),
        {"words": ["a", 1, None]},
        seed=0,
    )
    assert told.value.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("output", "confidence"),
    [
        (torch.tensor([2.0, 0.0]), float(torch.tensor([2.0, 0.0]).softmax(0)[0])),
        (torch.tensor([[2.0, 0.0]]), float(torch.tensor([2.0, 0.0]).softmax(0)[0])),
        (torch.tensor([0.7, 0.2, 0.1]), 0.7),
        (torch.tensor([[0.25, 0.75]]), 0.75),
        (torch.tensor([3.0]), None),
        (torch.tensor(3.0), None),
        (torch.ones(2, 2), None),
        (torch.ones(1, 1, 3), None),
        (torch.ones(0), None),
        (torch.tensor([1, 2]), None),
        ("a text", None),
        (torch.tensor([float("nan"), 1.0]), None),
    ],
)
def test_confidence_of_one_row_of_scores(output: Any, confidence: float | None) -> None:
    told = run(adopt(Returns(output), "m"), (), {}, seed=0)
    assert told.value is output
    assert told.confidence == (confidence if confidence is None else pytest.approx(confidence))


def test_a_module_comes_to_its_device() -> None:
    kind = Module(net(), candidate(print, device="meta").options)
    assert kind.model[0].weight.device.type == "cpu"
    with pytest.raises(NotImplementedError, match="meta"):
        kind(torch.ones(3))  # what is on "meta" has no data to bring back
    assert kind.model[0].weight.device.type == "meta"
    bad = run(adopt(candidate(net(), device="nonsense"), "m"), (torch.ones(3),), {}, seed=0)
    assert bad.kind == "exception"
    assert bad.reason is not None
    assert "nonsense" in bad.reason


def test_stacking_gives_what_single_calls_give() -> None:
    model = net()
    rows = [torch.ones(3) * i for i in range(4)]
    options = candidate(print, batch=4).options
    together = Module(model, options).together((rows,), {})
    single = [Module(model, options)(row) for row in rows]
    for one, other in zip(together, single, strict=True):
        torch.testing.assert_close(one.value, other.value)
        assert one.confidence == pytest.approx(other.confidence)
    arrays = Module(model, options).together(([np.ones(3), np.zeros(3)],), {})
    torch.testing.assert_close(arrays[0].value, single[1].value)


def test_unequal_shapes_run_one_by_one() -> None:
    model = torch.nn.Linear(3, 4)
    told = Module(model).together(([torch.ones(3), torch.ones(2, 3)],), {})
    assert told[0].value.shape == (4,)
    assert told[1].shape == (2, 4)
    with pytest.raises(TypeError, match="must return one tensor"):
        Module(Returns([1])).together(([torch.ones(3)],), {})


def test_a_gpu_that_is_not_there_is_told_at_once() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(BadInput, match="finds no CUDA device here"):
        adopt(candidate(torch.nn.Linear(2, 3), device="cuda"), "m")


@pytest.mark.parametrize("device", ["cuda", "auto"])
def test_on_a_gpu_it_runs_there_and_answers_on_the_cpu(device: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU")
    layer = torch.nn.Linear(2, 3)
    wanted = layer(torch.ones(1, 2)).detach()
    told = run(adopt(candidate(layer, device=device), "m"), (torch.ones(1, 2),), {}, seed=0)
    assert next(layer.parameters()).device.type == "cuda"
    assert told.value.device.type == "cpu"
    torch.testing.assert_close(told.value, wanted, rtol=1e-4, atol=1e-4)
