"""ONNX files: inputs fitted, one example or many, labels, loading, shipping, fingerprints."""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from cells import cell
from onnx_files import FLOAT, STRING, WEIGHTS, linear, positive, same, two

from flexiflow.candidates import Raw, adopt, candidate, loading, onnx
from flexiflow.candidates.call import run
from flexiflow.errors import BadInput, WorkerError, WorkflowSyntaxError
from flexiflow.executors import submit

ROWS = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]])


def call(model: Any, *args: Any, **kwargs: Any) -> Raw:
    return run(adopt(model, "m"), args, kwargs, seed=0)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return linear(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    "given", [ROWS, ROWS.astype("float32"), ROWS.tolist(), torch.tensor(ROWS, requires_grad=True)]
)
def test_many_rows_are_passed_on(file: str, given: Any) -> None:
    told = call(file, given)
    assert told.kind == "pass", told.reason
    np.testing.assert_allclose(told.value, ROWS @ WEIGHTS, rtol=1e-6)
    assert told.value.dtype == np.float32
    assert told.confidence is None


@pytest.mark.parametrize("batch", ["n", 1])
@pytest.mark.parametrize("given", [ROWS[0], [1, 2], torch.tensor([1, 2])])
def test_one_example_is_answered_alike(tmp_path: Path, batch: Any, given: Any) -> None:
    told = call(linear(tmp_path / "m.onnx", batch=batch), given)
    np.testing.assert_allclose(told.value, ROWS[0] @ WEIGHTS, rtol=1e-6)


def test_a_fixed_first_axis_is_no_batch(tmp_path: Path) -> None:
    told = call(linear(tmp_path / "m.onnx", batch=3), ROWS[0])
    assert told.kind == "exception"
    assert told.reason is not None
    assert "Got 'x' (2,). The model expects 'x': float32 of shape (3, 2)." in told.reason


def test_an_axis_that_is_no_batch_stays(tmp_path: Path) -> None:
    found = call(positive(tmp_path / "m.onnx"), [0.0, 2.0, 0.0])
    assert found.value.tolist() == [[1]]
    column = call(same(tmp_path / "s.onnx", FLOAT, ["n", 2], ["n", 2]), [[1.0, 2.0]])
    assert column.value.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (([[1, 2]], [[3, 4]]), {}),
        (({"a": [[1, 2]], "b.1": [[3, 4]]},), {}),
        (([[1, 2]],), {"b.1": [[3, 4]]}),
        ((), {"b.1": [[3, 4]], "a": [[1, 2]]}),
    ],
)
def test_inputs_by_order_or_by_name(tmp_path: Path, args: Any, kwargs: Any) -> None:
    file = two(tmp_path / "m.onnx")
    told = call(file, *args, **kwargs)
    assert {k: v.tolist() for k, v in told.value.items()} == {"sum": [[4, 6]], "kept": [[1, 2]]}
    assert call(onnx(file, outputs="sum"), *args, **kwargs).value.tolist() == [[4, 6]]
    kept, added = call(onnx(file, outputs=["kept", "sum"]), *args, **kwargs).value
    assert (kept.tolist(), added.tolist()) == ([[1, 2]], [[4, 6]])


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        (([1, 2],), {}, "TypeError: The model's input 'b.1' is missing. The model expects"),
        (([1, 2], [3, 4], [5]), {}, "TypeError: The model has 2 inputs. Got 3."),
        (([1, 2], [3, 4]), {"c": 1}, "TypeError: 'c' is no input of the model."),
        (([1, 2], [3, 4]), {"a": 1}, "TypeError: 'a' is given twice."),
        (([1, 2], [0.5, 4.0]), {}, "does not keep its values as tensor(int64). Got float64."),
        (([1, 2], [[3, 4]]), {}, "ValueError: The shapes do not fit the model. Got 'a' (2,), "),
        (([1, 2, 3], [3, 4, 5]), {}, "'a': float32 of shape (n, 2); 'b.1': int64 of shape (n, 2)"),
        ((["x", "y"], [3, 4]), {}, "TypeError: The input 'a' does not keep its values"),
        (([[1, 2], [3]], [3, 4]), {}, "TypeError: The input 'a' is no array (list: "),
    ],
)
def test_wrong_inputs_say_what_is_expected(
    tmp_path: Path, args: Any, kwargs: Any, said: str
) -> None:
    told = call(two(tmp_path / "m.onnx"), *args, **kwargs)
    assert told.reason is not None
    assert said in told.reason


