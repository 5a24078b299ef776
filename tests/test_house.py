"""What holds for the whole house: sizes, names, docstrings, and the public door."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PACKAGE = sorted((ROOT / "flexiflow").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TOP = {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"}
TOP |= {"extension", "flexiflow", "notebooks", "tests"}
LONGEST_FILE = 300  # lines
LONGEST_FUNCTION = 40  # lines, its docstring not counted

MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:tmp|work|root|opt|home/\w+|Users/\w+)/")
EXPLAINED = re.compile(r"overload$|override$|\.setter$")  # documented elsewhere
VAGUE_CLASS = re.compile(r"(Manager|Handler|Engine|Service)(s|Base|Mixin)?$")
VAGUE_MODULE = re.compile(r"(^|_)(utils?|helpers?|common|misc|managers?|handlers?)(_|$)")

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def definitions(tree: ast.AST, public: bool) -> list[Definition]:
    """Classes and functions outside functions; the public ones only, or all."""
    found: list[Definition] = []
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, Definition) and not (public and child.name.startswith("_")):
            found.append(child)
            if isinstance(child, ast.ClassDef):
                found += definitions(child, public)
        elif isinstance(child, ast.If | ast.Try):
            found += definitions(child, public)
    return found


def undocumented(text: str) -> list[str]:
    """The public names of a module that lack a docstring."""
    tree, lines = ast.parse(text), text.splitlines()
    faults = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    return faults + [
        item.name
        for item in definitions(tree, public=True)
        if not ast.get_docstring(item)
        and "noqa: D10" not in lines[item.lineno - 1]  # an exception that carries its reason
        and not any(EXPLAINED.search(ast.unparse(d)) for d in item.decorator_list)
    ]


def long_functions(text: str) -> list[str]:
    """Functions of more than ``LONGEST_FUNCTION`` lines of code."""
    found = []
    for item in ast.walk(ast.parse(text)):
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            body = item.body[1:] if ast.get_docstring(item) else item.body
            if body and (body[-1].end_lineno or 0) - body[0].lineno + 1 > LONGEST_FUNCTION:
                found.append(item.name)
    return found


def vague_names(module: str, text: str) -> list[str]:
    """Modules and classes with names that say nothing of what they do."""
    names = [module] if VAGUE_MODULE.search(module) else []
    classes = [d for d in ast.walk(ast.parse(text)) if isinstance(d, ast.ClassDef)]
    return names + [c.name for c in classes if VAGUE_CLASS.search(c.name)]


def faults(paths: list[Path], of: Callable[[Path, str], list[Any]]) -> dict[str, list[Any]]:
    """What is wrong in each of some files, where something is."""
    found = {name_of(path): of(path, path.read_text("utf-8")) for path in paths}
    assert found, "no files were looked at"
    return {name: wrong for name, wrong in found.items() if wrong}


def too_long(path: Path, text: str) -> list[int]:
    lines = text.count("\n")
    return [lines] if lines > LONGEST_FILE else []


def vague(path: Path, text: str) -> list[str]:
    folders = [part for part in path.relative_to(ROOT).parts[:-1] if VAGUE_MODULE.search(part)]
    return folders + vague_names(path.stem, text)


def test_files_are_short() -> None:
    assert faults(PACKAGE + TESTS, too_long) == {}


def test_functions_are_short() -> None:
    assert faults(PACKAGE, lambda path, text: long_functions(text)) == {}


def test_all_that_is_public_is_documented() -> None:
    assert faults(PACKAGE, lambda path, text: undocumented(text)) == {}


def test_names_say_what_things_do() -> None:
    assert faults(PACKAGE + TESTS, vague) == {}


def written_files() -> list[Path]:
    """Every text file that is ours: sources, notebooks, pages, and the build's own files."""
    folders = [ROOT / name for name in ("flexiflow", "tests", "notebooks", "extension", ".ci")]
    inside = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
    endings = {".py", ".md", ".js", ".ts", ".css", ".ipynb", ".toml", ".json", ""}
    skipped = {"__pycache__", "node_modules", ".ipynb_checkpoints"}
    top = [ROOT / name for name in ("CHANGELOG.md", "README.md", "pyproject.toml")]
    ours = [p for p in inside if p.suffix in endings and not skipped & set(p.parts)]
    return sorted(p for p in ours + top if p.is_file() and p != Path(__file__).resolve())


def test_no_machine_paths() -> None:
    assert faults(written_files(), lambda path, text: MACHINE_PATH.findall(text)) == {}


def test_the_top_level_is_as_agreed() -> None:
    present = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")}
    left_by_tools = {"build", "dist", "node_modules", "__pycache__"}
    assert present - left_by_tools <= TOP
    assert TOP - present <= {"extension"}


def test_the_types_are_shipped() -> None:
    assert (ROOT / "flexiflow" / "py.typed").is_file()


def test_public_names_are_sorted_and_there() -> None:
    import flexiflow

    assert list(flexiflow.__all__) == sorted(set(flexiflow.__all__))
    assert [name for name in flexiflow.__all__ if not hasattr(flexiflow, name)] == []


def test_public_names_are_documented() -> None:
    import flexiflow

    things = {name: getattr(flexiflow, name) for name in flexiflow.__all__}
    bare = [n for n, thing in things.items() if callable(thing) and not thing.__doc__]
    assert bare == []


def test_the_checks_can_fail() -> None:
    assert undocumented("def f():\n    pass\nclass A:\n    'a'\n    def b(self): pass") == [
        "the module",
        "f",
        "b",
    ]
    assert undocumented("'m'\ndef _f(): pass\nclass _A:\n    def b(self): pass") == []
    assert long_functions("def f():\n" + "    x = 1\n" * (LONGEST_FUNCTION + 1)) == ["f"]
    assert long_functions("def f():\n    'd'\n" + "    x = 1\n" * LONGEST_FUNCTION) == []
    assert vague_names("text_utils", "class JobManager: pass\nclass Runner: pass") == [
        "text_utils",
        "JobManager",
    ]
    assert MACHINE_PATH.search("open('/" + "tmp/x')")
    assert not MACHINE_PATH.search("https://example.org/work/x")
