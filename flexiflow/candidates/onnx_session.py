"""Opening an ONNX file: on which device, and with how many threads."""

from __future__ import annotations

import importlib
import os
from typing import Any

from flexiflow.errors import BadInput


def runtime_package() -> Any:
    """Give the package onnxruntime, which is imported here alone.

    Raises
    ------
    BadInput
        If it is not installed.
    """
    try:
        return importlib.import_module("onnxruntime")
    except ImportError:
        missing = "An ONNX model needs onnxruntime. Install it: pip install 'flexiflow[onnx]'"
    raise BadInput(missing)


def providers(device: str) -> list[Any]:
    """Give what runs a model, best first, as onnxruntime names it.

    Parameters
    ----------
    device
        "auto", "cpu", "cuda", "cuda:1" and so on.

    Raises
    ------
    BadInput
        If onnxruntime does not offer it here.
    """
    runtime = runtime_package()
    there = {
        p.removesuffix("ExecutionProvider").lower(): p for p in runtime.get_available_providers()
    }
    name, _, number = device.partition(":")
    if device == "auto":
        name = "cuda" if "cuda" in there else "cpu"
    if name not in there or (number and not number.isdigit()):
        raise BadInput(
            f"device={device!r} is asked for, and onnxruntime {runtime.__version__} offers "
            f"{', '.join(sorted(there))} here. Leave it out, or install an onnxruntime with it."
        )
    if name == "cuda" and hasattr(runtime, "preload_dlls"):
        runtime.preload_dlls()  # the libraries of CUDA that came as Python packages
    first = (there[name], {"device_id": number}) if number else there[name]
    return [first] if name == "cpu" else [first, there["cpu"]]


def opened(path: str, device: str, threads: int | None = None) -> Any:
    """Open a session on a file.

    Parameters
    ----------
    path
        Of the file.
    device
        As for :func:`providers`.
    threads
        That share the work of one call; by default as many as this process may use cores.
        onnxruntime's own default counts those of the whole machine and binds a thread to
        each, which is slow, or fails, where a process may not use them all.

    Raises
    ------
    RuntimeError
        If the device that was asked for could not be used.
    """
    runtime, wanted = runtime_package(), providers(device)
    settings = runtime.SessionOptions()
    settings.log_severity_level = 4  # errors are raised
    settings.intra_op_num_threads = cores() if threads is None else threads
    session = runtime.InferenceSession(path, settings, providers=wanted)
    first = wanted[0] if isinstance(wanted[0], str) else wanted[0][0]
    if device != "auto" and first not in session.get_providers():
        raise RuntimeError(f"onnxruntime could not use device={device!r} on this machine")
    return session


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
