"""The same behaviour has the same digest, an edit has another, in every process."""

from __future__ import annotations

import functools
import gc
import os
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flexiflow.candidates import adopt, candidate
from flexiflow.candidates.fingerprint import fingerprint


def made(source: str, filename: str = "cell", name: str = "f") -> Any:
    """What ``source`` defines as ``name``, in a module of its own that is nobody's library."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, filename, "exec"), space)
    return space[name]


F = "def f(x, by=2):\n    return x * by\n"
WITH_HELPER = "LIMIT = {limit}\ndef g(x):\n    return x {op} LIMIT\ndef f(x):\n    return g(x)\n"
CLASS = "class C:\n    top = {top}\n    def __call__(self, x):\n        return x + {add}\nf = C()\n"
SAME = {
    "lines and file": (F, "\n\n\n" + F),
    "comment": (F, "def f(x, by=2):\n    # why\n    return x * by  # so\n"),
    "docstring": ("def f(x):\n    'one'\n    return x", "def f(x):\n    'two'\n    return x"),
    "annotation": (F, "def f(x: int, by: int = 2) -> int:\n    return x * by\n"),
    "unused global": (F, "OTHER = 3\n" + F),
    "set order": ("f = {'a', 'b', 'c'}", "f = {'c', 'b', 'a'}"),
    "keyword order": ("f = {'a': 1, 'b': 2}", "f = {'b': 2, 'a': 1}"),
    "plain object": ("class C: pass\nf = C()", "class C: pass\nf = C()"),
    "helper": (WITH_HELPER.format(limit=3, op="<"),) * 2,
}
DIFFERENT = {
    "operator": (F, F.replace("*", "+")),
    "default": (F, F.replace("2", "3")),
    "keyword default": ("def f(x, *, k=1): return x", "def f(x, *, k=2): return x"),
    "constant": ("def f(x): return x + 1", "def f(x): return x + 2"),
    "type of a constant": ("def f(x): return x + 1", "def f(x): return x + 1.0"),
    "true and one": ("f = [True]", "f = [1]"),
    "method called": ("def f(x): return x.upper()", "def f(x): return x.lower()"),
    "builtin called": ("def f(x): return min(x)", "def f(x): return max(x)"),
    "keyword passed": ("def f(x): return g(a=x)", "def f(x): return g(b=x)"),
    "nested function": (
        "def f(x):\n    return [(lambda y: y + 1)(v) for v in x]",
        "def f(x):\n    return [(lambda y: y + 2)(v) for v in x]",
    ),
    "async": ("def f(x): return x", "async def f(x): return x"),
    "star": ("def f(x): return x", "def f(*x): return x"),
    "helper": (WITH_HELPER.format(limit=3, op="<"), WITH_HELPER.format(limit=3, op=">")),
    "helper's constant": (WITH_HELPER.format(limit=3, op="<"), WITH_HELPER.format(limit=4, op="<")),
    "closure": (
        "def m(k):\n    return lambda x: x + k\nf = m(1)",
        "def m(k):\n    return lambda x: x + k\nf = m(2)",
    ),
    "list order": ("f = [1, 2]", "f = [2, 1]"),
    "list and tuple": ("f = [1, 2]", "f = (1, 2)"),
    "nesting": ("f = [[1], [2, 3]]", "f = [[1, 2], [3]]"),
    "method": (CLASS.format(top=1, add=1), CLASS.format(top=1, add=2)),
    "class attribute": (CLASS.format(top=1, add=1), CLASS.format(top=2, add=1)),
    "instance": (
        "class C:\n    def __init__(self, k): self.k = k\nf = C(1)",
        "class C:\n    def __init__(self, k): self.k = k\nf = C(2)",
    ),
    "slots": (
        "class C:\n    __slots__ = ('k',)\n    def __init__(self, k): self.k = k\nf = C(1)",
        "class C:\n    __slots__ = ('k',)\n    def __init__(self, k): self.k = k\nf = C(2)",
    ),
    "partial": (
        "from functools import partial\nf = partial(int, base=2)",
        "from functools import partial\nf = partial(int, base=3)",
    ),
    "behind a cache": (
        "from functools import lru_cache\n@lru_cache\ndef f(x): return x + 1",
        "from functools import lru_cache\n@lru_cache\ndef f(x): return x + 2",
    ),
    "bound method": (
        "class C:\n    k = 1\n    def g(self): return self.k\nf = C().g",
        "class C:\n    k = 2\n    def g(self): return self.k\nf = C().g",
    ),
    "compiled pattern": ("import re\nf = re.compile('a')", "import re\nf = re.compile('b')"),
    "dataclass field": (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    k: int = 1\nf = C()",
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    k: int = 1\nf = C(2)",
    ),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_same_behaviour(pair: tuple[str, str]) -> None:
    assert fingerprint(made(pair[0], "one")) == fingerprint(made(pair[1], "two"))


@pytest.mark.parametrize("pair", DIFFERENT.values(), ids=DIFFERENT)
def test_different_behaviour(pair: tuple[str, str]) -> None:
    assert fingerprint(made(pair[0])) != fingerprint(made(pair[1]))


def test_a_helper_in_a_module_of_the_user_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("my_own_steps")
    monkeypatch.setitem(sys.modules, "my_own_steps", module)
    f = made("import my_own_steps as m\ndef f(x): return m.g(x)")
    digests = []
    for body in ("x + 1", "x + 1", "x + 2"):
        exec(f"def g(x): return {body}", vars(module))
        digests.append(fingerprint(f))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    "edit",
    [
        lambda: (np.arange(3), np.arange(4)),
        lambda: (np.arange(3), np.arange(3.0)),
        lambda: (np.zeros((2, 3)), np.zeros((3, 2))),
        lambda: (np.array(["a", None]), np.array(["b", None])),
        lambda: (np.float32(1), np.float64(1)),
        lambda: (functools.partial(len), len),
        lambda: ("ab", b"ab"),
        lambda: (10**5000, 10**5000 + 1),
        lambda: (["a", "b"], ["ab"]),
    ],
)
def test_data_counts_by_content(edit: Callable[[], tuple[Any, Any]]) -> None:
    one, other = edit()
    assert fingerprint(one) == fingerprint(edit()[0])
    assert fingerprint(one) != fingerprint(other)


def test_the_layout_of_an_array_does_not_count() -> None:
    table = np.arange(6).reshape(2, 3)
    assert fingerprint(table) == fingerprint(np.asfortranarray(table))


def test_frames_count_by_content() -> None:
    import pandas as pd
    import polars as pl

    for frame in (pd.DataFrame, pl.DataFrame):
        assert fingerprint(frame({"a": [1, 2]})) == fingerprint(frame({"a": [1, 2]}))
        assert fingerprint(frame({"a": [1, 2]})) != fingerprint(frame({"a": [1, 3]}))
        assert fingerprint(frame({"a": [1, 2]})) != fingerprint(frame({"b": [1, 2]}))


def test_estimators_count_by_parameters_and_fit() -> None:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    for cls in (DecisionTreeClassifier, KNeighborsClassifier):
        options = {"random_state": 0} if cls is DecisionTreeClassifier else {}
        fitted = fingerprint(cls(**options).fit(x, y))
        assert fitted == fingerprint(cls(**options).fit(x, y))
        assert fitted != fingerprint(cls(**options).fit(x, 1 - y))
        assert fitted != fingerprint(cls(**options))
    assert fingerprint(DecisionTreeClassifier(max_depth=2)) != fingerprint(DecisionTreeClassifier())


def test_torch_modules_count_by_weights_and_settings() -> None:
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(0.1))
    first = fingerprint(net)
    assert fingerprint(net.eval()) == first
    twin = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(0.1))
    twin.load_state_dict(net.state_dict())
    assert fingerprint(twin) == first
    twin[1].p = 0.2
    assert fingerprint(twin) != first
    with torch.no_grad():
        net[0].bias += 1
    assert fingerprint(net) != first
    assert fingerprint(torch.zeros(2, dtype=torch.bfloat16)) != fingerprint(torch.zeros(2))


def test_cycles_end() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    other: list[Any] = [2]
    other.append(other)
    assert fingerprint(ring) != fingerprint(other)
    source = "def f(x): return g(x - 1) if x else {end}\ndef g(x): return f(x)\n"
    assert fingerprint(made(source.format(end=0))) == fingerprint(made(source.format(end=0)))
    assert fingerprint(made(source.format(end=0))) != fingerprint(made(source.format(end=1)))


def test_deep_and_shared_things_end() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    shared: list[Any] = [0]
    for _ in range(50):
        shared = [shared, shared]
    assert len(fingerprint(deep, shared)) == 32


def test_things_without_a_readable_state() -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __repr__(self) -> str:
            raise RuntimeError

    assert fingerprint(Broken()) == fingerprint(Broken())
    assert fingerprint(threading.Lock()) == fingerprint(threading.Lock())
    assert fingerprint(open) != fingerprint(print)
    assert fingerprint(x for x in "ab") == fingerprint(x for x in "ab")


def test_an_edit_of_an_option_counts_and_a_name_does_not() -> None:
    plain = adopt(len, "a").fingerprint
    assert adopt(candidate(len, name="b"), "a").fingerprint == plain
    assert adopt(candidate(len, timeout=None), "a").fingerprint == plain
    assert adopt(candidate(len, timeout=3), "a").fingerprint != plain
    assert adopt(candidate(load=lambda: 1), "a").fingerprint != (
        adopt(candidate(load=lambda: 2), "a").fingerprint
    )


ELSEWHERE = """
import functools, re, threading, enum
from dataclasses import dataclass
import numpy as np, torch
from sklearn.linear_model import LogisticRegression
from flexiflow.candidates.fingerprint import fingerprint

