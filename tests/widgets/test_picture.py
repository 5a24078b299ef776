"""The picture of a workflow, tested as numbers and as XML."""

from __future__ import annotations

import itertools
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from flexiflow.graph import Graph, Input
from flexiflow.language.reader import read
from flexiflow.widgets.diagram import Box, Layout, layout
from flexiflow.widgets.picture import svg, text

SVG = "{http://www.w3.org/2000/svg}"
ODD = '<b>&"x"</b>', "日本語モデル", "نموذج عربي", "a\u202eb\x00c\ud800", "z" * 80

CARDS = """id_cards(image, label=None)
picture = (original | sharpened | brightened)(image)
text = (tesseract | rapidocr)(picture)
assert valid(text), "no date"
country = (keyword | embedding)(text)
assert valid(country, picture)
context(valid(image), same(image, 1))
maximize(same(country, label))
minimize(runtime, weight=0.1)
"""
FAN = """fan(image, size=3)
left = (a | b)(image)
middle = (c | d | e | f)(image)
right = (a | b)(image)
boxes, scores = (c | d | e)(left, middle)
final = (a | f)(boxes, right, scores, image)
assert valid(scores)
assert valid(boxes)
assert valid(left, right)
assert valid(boxes, final)
assert valid(image)
return final[0]
"""
CHAIN = "one(x)\ny = a(x)\n"
MANY = "many(x)\ny = any_of(models)(x)\nz = any_of(odd)(y, x)\n"
READS = {i: [f"n{j}" for j in range(i) if (i * j) % 3 == 1] for i in range(12)}
STEPS = [f"n{i} = (a | b | c)({', '.join(['x', *read])})\n" for i, read in READS.items()]
WIDE = "wide(x, y)\n" + "".join(STEPS) + f"return {' or '.join(f'n{i}' for i in READS)}\n"
TEXTS = {"cards": CARDS, "fan": FAN, "chain": CHAIN, "many": MANY, "wide": WIDE}


def model(*inputs: Any) -> Any:
    return inputs


WORDS = ["original", "sharpened", "brightened", "tesseract", "rapidocr", "keyword", "embedding"]
NAMES: dict[str, Any] = dict.fromkeys([*WORDS, *"abcdef", "valid", "same"], model)
NAMES["models"] = {f"model_{i}": model for i in range(12)}
NAMES["odd"] = dict.fromkeys(ODD, model)


def graph_of(name: str) -> Graph:
    return read(TEXTS[name], NAMES)


def words(picture: str) -> list[str]:
    return ["".join(t.itertext()) for t in ET.fromstring(picture).iter(f"{SVG}text")]


def overlap(a: Box, b: Box) -> bool:
    apart = a.x + a.width <= b.x or b.x + b.width <= a.x
    return not (apart or a.y + a.height <= b.y or b.y + b.height <= a.y)


def passed_through(plan: Layout) -> list[tuple[Any, Box]]:
    """Edges whose straight pieces or whose curves' frames touch a box they do not join.

    A curve has level tangents at both ends, so it stays within the frame of its end points.
    """
    found = []
    for edge in plan.edges:
        strangers = [b for i, b in enumerate(plan.boxes) if i not in (edge.source, edge.target)]
        for (x0, y0), (x1, y1) in itertools.pairwise(edge.points):
            frame = Box("node", "", plan.title, x0, min(y0, y1), x1 - x0, abs(y1 - y0) + 0.1)
            found += [(edge, box) for box in strangers if overlap(frame, box)]
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_no_two_boxes_overlap(name: str) -> None:
    boxes = layout(graph_of(name)).boxes
    pairs = itertools.combinations(boxes, 2)
    assert [(a.name, b.name) for a, b in pairs if overlap(a, b)] == []


@pytest.mark.parametrize("name", TEXTS)
def test_no_edge_passes_through_a_box(name: str) -> None:
    assert passed_through(layout(graph_of(name))) == []


@pytest.mark.parametrize("name", TEXTS)
def test_edges_join_what_reads_with_what_is_read(name: str) -> None:
    graph = graph_of(name)
    plan = layout(graph)
    joined = {(plan.boxes[e.source].name, plan.boxes[e.target].name) for e in plan.edges}
    makers = {t: n.name for n in graph.nodes for t in n.targets}
    reads = {(makers.get(r, r), n.name) for n in graph.nodes for r in n.reads}
    returned = graph.output.names if graph.output else graph.nodes[-1].targets[:1]
    assert joined == reads | {(makers[r], "") for r in returned}
    for edge in plan.edges:
        source, target = plan.boxes[edge.source], plan.boxes[edge.target]
        assert edge.points[0][0] == pytest.approx(source.x + source.width)
        assert edge.points[-1][0] == pytest.approx(target.x)
        assert edge.points[0][0] < edge.points[-1][0]


@pytest.mark.parametrize("name", TEXTS)
def test_everything_is_inside_the_picture(name: str) -> None:
    plan = layout(graph_of(name))
    corners = [(b.x + b.width, b.y + b.height) for b in plan.boxes]
    corners += [(c.x + 12 + 6.65 * len(c.label.shown), c.y + 6) for c in plan.checks]
    corners += [(c.x, c.y) for c in plan.captions]
    corners += [point for c in plan.checks for string in c.strings for point in string]
    assert all(0 <= x <= plan.width and 0 <= y <= plan.height for x, y in corners)


@pytest.mark.parametrize("name", TEXTS)
def test_rows_lie_in_their_box_one_below_the_other(name: str) -> None:
    for box in layout(graph_of(name)).boxes:
        edges = [box.y, *(e for r in box.rows for e in (r.y, r.y + r.height)), box.y + box.height]
        assert edges == sorted(edges)
        assert all(box.x < r.x and r.x + r.width < box.x + box.width for r in box.rows)


