"""The command ``flexiflow``: ``flexiflow demo`` shows what it is about on real models."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from flexiflow import __version__
from flexiflow.errors import BadInput, FlexiFlowError

NOTEBOOK = "01_first_workflow.ipynb"
_NEEDED = ("cv2", "faker", "matplotlib", "nbclient", "nbformat", "PIL", "rapidocr_onnxruntime",
           "tesserocr")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    given = _parser().parse_args(arguments)
    try:
        return demo(given.cards, given.difficulty, given.seed, given.output)
    except FlexiFlowError as error:
        print(f"flexiflow: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="flexiflow",
        description="Workflows whose steps name several models and learn which to try first.",
    )
    parser.add_argument("--version", action="version", version=f"flexiflow {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    it = commands.add_parser(
        "demo",
        help="read identity cards with real OCR models and compare policies (2-3 minutes)",
        description="Executes the first notebook on freshly drawn identity cards: single "
        "configurations, fixed orders and FlexiFlow on the same inputs. Prints their "
        "comparison and writes the executed notebook.",
    )
    it.add_argument("--cards", type=int, default=480, help="how many cards (default 480)")
    it.add_argument(
        "--difficulty", type=float, default=0.35, help="0 easy to 1 hard (default 0.35)"
    )
    it.add_argument("--seed", type=int, default=0, help="of drawing and sampler (default 0)")
    it.add_argument(
        "--output", type=Path, default=Path(NOTEBOOK),
        help=f"where to write the executed notebook (default ./{NOTEBOOK})",
    )  # fmt: skip
    return parser


def demo(cards: int, difficulty: float, seed: int, output: Path) -> int:
    """Execute the first notebook, print its comparison, and write it down."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise BadInput(
            f"The demo runs real OCR models, and {', '.join(missing)} cannot be imported. "
            "Install them with: pip install 'flexiflow[demo]'"
        )
    if cards < 20 or not 0 <= difficulty <= 1:
        raise BadInput(
            f"--cards must be 20 or more and --difficulty between 0 and 1. Got {cards} and "
            f"{difficulty}."
        )
    if not output.parent.is_dir():
        raise BadInput(f"There is no folder {str(output.parent)!r} to write the notebook to.")
    _load_opencv()
    import nbformat

    os.environ["FLEXIFLOW_DEMO"] = f"{cards} {difficulty} {seed} {min(cards, 40)}"
    began = time.perf_counter()
    notebook = nbformat.reads(_source(), as_version=4)
    try:
        _execute(notebook)
    finally:
        nbformat.write(notebook, output)
    print(_text_of(notebook, "comparison"))
    print(f"\n{time.perf_counter() - began:.0f} s; the executed notebook is {output}")
    return 0


def _load_opencv() -> None:
    """OpenCV's wheel needs two libraries of the system, which a bare one has not."""
    try:
        importlib.import_module("cv2")
    except ImportError as error:
        raise BadInput(
            f"OpenCV is installed and cannot be loaded: {error}. On Debian and Ubuntu: "
            "apt-get install libgl1 libglib2.0-0"
        ) from error


def _source() -> str:
    """The notebook: beside the package in a checkout, within it once installed."""
    package = resources.files("flexiflow")
    for place in (package / "notebooks" / NOTEBOOK, package / ".." / "notebooks" / NOTEBOOK):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise BadInput(f"This installation lacks the notebook {NOTEBOOK}. Install flexiflow again.")


def _execute(notebook: Any) -> None:
    """Execute a notebook in place, telling which of its sections is on."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    heading = ""

    def tell(cell: Any, cell_index: int) -> None:
        nonlocal heading
        before = notebook.cells[:cell_index]
        titles = [line.lstrip("# ") for it in before if it.cell_type == "markdown"
                  for line in it.source.splitlines() if line.startswith("#")]  # fmt: skip
        if titles and titles[-1] != heading:
            heading = titles[-1]
            print(f"... {heading}", flush=True)

    client = NotebookClient(notebook, timeout=600, kernel_name="python3", on_cell_execute=tell)
    with tempfile.TemporaryDirectory(prefix="flexiflow-") as folder:
        if os.name == "posix":  # sockets in a folder of its own: no port is opened
            kernel = client.create_kernel_manager()
            kernel.transport, kernel.ip = "ipc", str(Path(folder) / "kernel")
        try:
            client.execute()
        except CellExecutionError as error:
            raise FlexiFlowError(f"A cell of the notebook failed: {error}") from error


def _text_of(notebook: Any, tag: str) -> str:
    """The plain text that a tagged cell has put out."""
    for cell in notebook.cells:
        if tag in cell.metadata.get("tags", ()):
            texts = [o["text"] for o in cell.outputs if o["output_type"] == "stream"]
            if texts:
                return "".join(texts).rstrip()
    raise FlexiFlowError(f"The notebook has no output tagged {tag!r}.")


if __name__ == "__main__":
    sys.exit(main())
