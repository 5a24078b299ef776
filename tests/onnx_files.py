"""Tiny ONNX files for the tests, built with the package onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, STRING, BOOL = (
    TensorProto.FLOAT,
    TensorProto.INT64,
    TensorProto.STRING,
    TensorProto.BOOL,
)
WEIGHTS = np.array([[1, 0, -1], [0.5, 2, 0]], dtype=np.float32)
"""Of the linear model, shape (2, 3)."""

Tensor = tuple[str, int, Any]  # name, type, shape


def write(
    path: Path,
    nodes: list[Any],
    inputs: list[Tensor],
    outputs: list[Tensor],
    weights: dict[str, Any] | None = None,
    **how: Any,
) -> str:
    """Write a model of these nodes; give its path."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(*t) for t in inputs],
        [helper.make_tensor_value_info(*t) for t in outputs],
        [numpy_helper.from_array(w, name) for name, w in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path), **how)
    return str(path)


def linear(path: Path, weights: Any = WEIGHTS, batch: Any = "n", **how: Any) -> str:
    """Write y = x @ weights, x of shape (batch, 2)."""
    w = np.asarray(weights, dtype=np.float32)
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    shapes = [("x", FLOAT, [batch, w.shape[0]])], [("y", FLOAT, [batch, w.shape[1]])]
    return write(path, [node], *shapes, {"w": w}, **how)


def two(path: Path) -> str:
    """Write sum = a + b and kept = a, both of shape (n, 2), b whole numbers."""
    nodes = [
        helper.make_node("Cast", ["b.1"], ["c"], to=FLOAT),
        helper.make_node("Add", ["a", "c"], ["sum"]),
        helper.make_node("Identity", ["a"], ["kept"]),
    ]
    inputs = [("a", FLOAT, ["n", 2]), ("b.1", INT64, ["n", 2])]
    return write(path, nodes, inputs, [("sum", FLOAT, ["n", 2]), ("kept", FLOAT, ["n", 2])])


def same(path: Path, kind: int, shape: list[Any], out: list[Any] | None = None) -> str:
    """Write y = x for a type and a shape."""
    node = helper.make_node("Identity", ["x"], ["y"])
    return write(path, [node], [("x", kind, shape)], [("y", kind, shape if out is None else out)])


def positive(path: Path) -> str:
    """Write the places (found, 1) at which x, of shape (n,), is not 0."""
    nodes = [
        helper.make_node("NonZero", ["x"], ["p"]),
        helper.make_node("Transpose", ["p"], ["y"]),
    ]
    return write(path, nodes, [("x", FLOAT, ["n"])], [("y", INT64, ["found", 1])])
