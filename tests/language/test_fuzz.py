"""Whatever the text, reading it ends in a graph or in an error that shows a line.

The names are few and harmless: reading evaluates candidates, defaults, weights and starts.
"""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.graph import Graph
from flexiflow.language import read

SEEDED = settings(max_examples=250, deadline=None, derandomize=True, database=None)


def model(number: int) -> Any:
    """Make a model of its own kind."""

    def run(*args: Any, **kwargs: Any) -> Any:
        return number, args, kwargs

    return run


MODELS = {f"m{i}": model(i) for i in range(6)}
NAMES = {
    **MODELS,
    "models": [MODELS["m0"], MODELS["m1"]],
    "table": {"one": MODELS["m2"], "two": MODELS["m3"]},
    "LIMIT": 3,
    "__builtins__": {"len": len, "str": str, "min": min},
}

VALID = [
    'w(x, label=None)\n"""Doc."""\ny = (m0 | m1 | any_of(table))(x, size=LIMIT + 1)\n'
    'assert len(y) > 2, f"short: {y}"\nmaximize(y == label, weight=2)\nminimize(runtime)\n',
    "w(x)\na, b = (named(fast=m0) | candidate(m1, timeout=5, cost=0.5))(x)\n"
    'assert confidence(a) >= threshold(0.75, "sure")\ncontext(len(x), x)\n'
    "return a, [b for b in a]\n",
    "w(x, n=3)\n# a comment\ny = (lambda t: t)(x)  # another\nz = (\n    m2\n    | m3\n)(y, n)\n"
    'assert extra(z, "boxes", None) is None or min(y, z)\nreturn {"z": z, **y}\n',
]
WORDS = """
    x y z a m0 m1 models table LIMIT len any_of candidate named confidence extra threshold
    runtime cost maximize minimize context assert return for if else in def class with try
    import del global await yield pass lambda not and or is None True async except match
    ( ) [ ] { } | & + - * / , : ; . = == := += -> @ ! % ? $ ~ < > \\ # ' " ''' f' f"
    0 1 0.75 1e999 0x 1_ é ﬁ
"""
PIECES = [*WORDS.split(), "\n", "\n    ", "\t", "\f", " ", "\r", "\0", "\ufeff", "\u2028"]


def answer(text: str) -> Graph | WorkflowSyntaxError:
    """Read a text; check that an error points into it and can be shown."""
    found: Graph | WorkflowSyntaxError
    try:
        found = read(text, NAMES, filename="<fuzz>")
    except WorkflowSyntaxError as error:
        found = error
    if isinstance(found, WorkflowSyntaxError):
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert 1 <= found.line <= len(lines)
        assert 0 <= found.column <= len(lines[found.line - 1])
        assert found.message
        str(found).encode()
    return found


def check_sound(graph: Graph) -> None:
    """Check what holds for every graph that the reader lets through."""
    known = {i.name for i in graph.inputs}
    for node in graph.nodes:
        assert node.reads <= known
        assert node.candidates
        assert len({c.name for c in node.candidates}) == len(node.candidates)
        assert known.isdisjoint(node.targets)
        known |= set(node.targets)
    assert all(a.test.names and a.test.names <= known for a in graph.assertions)
    assert all(o.weight > 0 for o in graph.objectives)
    assert graph.output is not None
    assert graph.output.names <= known


@SEEDED
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text(text: str) -> None:
    answer(text)


@SEEDED
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_body(text: str) -> None:
    assert isinstance(answer("w(x)\n" + text), WorkflowSyntaxError)


@SEEDED
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from(["", " "]))
def test_any_pieces(pieces: list[str], between: str) -> None:
    found = answer("w(x)\ny = " + between.join(pieces))
    if isinstance(found, Graph):
        check_sound(found)


def pieces_of(text: str) -> list[str]:
    """A text cut into tokens and the space between them."""
    found, place = [], 0
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        begin = starts[token.start[0] - 1] + token.start[1]
        end = starts[token.end[0] - 1] + token.end[1] if token.string else begin
        if end > place:
            found += [text[place:begin], text[begin:end]]
            place = end
    return [piece for piece in found if piece]


CUT = [pieces_of(text) for text in VALID]
CHANGES = st.tuples(
    st.sampled_from(["drop", "double", "swap", "replace", "insert"]),
    st.integers(0, 1_000),
    st.sampled_from(PIECES),
    st.integers(0, 1_000),
)


def changed(pieces: list[str], change: str, at: int, piece: str, other: int) -> list[str]:
    """Make one small change."""
    at, other, made = at % len(pieces), other % len(pieces), list(pieces)
    if change == "drop" and len(pieces) > 1:
        del made[at]
    elif change == "double":
        made.insert(at, made[at])
    elif change == "swap":
        made[at], made[other] = made[other], made[at]
    elif change == "replace":
        made[at] = piece
    else:
        made.insert(at, f" {piece} ")
    return made


