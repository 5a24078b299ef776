"""What README says in code is true."""

import re
import runpy
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_its_own_models_example_runs_and_does_what_it_says(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEXIFLOW_HOME", str(tmp_path / "home"))
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (code,) = [block for block in blocks if "@flexiflow.workflow" in block]
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    made = runpy.run_path(str(script))
    greet, run = made["greet"], made["run"]
    assert greet("hallo") == "HALLO"
    assert run.results["passed"].to_list() == [True, True, False]
    assert run.jobs["terms.said == label"][0] == 1.0
    greet.store.close()


@pytest.mark.demo
def test_its_cell_is_the_workflow_of_the_notebook():
    notebook = Path(__file__).parent.parent / "notebooks" / "01_first_workflow.ipynb"
    (cell,) = [b for b in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "%%flex" in b]
    assert [line for line in cell.splitlines() if line.strip()] == [
        line
        for line in __import__("nbformat").read(notebook, 4).cells[6].source.splitlines()
        if line.strip()
    ]


@pytest.mark.demo
def test_its_picture_is_the_one_that_the_workflow_draws():
    from flexiflow.examples.id_cards.workflow import id_cards
    from flexiflow.widgets.picture import svg

    name = re.search(r"!\[.*\]\((.*\.svg)\)", README).group(1)
    picture = Path(__file__).parent.parent / name
    assert picture.read_text(encoding="utf-8") == svg(id_cards.graph)