def test_what_the_runtime_declines_is_told_with_what_is_expected(tmp_path: Path) -> None:
    told = call(two(tmp_path / "m.onnx"), np.ones((3, 2)), np.ones((2, 2), dtype=int))
    assert told.reason is not None
    assert "(n, 2). Got 'a' (3, 2), 'b.1' (2, 2). [ONNXRuntimeError]" in told.reason


def test_texts_go_in_and_out(tmp_path: Path) -> None:
    file = same(tmp_path / "m.onnx", STRING, ["n"])
    assert call(file, ["grün", "b"]).value.tolist() == ["grün", "b"]
    assert call(file, "grün").value == "grün"
    assert call(file, [1, 2]).kind == "exception"


@pytest.mark.parametrize("scores", [[2.0, 0.0, -1.0], [0.2, 0.7, 0.1]])
def test_classes_give_a_label_and_its_probability(tmp_path: Path, scores: list[float]) -> None:
    model = onnx(same(tmp_path / "m.onnx", FLOAT, ["n", 3]), classes=["a", "b", "c"])
    rows = torch.tensor([scores, [5.0, 5.0, 9.0]], dtype=torch.float64)
    wanted = [rows[0] if min(scores) > 0 else rows[0].softmax(0), rows[1].softmax(0)]
    told = call(model, scores)
    assert told.value == "abc"[int(np.argmax(scores))]
    assert told.confidence == pytest.approx(float(wanted[0].max()), rel=1e-6)
    assert told.extras is not None
    np.testing.assert_allclose(told.extras["proba"], wanted[0], rtol=1e-6)
    assert told.extras["classes"] == ["a", "b", "c"]
    single = [call(model, row).confidence for row in rows.numpy()]
    batched = adopt(candidate(model, batch=4), "m").kind._kind(list(rows.numpy()))
    assert [one.confidence for one in batched] == pytest.approx(single)


def test_many_rows_get_a_label_each(tmp_path: Path) -> None:
    model = onnx(same(tmp_path / "m.onnx", FLOAT, ["n", 2]), classes=("no", "yes"))
    told = call(model, [[0.9, 0.1], [0.2, 0.8]])
    assert told.value == ["no", "yes"]
    assert told.confidence == pytest.approx(0.85)
    wrong = call(onnx(model, classes=("a", "b", "c")), [0.9, 0.1])
    assert wrong.reason is not None
    assert "classes= names 3 classes, and no output has a score for each" in wrong.reason


def test_batches_are_stacked_where_the_model_is_open(tmp_path: Path, file: str) -> None:
    shapes: list[Any] = []
    for path in (file, linear(tmp_path / "one.onnx", batch=1)):
        kind = adopt(candidate(path, batch=8), "m").kind._kind
        session = kind.prepare()[0].kind._session
        inner = session.run
        session.run = lambda names, feed, inner=inner: (
            shapes.append(feed["x"].shape),
            inner(names, feed),
        )[1]
        np.testing.assert_allclose(kind(list(ROWS)), ROWS @ WEIGHTS, rtol=1e-6)
    assert shapes == [(3, 2), (1, 2), (1, 2), (1, 2)]
    uneven = adopt(candidate(positive(tmp_path / "p.onnx"), batch=8), "m").kind._kind
    made = uneven([np.ones(2), np.ones(3)])
    assert [len(one) for one in made] == [2, 3]