@settings(SEEDED, max_examples=600)
@given(st.sampled_from(CUT), st.lists(CHANGES, min_size=1, max_size=4))
def test_almost_valid_texts(pieces: list[str], changes: list[tuple[str, int, str, int]]) -> None:
    for change in changes:
        pieces = changed(pieces, *change)
    found = answer("".join(pieces))
    if isinstance(found, Graph):
        check_sound(found)


def test_the_texts_are_valid_before_they_are_changed() -> None:
    for text, pieces in zip(VALID, CUT, strict=True):
        assert "".join(pieces) == text
        assert isinstance(answer(text), Graph)


@dataclass
class Program:
    """A valid program, and what its graph must look like."""

    lines: list[str]
    inputs: list[str]
    nodes: list[tuple[str, list[str], set[str], int]] = field(default_factory=list)
    assertions: list[tuple[set[str], int]] = field(default_factory=list)
    maker: dict[str, int] = field(default_factory=dict)

    def influence(self, names: set[str]) -> set[int]:
        """The nodes that influence some names, found by walking back."""
        found: set[int] = set()
        waiting = [self.maker[n] for n in names if n in self.maker]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += [self.maker[n] for n in self.nodes[node][2] if n in self.maker]
        return found


ALTERNATIVES = {
    "m0": ["m0"],
    "m1": ["m1"],
    "candidate(m2, timeout=LIMIT)": ["m2"],
    "named(p=m0, q=m1)": ["p", "q"],
    "any_of(table)": ["one", "two"],
    "(lambda t, *a: LIMIT)": ["lambda t, *a: LIMIT"],
}
FORMS = ["{}", "len({})", "[a for a in {}]", "({}, LIMIT)", "(lambda x: x)({})", "f'{{{}}}'"]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Write a valid program, a statement at a time."""
    inputs = [f"in{i}" for i in range(draw(st.integers(1, 3)))]
    program = Program([f"flow({', '.join(inputs)})"], inputs)

    def expression(words: set[str]) -> str:
        parts = [draw(st.sampled_from(FORMS)).format(word) for word in sorted(words)]
        return f"({', '.join([*parts, '1'])})"

    for number in range(draw(st.integers(1, 5))):
        known = [*inputs, *program.maker]
        targets = [f"n{number}"] + ([f"k{number}"] if draw(st.booleans()) else [])
        chosen = draw(st.lists(st.sampled_from(list(ALTERNATIVES)), min_size=1, max_size=3,
                               unique=True))  # fmt: skip
        reads = draw(st.sets(st.sampled_from(known), max_size=3))
        names = [name for text in chosen for name in ALTERNATIVES[text]]
        bars = draw(st.sampled_from([" | ", "|", "\n    | "])).join(chosen)
        line = sum(text.count("\n") + 1 for text in program.lines) + 1
        program.lines.append(f"{', '.join(targets)} = ({bars})({expression(reads)}, k={number})")
        program.nodes.append((", ".join(targets), names, reads, line))
        program.maker |= dict.fromkeys(targets, number)
        if draw(st.booleans()):
            known += targets
            tested = draw(st.sets(st.sampled_from(known), min_size=1, max_size=3))
            line = sum(text.count("\n") + 1 for text in program.lines) + 1
            program.lines.append(f"assert {expression(tested)} > [{number}]")
            program.assertions.append((tested, line))
    program.lines.append(f"return {', '.join(program.maker)}, 1")
    return program


@SEEDED
@given(programs())
def test_valid_programs_become_their_graph(program: Program) -> None:
    graph = answer("\n".join(program.lines))
    assert isinstance(graph, Graph), graph
    check_sound(graph)
    assert [i.name for i in graph.inputs] == program.inputs
    assert [
        (n.name, [c.name for c in n.candidates], set(n.reads), n.line) for n in graph.nodes
    ] == program.nodes
    assert graph.order == tuple(range(len(program.nodes)))
    assert [(set(a.test.names), a.line) for a in graph.assertions] == program.assertions
    scopes = [program.influence(tested) for tested, _ in program.assertions]
    assert [set(scope) for scope in graph.scopes] == scopes
    due = {a: max(scope) for a, scope in enumerate(scopes) if scope}
    assert {a: n for n, checks in enumerate(graph.checks) for a in checks} == due
    for node in range(len(graph.nodes)):
        before = program.influence(program.nodes[node][2])
        assert set(graph.lineage[node]) == {node, *before}
