"""The JupyterLab extension as a package: what it is built of, and that what is built is fresh."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import flexiflow
from flexiflow.sidebar import COMM
from flexiflow.sidebar.acting import ACTIONS

ROOT = Path(__file__).parent.parent
EXTENSION = ROOT / "extension"
BUILT = ROOT / "flexiflow" / "labextension"
SOURCES = sorted(
    p for p in (EXTENSION / "src").rglob("*.ts") if not p.name.endswith((".test.ts", ".d.ts"))
)
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\bfetch\(|"
    r"XMLHttpRequest|WebSocket|EventSource|sendBeacon|requestExecute|import\("
)
LONGEST = 300  # lines


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture
def build(tmp_path: Path) -> ModuleType:
    """The build's own module, in a copy of the sources."""
    keep = shutil.ignore_patterns("node_modules", "lib", "__pycache__")
    shutil.copytree(EXTENSION, tmp_path / "extension", ignore=keep)
    (tmp_path / "flexiflow" / "labextension").mkdir(parents=True)
    spec = importlib.util.spec_from_file_location("build", tmp_path / "extension" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stamp(build: ModuleType) -> None:
    (build.BUILT / "package.json").write_text(json.dumps({"sources": build.hash_of_sources()}))


@pytest.mark.skipif(
    not (BUILT / "package.json").is_file(), reason="the extension is not built: npm run build"
)
def test_what_is_built_is_of_these_sources(build: ModuleType) -> None:
    assert read(BUILT / "package.json")["sources"] == build.hash_of_sources(), (
        "The built extension is stale. Build it again: npm run build, in extension/."
    )
    assert (BUILT / read(BUILT / "package.json")["jupyterlab"]["_build"]["load"]).is_file()


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")
def test_both_ways_to_tell_freshness_agree(build: ModuleType) -> None:
    def says_fresh() -> bool:
        command = ["node", str(build.HERE / "scripts" / "stamp.mjs"), "--check"]
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0

    assert not build.is_fresh()
    assert not says_fresh()
    stamp(build)
    assert build.is_fresh()
    assert says_fresh()


@pytest.mark.parametrize("name", ["src/index.ts", "style/panel.css", "schema/plugin.json"])
def test_another_source_makes_what_is_built_stale(build: ModuleType, name: str) -> None:
    stamp(build)
    path = build.HERE / name
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    assert not build.is_fresh()


def test_tests_and_what_the_build_leaves_do_not_make_it_stale(build: ModuleType) -> None:
    stamp(build)
    (build.HERE / "src" / "more.test.ts").write_text("")
    (build.HERE / "lib").mkdir()
    (build.HERE / "lib" / "index.js").write_text("")
    assert build.is_fresh()
    (build.HERE / "src" / "more.ts").write_text("")
    assert not build.is_fresh()


def test_without_npm_the_build_says_what_to_do(
    build: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match=r"no npm.*SKIP_JUPYTER_BUILDER=1"):
        build.build("wheel", "standard")
    stamp(build)
    build.build("wheel", "standard")


def test_the_lock_file_names_no_registry() -> None:
    lock = read(EXTENSION / "package-lock.json")
    assert [name for name, it in lock["packages"].items() if "resolved" in it] == []
    assert "registry" not in (EXTENSION / "package-lock.json").read_text("utf-8")
    bare = [n for n, it in lock["packages"].items() if n and "integrity" not in it]
    assert [n for n in bare if not lock["packages"][n].get("inBundle")] == []


def test_the_package_is_slim_and_of_one_version() -> None:
    package = read(EXTENSION / "package.json")
    assert set(package["devDependencies"]) == {"@jupyter/builder", "typescript"}
    assert package["dependencies"] == {}
    assert package["version"] == flexiflow.__version__
    assert (EXTENSION / package["jupyterlab"]["outputDir"]).resolve() == BUILT
    shared = package["jupyterlab"]["sharedPackages"]
    imported = {
        name
        for path in SOURCES
        for name in re.findall(r"^import \{.*\} from '([@\w/-]+)';", path.read_text("utf-8"), re.M)
    }
    assert imported == set(shared)
    assert all(it["singleton"] and not it["bundled"] for it in shared.values())


def test_the_project_ships_it() -> None:
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    hook = hatch["hooks"]["jupyter-builder"]
    assert hook["optional-editable-build"] == "true"
    assert hook["build-function"] == "extension.build.build"
    (where,) = flexiflow._jupyter_labextension_paths()
    target = f"share/jupyter/labextensions/{where['dest']}"
    shared = hatch["targets"]["wheel"]["shared-data"]
    assert shared[f"flexiflow/{where['src']}"] == target
    assert shared["extension/install.json"] == f"{target}/install.json"
    assert hatch["targets"]["sdist"]["artifacts"] == ["flexiflow/labextension"]
    assert read(EXTENSION / "install.json")["packageName"] == "flexiflow"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(EXTENSION).as_posix())
def test_the_page_shows_text_only_and_reaches_nobody(path: Path) -> None:
    text = path.read_text("utf-8")
    assert FORBIDDEN.findall(text) == []
    assert text.count("\n") <= LONGEST


def test_the_search_for_what_is_forbidden_can_find_it() -> None:
    for bad in ("node.innerHTML = x", "eval(x)", "await fetch('x')", "kernel.requestExecute({})"):
        assert FORBIDDEN.search(bad), bad


def test_page_and_kernel_speak_of_the_same_things() -> None:
    line = (EXTENSION / "src" / "line.ts").read_text("utf-8")
    assert f"COMM = '{COMM}'" in line
    view, commands = (
        (EXTENSION / "src" / f"{n}.ts").read_text("utf-8") for n in ("view", "commands")
    )
    asked = set(re.findall(r"(?:ask\(|\? |: )'(\w+)'", view + commands)) & {*ACTIONS, "copy"}
    assert asked == set(ACTIONS)


def test_the_settings_have_the_defaults_they_offer() -> None:
    for name, it in read(EXTENSION / "schema" / "plugin.json")["properties"].items():
        assert it["default"] in it["enum"], name