def test_it_is_loaded_at_first_use_and_released(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(loading, "_bound", [1 << 60])
    made: list[str] = []
    real = onnxruntime.InferenceSession

    def counted(path: str, *args: Any, **kwargs: Any) -> Any:
        made.append(Path(path).name)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(onnxruntime, "InferenceSession", counted)

    def slow(*args: Any, **kwargs: Any) -> Any:
        now[0] += 50
        return counted(*args, **kwargs)

    adopted = adopt(candidate(file, timeout=60), "m")
    assert (made, adopted.kind.is_loaded) == ([], False)
    now = [0.0]
    monkeypatch.setattr("flexiflow.candidates.call.perf_counter", lambda: now[0])
    monkeypatch.setattr(onnxruntime, "InferenceSession", slow)
    assert [run(adopted, (ROWS,), {}, seed=0).seconds for _ in range(2)] == [0.0, 0.0]
    assert (made, loading.release_idle(1), adopted.kind.is_loaded) == (["m.onnx"], 1, False)
    assert run(adopted, (ROWS,), {}, seed=0).kind == "pass"
    assert made == ["m.onnx"] * 2


def test_an_open_session_is_a_candidate_of_this_process(file: str) -> None:
    session = onnxruntime.InferenceSession(file)
    np.testing.assert_allclose(call(session, ROWS[0]).value, ROWS[0] @ WEIGHTS, rtol=1e-6)
    of_bytes = onnxruntime.InferenceSession(Path(file).read_bytes())
    digests = {adopt(m, "m").fingerprint for m in (session, of_bytes, file, Path(file), onnx(file))}
    assert len(digests) == 1
    with pytest.raises(WorkerError, match="stays in its process; give the path"):
        call(candidate(session, isolate="process"), ROWS[0])
    with pytest.raises(BadInput, match="has its device already"):
        adopt(candidate(session, device="cpu"), "m")


def test_it_is_shipped_as_its_path(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    adopted = adopt(onnx("m.onnx", classes=("a", "b", "c")), "m")
    monkeypatch.chdir("/")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        told = submit(pool, adopted, (ROWS[0],), {}, seed=0).result()
    assert (told.kind, told.value) == ("pass", "b")


def test_the_fingerprint_is_that_of_the_content(file: str, tmp_path: Path) -> None:
    def digest(model: Any, **options: Any) -> str:
        return adopt(candidate(model, **options), "m").fingerprint

    (tmp_path / "other").mkdir()
    first = digest(file)
    assert digest(linear(tmp_path / "other" / "copy.onnx")) == first
    assert digest(onnx(file, classes=["a", "b", "c"])) != first
    assert digest(onnx(file, outputs="y")) != first
    assert digest(file, device="cpu") != first
    assert digest(linear(tmp_path / "m.onnx", weights=-WEIGHTS)) != first


def test_what_is_missing_is_told_at_once(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for make in (onnx, candidate, lambda m: m):
        with pytest.raises(BadInput, match=r"There is no ONNX file 'no\.onnx'"):
            adopt(make("no.onnx"), "m")
    with pytest.raises(BadInput, match=r"device='warp' is asked for, and onnxruntime .* offers"):
        adopt(candidate(file, device="warp"), "m")
    with pytest.raises(BadInput, match=r"takes a path that ends in \.onnx"):
        onnx(3)
    with pytest.raises(BadInput, match="two or more labels"):
        onnx(file, classes="ab")
    (tmp_path / "b.onnx").write_bytes(b"no model")
    assert call(tmp_path / "b.onnx", ROWS).kind == "exception"
    unknown = call(onnx(file, outputs="z"), ROWS)
    assert unknown.reason is not None
    assert "The model has no output 'z'. Its outputs are 'y'." in unknown.reason
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install 'flexiflow\[onnx\]'"):
        adopt(file, "m")


@pytest.mark.parametrize("text", ["m.txt", "a model", "https://host/m"])
def test_no_other_text_is_a_candidate(text: str) -> None:
    with pytest.raises(BadInput, match="Got an object of type str instead"):
        adopt(text, "m")


def test_devices_are_providers(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    asked: list[Any] = []
    names = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    real = onnxruntime.InferenceSession

    def spied(path: str, settings: Any, providers: Any) -> Any:
        asked.append(providers)
        return real(path, settings, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(onnxruntime, "InferenceSession", spied)
    assert call(file, ROWS).kind == "pass"
    assert call(candidate(file, device="cpu"), ROWS).kind == "pass"
    fell_back = call(candidate(file, device="cuda:1"), ROWS)
    assert fell_back.reason is not None
    assert "could not use device='cuda:1' on this machine" in fell_back.reason
    cuda, cpu = names[1:]
    assert asked == [[cuda, cpu], [cpu], [(cuda, {"device_id": "1"}), cpu]]


def test_in_a_workflow_a_bare_path_is_one_too(file: str) -> None:
    flow = cell(
        f"""
        linear(row)
        scores = ({file!r} | onnx({file!r}, outputs=["y"]))(row)
        assert len(scores) == 1, "no tuple"
        """,
        {"onnx": onnx},
    )
    (node,) = flow.graph.nodes
    assert [c.name for c in node.candidates] == [repr(file), f'onnx({file!r}, outputs=["y"])']
    np.testing.assert_allclose(flow(ROWS[0])[0], ROWS[0] @ WEIGHTS, rtol=1e-6)
    listed = cell("f(row)\ny = any_of([onnx(p), onnx(p)])(row)", {"onnx": onnx, "p": file})
    assert [c.name for c in listed.graph.nodes[0].candidates] == ["m.onnx", "m.onnx 2"]
    with pytest.raises(WorkflowSyntaxError, match="cannot be a candidate"):
        cell('f(x)\ny = ("a.txt" | "b.txt")(x)', {})