@pytest.mark.parametrize("name", TEXTS)
def test_the_picture_is_xml_that_says_what_it_is_and_runs_nothing(name: str) -> None:
    graph = graph_of(name)
    root = ET.fromstring(svg(graph))
    assert root.get("role") == "img"
    assert (root.get("aria-label") or "").startswith(f"Workflow {graph.name}(")
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "style", "rect", "text", "path", "g", "title"}
    assert not [a for e in root.iter() for a in e.attrib if a.startswith("on") or "href" in a]


@pytest.mark.parametrize("name", ["cards", "fan", "chain", "wide"])
def test_every_candidate_and_target_is_shown(name: str) -> None:
    graph, said = graph_of(name), words(svg(graph_of(name)))
    for node in graph.nodes:
        assert ", ".join(node.targets) in said
        assert {c.name for c in node.candidates} <= set(said)


def test_pictures_are_the_same_every_time() -> None:
    for name in TEXTS:
        assert svg(graph_of(name)) == svg(graph_of(name))


def test_an_order_is_numbered_and_a_choice_is_marked() -> None:
    order = {"picture": ["brightened", "original", "sharpened"]}
    plan = layout(graph_of("cards"), order=order, chosen={"picture": "original"})
    (box,) = (b for b in plan.boxes if b.name == "picture")
    offers = [r.offer for r in box.rows if r.offer]
    assert [o.name for o in offers] == order["picture"]
    assert [o.rank for o in offers] == [1, 2, 3]
    assert [o.chosen for o in offers] == [False, True, False]
    said = words(svg(graph_of("cards"), order=order, chosen={"picture": "original"}))
    assert said[said.index("original") + 1] == "2 ✓"


def test_a_partial_order_leaves_the_rest_behind_and_unknown_names_aside() -> None:
    plan = layout(graph_of("cards"), order={"picture": ["gone", "sharpened"]})
    (box,) = (b for b in plan.boxes if b.name == "picture")
    ranked = [(r.offer.name, r.offer.rank) for r in box.rows if r.offer]
    assert ranked == [("sharpened", 1), ("original", None), ("brightened", None)]


def test_of_many_candidates_seven_are_shown_and_the_chosen_one_always() -> None:
    said = words(svg(graph_of("many"), chosen={"y": "model_11"}))
    assert [w for w in said if w.startswith("model_")] == [
        *(f"model_{i}" for i in range(6)),
        "model_11",
    ]
    assert "+ 5 more" in said


def test_texts_are_escaped_shortened_and_kept_in_full() -> None:
    picture = svg(graph_of("many"), title="<i>&\x07</i>")
    root, said = ET.fromstring(picture), words(picture)
    titles = [t.text for t in root.iter(f"{SVG}title")]
    assert {ODD[0], ODD[1], ODD[2], "<i>&\ufffd</i>"} <= set(said)
    assert "a\ufffdb\ufffdc\ufffd" in said
    assert "z" * 80 in titles
    assert not any("z" * 40 in words for words in said)
    assert "<b>" not in picture


def test_assertions_hang_below_what_they_read_or_span_it() -> None:
    plan = layout(graph_of("fan"))
    boxes = {b.label.shown: b for b in plan.boxes}
    checks = {c.label.shown: c for c in plan.checks}
    assert len(checks["valid(scores)"].strings) == 1
    assert len(checks["valid(left, right)"].strings) == 2
    first = [s[0] for s in checks["valid(boxes, final)"].strings]
    for (x, y), box in zip(first, (boxes["boxes, scores"], boxes["final"]), strict=True):
        assert box.x <= x <= box.x + box.width
        assert box.y <= y <= box.y + box.height
    assert checks["valid(image)"].label.full.endswith("checks the input")
    assert checks["valid(scores)"].label.full.endswith("can blame left, middle, boxes, scores")
    assert all(c.strings[0][-1] == (c.x, c.y) for c in plan.checks)


def test_late_inputs_are_faint_and_captions_say_the_rest() -> None:
    plan = layout(graph_of("cards"))
    assert [(b.name, b.faint) for b in plan.boxes if b.kind == "input"] == [
        ("image", False),
        ("label", True),
    ]
    assert [(c.word, c.label.full) for c in plan.captions] == [
        ("maximize", "same(country, label)"),
        ("minimize", "runtime, weight 0.1"),
        ("context", "valid(image), same(image, 1)"),
    ]


def test_without_style_sheets_the_colours_are_attributes() -> None:
    picture = re.sub("<style>.*?</style>", "", svg(graph_of("cards")), flags=re.DOTALL)
    for element in ET.fromstring(picture).iter():
        if element.tag in (f"{SVG}rect", f"{SVG}text"):
            assert (element.get("fill") or "").startswith("#")


def test_plain_text_is_aligned_and_complete() -> None:
    told = text(graph_of("cards"), chosen={"text": "rapidocr"})
    assert told.splitlines() == [
        "id_cards(image, label=None)",
        "  picture   original | sharpened | brightened (reads image)",
        "  text      tesseract | [rapidocr] (reads picture)",
        "  country   keyword | embedding (reads text)",
        "  assert    valid(text)",
        "  assert    valid(country, picture)",
        "  maximize  same(country, label)",
        "  minimize  runtime, weight 0.1",
        "  context   valid(image), same(image, 1)",
        "  return    country",
    ]


def test_a_workflow_without_steps_is_still_a_picture() -> None:
    for graph in (Graph("bare", (), ()), Graph("bare", (Input("x"),), ())):
        assert words(svg(graph))[0] == "bare"
        assert text(graph).startswith("bare(")
