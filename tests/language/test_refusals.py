"""One line per rule of the language: the text, where it breaks («), what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from flexiflow.errors import WorkflowSyntaxError
from flexiflow.language import read

NODES = {
    "y = «f | g(x)": "only the last candidate is called here",
    "y = «f | g": "the alternatives are not called on anything",
    "y = («f or g)(x)": "'or' and 'and' do not name alternatives",
    "y = («f and g)(x)": "'or' and 'and' do not name alternatives",
    "y = «f or g(x)": "'or' and 'and' do not name alternatives",
    "y = («f if LIMIT else g)(x)": "a candidate is not chosen by 'if'",
    "y = («[f, g])(x)": "a list is not a candidate",
    "y = («(f, g))(x)": "a tuple is not a candidate",
    "y = («{f, g})(x)": "a set is not a candidate",
    "y = («{'a': f})(x)": "a dict is not a candidate",
    "y = (f | «[m for m in models])(x)": "a list is not a candidate",
    "y = («f | g < 3)(x)": "a comparison is not a candidate",
    "y = (f | «lambda t: t | g)(x)": "a lambda between bars needs parentheses",
    "y = («lambda t: t | g)(x)": "a lambda between bars needs parentheses",
    "y = (f | («g | str))(x)": "alternatives are nested",
    "y = f(x, «f | g)": "alternatives are nested in an argument: 'f' is a model",
    "y = (f | ff.candidate(«f | g))(x)": "alternatives are nested in a candidate",
    "y = f(«(f | g)(x))": "alternatives are nested in an argument",
    "y = «(f | g)(x)(x)": "alternatives are nested in a candidate",
    "y = f(x)\nassert «(f | g)(y)": "alternatives are nested in an assertion",
    "y = (f | «x)(x)": "a candidate is fixed when the workflow is defined: it cannot read 'x', "
    "which is an input",
    "y = any_of(«x)(x)": "a candidate is fixed",
    "y = f(x)\nz = Reader(«y)(x)": "it cannot read 'y', which is a node of this workflow",
    "y = f(x)\nz = «y.strip()": "it cannot read 'y', which is a node of this workflow",
    "y = «x + 1": "a node is a call of a model, and this is none",
    "y = «3": "a node is a call of a model, and this is none",
    "y = «x": "a node is a call of a model, and this is none",
    "y = «lambda t: t": "a lambda alone is not a step",
    "y = «f if x else g": "'if' is not a step",
    "y = «[f(a) for a in x]": "a loop is not a step",
    "y = «any_of(models)": "any_of(...) names candidates; it is not called on anything here",
    "y = «ff.candidate(f)": "candidate(...) names candidates",
    "y = «any_of(empty)(x)": "a candidate could not be made: any_of() got no models",
    "y = (f | «Reader(-1))(x)": "Reader(-1) raised ValueError: the mode is negative",
    "y = (f | «candidate(g, timeout=-1))(x)": "The option 'timeout' of a candidate must be",
    "y = (f | «LIMIT)(x)": "LIMIT is of type int and cannot be a candidate",
    "y = (f | «f)(x)": "two candidates of this node are called 'f'",
    "y = (f | «named(f=g))(x)": "two candidates of this node are called 'f'",
    "y = (f | «maximize)(x)": "'maximize' is a word of the language and no candidate",
    "y = «maximize(x)": "'maximize' is a word of the language and no candidate",
    "y = («any_of | f)(x)": "'any_of' is a word of the language and no candidate",
    "y = f(«*x)": "arguments are written one by one, without *",
    "y = f(«**x)": "arguments are written one by one, without **",
}

TARGETS = {
    "y = «z = f(x)": "a node has one name, not a chain of '='",
    "a, «(b, c) = f(x)": "a node is given a plain name",
    "a, «*b = f(x)": "a node is given a plain name",
    "«a.b = f(x)": "a node is given a plain name",
    "«a[0] = f(x)": "a node is given a plain name",
    "«[a, b] = f(x)": "a node is given a plain name",
    "«a, = f(x)": "several names are unpacked from a tuple; here are fewer than two",
    "a, «a = f(x)": "'a' is made already, on line 2",
    "y = f(x)\n«y = g(x)": "'y' is made already, on line 2",
    "«x = f(x)": "'x' is an input and cannot be made again",
    "«cost = f(x)": "'cost' is a word of the language and cannot name a node",
    "y, «context = f(x)": "'context' is a word of the language and cannot name a node",
}

STATEMENTS = {
    "«for a in x: pass": "a loop is not a step",
    "«while x: pass": "a loop is not a step",
    "«if x: pass": "'if' is not a step",
    "«match x:\n  case 1: pass": "'match' is not a step",
    "«def h(): pass": "'def' is not a step",
    "«async def h(): pass": "'async def' is not a step",
    "«class A: pass": "'class' is not a step",
    "«with x: pass": "'with' is not a step",
    "«try: pass\nexcept E: pass": "'try' is not a step",
    "«try: pass\nexcept* E: pass": "'try' is not a step",
    "«raise x": "'raise' is not a step",
    "«import os": "'import' is not a step",
    "«from os import path": "'import' is not a step",
    "«global a": "'global' is not a step",
    "«nonlocal a": "'nonlocal' is not a step",
    "«del x": "'del' is not a step",
    "«pass": "'pass' is not a step",
    "«break": "'break' is not a step",
    "«continue": "'continue' is not a step",
    "«y: int = f(x)": "a node takes no annotation",
    "«y += f(x)": "a value cannot be changed in place",
    "y = «await f(x)": "'await' is not needed",
    "«await f(x)": "'await' is not needed",
    "«yield x": "'yield' is not a step",
    "«yield from x": "'yield' is not a step",
    "y = («z := f(x))": "':=' names nothing in a workflow",
    "y = f(«z := x)": "':=' names nothing in a workflow",
    "y = f(x)\nassert [a for a in y if («b := a)]": "':=' names nothing in a workflow",
    "y = f(«await x)": "'await' is not needed",
    "«f(x)": "a call on its own is not a step: its value has no name",
    "«(f | g)(x)": "a call on its own is not a step",
    "«x == 3": "a comparison on its own checks nothing",
    "«x": "a value on its own does nothing",
    "y = f(x)\n«'late'": "a value on its own does nothing",
    "«...": "a value on its own does nothing",
    "«threshold(3)": "'threshold' does not stand on a line of its own",
    "y = f(x)\n«return": "'return' names no output",
    "y = f(x)\n«return 3": "the output reads no input and no node",
    "y = f(x)\nreturn y\n«z = g(y)": "nothing is read after 'return'",
    "y = f(x)\nreturn y\n«return y": "nothing is read after 'return'",
    "«# nothing": "the workflow has no node",
    "«'''Only a docstring.'''": "the workflow has no node",
    "assert x\n«maximize(x)": "the workflow has no node",
    "«y = f(x)\nz = g(x)": "nothing reads 'y'",
    "y = f(x)\n«z = g(y)\nreturn y": "nothing reads 'z'",
}

NAMES = {
    "y = «ff2(x)": "unknown name 'ff2'",
    "y = (f | «gg)(x)": "unknown name 'gg'",
    "y = f(«xx)": "unknown name 'xx'",
    "y = f(x)\nassert f'{«zz}'": "unknown name 'zz'",
    "y = f([a for a in x], «a)": "unknown name 'a'",
    "y = f(lambda a=(lambda b: b): «b)": "unknown name 'b'",
    "y = f(«z)\nz = g(x)": "'z' is read before it exists",
    "y = f(«y)": "'y' is read before it exists",
    "assert «y\ny = f(x)": "'y' is read before it exists",
}

ASSERTIONS = {
    "y = f(x)\n«assert LIMIT > 2": "the assertion reads no input and no node",
    "y = f(x)\nassert «(y, 'bad')": "a tuple is always true",
    "y = f(x)\nassert y\n«assert y": "this assertion stands already on line 3",
    "y = f(x)\nz = g(x)\n«assert z, y\nreturn y": "the message reads 'y', on which the test",
    "y = f(x)\nassert y > threshold(«x)": "the start of a threshold is fixed",
    "y = f(x)\nassert y > threshold(«'a')": "the start of a threshold is a finite number, and 'a'",
    "y = f(x)\nassert y > threshold(«True)": "the start of a threshold is a finite number",
    "y = f(x)\nassert y > threshold(«1e999)": "the start of a threshold is a finite number",
    "y = f(x)\nassert y > threshold(«10**400)": "the start of a threshold is a finite number",
    "y = f(x)\nassert y > «threshold()": "threshold takes the number it starts at",
    "y = f(x)\nassert y > «threshold(1, start=2)": "threshold takes the number it starts at",
    "y = f(x)\nassert y > threshold(1, «LIMIT)": "the name of a threshold is a text in quotes",
    "y = f(x)\nassert threshold(1, 'a') < y < «threshold(2, 'a')": "the threshold 'a' starts at",
    "y = f(x)\nassert «runtime < 3": "'runtime' does not stand like this in an assertion",
    "y = f(x)\nassert «ff.cost < 3": "'cost' does not stand like this in an assertion",
    "y = f(x)\nassert confidence(«x) > 3": "'x' is an input: no candidate made it",
    "y = f(x)\nassert confidence(«f) > 3": "'f' is no node of this workflow",
    "y = f(x)\nassert confidence(«y + 1)": "confidence is asked of a node, by its name",
    "y = f(x)\nassert [confidence(«a) for a in y]": "confidence is asked of a node, by its name",
    "y = f(x)\nassert «confidence(y, 3)": "confidence takes one name",
    "y = f(x)\nassert confidence(«z)\nz = f(x)": "'z' is read before it exists",
    "y = f(x)\nassert «confidence": "'confidence' does not stand like this in an assertion",
    "y = f(x)\nassert «sure": "'confidence' does not stand like this in an assertion",
    "y = f(x)\nassert «extra(y)": "extra takes a node's name, a key in quotes",
    "y = f(x)\nassert «extra(y, LIMIT)": "extra takes a node's name, a key in quotes",
    "y = f(x)\nassert «extra(y, *x)": "extra takes a node's name, a key in quotes",
    "y = f(x)\nassert «maximize(y)": "'maximize' does not stand like this in an assertion",
}

OBJECTIVES = {
    "y = f(x)\n«maximize(LIMIT)": "the objective reads no input and no node",
    "y = f(x)\n«maximize()": "maximize takes one expression and a weight",
    "y = f(x)\n«minimize(y, 1, 2)": "minimize takes one expression and a weight",
    "y = f(x)\n«minimize(y, wait=2)": "minimize takes one expression and a weight",
    "y = f(x)\n«minimize(*y)": "minimize takes one expression and a weight",
    "y = f(x)\nmaximize(y, weight=«-1)": "a weight is a positive number, and this is -1",
    "y = f(x)\nmaximize(y, weight=«0)": "a weight is a positive number, and this is 0",
    "y = f(x)\nmaximize(y, «'a')": "a weight is a finite number, and 'a' is none (str)",
    "y = f(x)\nmaximize(y, «x)": "a weight is fixed when the workflow is defined",
    "y = f(x)\nmaximize(y)\n«minimize(y)": "this term stands already on line 3",
    "y = f(x)\nmaximize(«threshold(3))": "'threshold' does not stand like this in an objective",
    "y = f(x)\n«context()": "context takes expressions, one per feature",
    "y = f(x)\n«context(size=x)": "context takes expressions, one per feature",
    "y = f(x)\ncontext(«LIMIT)": "the feature reads no input and no node",
    "y = f(x)\ncontext(x, «x)": "this feature stands already on line 3",
    "y = f(x)\ncontext(«runtime)": "'runtime' does not stand like this in a feature",
    "y = f(x, «ff.runtime)": "'runtime' does not stand like this in an argument",
    "y = f(x)\nreturn «runtime": "'runtime' does not stand like this in the output",
}

PYTHON = {
    "y = «(f |": "Python cannot read this: '(' was never closed",
    "y = f(x)«)": "Python cannot read this: unmatched ')'",
    "  «y = f(x)": "Python cannot read this: unexpected indent",
    "«!ls": "this is no Python",
    "y = «!ls": "this is no Python",
    "y = «%ls": "this is no Python",
    "«%time y = f(x)": "this is no Python",
    "«?f": "this is no Python",
    "y = f(x)\nf«?": "this is no Python",
}

ALL = {**NODES, **TARGETS, **STATEMENTS, **NAMES, **ASSERTIONS, **OBJECTIVES, **PYTHON}
RULES = list(ALL.items())


@pytest.mark.parametrize(("marked", "said"), RULES, ids=[text for text, _ in RULES])
def test_a_rule(names: dict[str, Any], marked: str, said: str) -> None:
    text = "w(x)\n" + marked
    before = text[: text.index("«")]
    with pytest.raises(WorkflowSyntaxError) as caught:
        read(text.replace("«", ""), names, filename="a cell")
    error = caught.value
    assert said in error.message
    assert (error.line, error.column) == (before.count("\n") + 1, len(before.split("\n")[-1]))
    assert error.filename == "a cell"
    assert str(error).startswith(error.message)
    python_speaks = error.message.startswith("Python cannot read this")
    assert error.hint or python_speaks, "every rule says what to write instead"