WORDS = {"ja", "nein", "oui", "non", "si"}
class Colour(enum.Enum):
    RED = 1
@dataclass(frozen=True)
class Point:
    x: int = 3
class Reader:
    def __init__(self):
        self.lock, self.words, self.any = threading.Lock(), frozenset(WORDS), object()
    def __call__(self, text):
        return text in self.words or text in {"a", "b", "c"}
def helper(x, *, words=WORDS):
    return x in words
def f(x):
    return helper(x) and re.match("a", x) and Colour.RED
torch.manual_seed(0)
net = torch.nn.Linear(2, 2)
x = np.arange(20.0).reshape(10, 2)
fitted = LogisticRegression().fit(x, np.arange(10) % 2)
part = functools.partial(f, x=1)
print(fingerprint(f, Reader(), Point(), part, net, fitted, {"b": 1, "a": WORDS}))
"""


@pytest.mark.slow
def test_every_process_agrees(tmp_path: Path) -> None:
    digests = set()
    for seed in ("1", "2"):
        script = tmp_path / f"script_{seed}.py"
        script.write_text(ELSEWHERE)
        path = os.pathsep.join(p for p in sys.path if p)
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        done = subprocess.run(
            [sys.executable, str(script)], env=env, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 32


def test_a_dictionary_may_shrink_while_garbage_is_collected() -> None:
    thing = dict.fromkeys(range(5000))

    def shrink(phase: str, info: dict[str, int]) -> None:
        thing.popitem()

    usual = gc.get_threshold()
    gc.collect()
    gc.callbacks.append(shrink)
    gc.set_threshold(200, 10, 10)
    try:
        found = fingerprint(thing)
    finally:
        gc.callbacks.remove(shrink)
        gc.set_threshold(*usual)
    assert len(thing) < 5000
    assert found != fingerprint({})
