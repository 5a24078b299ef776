"""The command line: help, versions, and what it says when something is missing."""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from flexiflow import FlexiFlowError, cli


def test_help_and_version_start_without_the_models(capsys):
    for option, word in (("--help", "demo"), ("--version", "0.1.0")):
        with pytest.raises(SystemExit) as ended:
            cli.main([option])
        assert ended.value.code == 0
        assert word in capsys.readouterr().out


def test_the_console_script_is_this():
    scripts = importlib.metadata.entry_points(group="console_scripts", name="flexiflow")
    assert {s.value for s in scripts} == {"flexiflow.cli:main"}


def test_missing_models_are_told_in_one_line(monkeypatch, capsys):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "tesserocr" else real(n, *a)
    )
    assert cli.main(["demo"]) == 1
    said = capsys.readouterr().err
    assert "tesserocr cannot be imported" in said or "tesserocr" in said
    assert "pip install 'flexiflow[demo]'" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cards", "3"], "--cards must be 20 or more"),
        (["--difficulty", "2"], "--difficulty between 0 and 1"),
        (["--output", "nowhere/at/all.ipynb"], "no folder 'nowhere/at'"),
    ],
)
def test_bad_options_are_refused_before_anything_runs(monkeypatch, capsys, arguments, message):
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: SimpleNamespace())
    assert cli.main(["demo", *arguments]) == 1
    assert message in capsys.readouterr().err


def test_libraries_that_opencv_lacks_are_told_in_one_line(monkeypatch, capsys, tmp_path):
    broken = "raise ImportError('libGL.so.1: cannot open shared object file')"
    (tmp_path / "cv2.py").write_text(broken)
    monkeypatch.setattr(cli, "_NEEDED", ("cv2",))
    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert cli.main(["demo", "--output", str(tmp_path / "out.ipynb")]) == 1
    said = capsys.readouterr().err
    assert "libGL.so.1: cannot open shared object file. On Debian and Ubuntu" in said
    assert "apt-get install libgl1 libglib2.0-0" in said
    assert not (tmp_path / "out.ipynb").exists()


def test_the_notebook_it_runs_is_at_hand():
    notebook = json.loads(cli._source())
    tags = [t for c in notebook["cells"] for t in c["metadata"].get("tags", ())]
    assert tags == ["comparison"]


def test_a_notebook_without_the_table_is_an_error():
    with pytest.raises(FlexiFlowError, match="no output tagged 'comparison'"):
        cli._text_of(SimpleNamespace(cells=[]), "comparison")


@pytest.mark.demo
@pytest.mark.parametrize("difficulty", ["0", "0.5"])  # with 0 no card need be gone back on
def test_the_demo_prints_the_comparison_and_writes_the_notebook(tmp_path, difficulty):
    pytest.importorskip("tesserocr", reason="the recognisers come with the extra 'demo'")
    pytest.importorskip("rapidocr_onnxruntime", reason="they come with the extra 'demo'")
    done = subprocess.run(
        [sys.executable, "-m", "flexiflow.cli", "demo", "--cards", "20", "--seed", "3",
         "--difficulty", difficulty],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for word in ("policy", "accuracy", "FlexiFlow", "best order, reusing", "tesseract alone"):
        assert word in done.stdout
    notebook = json.loads((tmp_path / "01_first_workflow.ipynb").read_text())
    assert all(c.get("execution_count") for c in notebook["cells"] if c["cell_type"] == "code")
    assert "widgets" not in notebook["metadata"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["01_first_workflow.ipynb"]
