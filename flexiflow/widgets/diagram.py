"""The picture of a workflow as data: boxes, edges, checks and captions in pixels.

Inputs stand on the left, then the nodes with their candidates as rows, then the output. An
assertion that reads one node hangs below it; one that spans several has a lane of its own
below the graph, with a string to each node it reads. Nothing here is drawn or escaped.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from flexiflow.graph import Assertion, Graph
from flexiflow.widgets.layered import Block, Placed, Point, columns_of, place
from flexiflow.widgets.wording import (
    Chosen,
    Label,
    Offer,
    Order,
    cells,
    input_text,
    objective_texts,
    offers,
    output_text,
    shorten,
    shown,
)

CELL = 7.25  # width of a letter at 12 px in a fixed-width font
SMALL_CELL = 6.65  # at 11 px
MARGIN, TITLE = 22.0, 34.0
HEADER, ROW, INSET, PILL = 30.0, 23.0, 7.0, 30.0
HANG, LANE, CAPTION = 21.0, 25.0, 20.0
CAPTION_INDENT = 74.0


class Row(NamedTuple):
    """A candidate in its place, or the words that stand for those left out (no offer)."""

    label: Label
    offer: Offer | None
    x: float
    y: float
    width: float
    height: float


class Box(NamedTuple):
    """An input, a node or the output. ``faint``: an input that may come later."""

    kind: Literal["input", "node", "output"]
    name: str
    label: Label
    x: float
    y: float
    width: float
    height: float
    rows: tuple[Row, ...] = ()
    faint: bool = False
    once: bool = False


class Edge(NamedTuple):
    """A value on its way: the boxes it joins, by index, and the points it passes."""

    source: int
    target: int
    points: tuple[Point, ...]


class Check(NamedTuple):
    """An assertion: where its sign stands, and the strings to what it reads."""

    label: Label
    x: float
    y: float
    strings: tuple[tuple[Point, ...], ...]


class Caption(NamedTuple):
    """A line below the graph: a word of the language and what was said with it."""

    word: str
    label: Label
    x: float
    y: float


class Layout(NamedTuple):
    """All numbers of a picture, in pixels from its left top corner."""

    title: Label
    width: float
    height: float
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    checks: tuple[Check, ...]
    captions: tuple[Caption, ...]


def layout(
    graph: Graph,
    *,
    order: Order | None = None,
    chosen: Chosen | None = None,
    title: str | None = None,
) -> Layout:
    """Place a workflow: every box, row, edge, check and caption, in pixels.

    Parameters
    ----------
    graph
        The workflow.
    order
        Node name -> names of its candidates, as they are tried at present.
    chosen
        Node name -> the candidate that was taken.
    title
        In place of the workflow's name.
    """
    plan = _Plan(graph, order, chosen)
    placed = place(plan.blocks(), plan.columns(), plan.edges())
    boxes = plan.boxes(placed)
    hung = [c for i, box in enumerate(boxes) for c in plan.hung(i, box)]
    foot = TITLE + MARGIN + placed.height
    lanes = plan.lanes(boxes, placed, foot)
    foot += LANE * len(lanes) + (8 if lanes else 0)
    captions = plan.captions(foot + MARGIN, placed.width)
    foot += CAPTION * len(captions) + (MARGIN if captions else 0)
    edges = tuple(
        Edge(a, b, tuple((x + MARGIN, y + TITLE + MARGIN) for x, y in route))
        for (a, b), route in zip(plan.edges(), placed.routes, strict=True)
    )
    heading = shorten(graph.name if title is None else title, 80)
    right = [MARGIN + placed.width, MARGIN + cells(heading.shown) * 1.3 * CELL]
    right += [c.x + 12 + cells(c.label.shown) * SMALL_CELL for c in lanes]
    right += [c.x + CAPTION_INDENT + cells(c.label.shown) * SMALL_CELL for c in captions]
    return Layout(
        heading, max(right) + MARGIN, foot + MARGIN, boxes, edges, (*hung, *lanes), captions
    )


class _Plan:
    """What is to be placed. Boxes are counted: the inputs, then the nodes, then the output."""

    def __init__(self, graph: Graph, order: Order | None, chosen: Chosen | None) -> None:
        self.graph = graph
        self.offers = [shown(offers(n, order, chosen)) for n in graph.nodes]
        self.inputs = sorted(graph.inputs, key=lambda i: i.late)
        self.first = len(self.inputs)
        self.maker = {item.name: i for i, item in enumerate(self.inputs)}
        self.maker |= {t: self.first + n for t, n in graph.maker.items()}
        self.hanging: dict[int, list[Assertion]] = {}
        self.spanning: list[tuple[Assertion, list[int]]] = []
        for assertion in graph.assertions:
            read = sorted({self.maker[n] for n in assertion.test.names if n in self.maker})
            made = [i for i in read if i >= self.first]
            if len(made) == 1 or (read and not made):
                self.hanging.setdefault((made or read)[0], []).append(assertion)
            else:
                self.spanning.append((assertion, made))

    def columns(self) -> list[int]:
        nodes = columns_of(self.graph.parents, first=1 if self.inputs else 0)
        last = [max(nodes, default=0) + 1] if nodes else []
        return [0] * self.first + nodes + last

    def edges(self) -> list[tuple[int, int]]:
        found = {
            (self.maker[name], self.first + n): None
            for n, node in enumerate(self.graph.nodes)
            for name in sorted(node.reads)
            if name in self.maker
        }
        return [*found, *((i, self.first + len(self.graph.nodes)) for i in self._returned())]

    def _returned(self) -> list[int]:
        if self.graph.output is not None:
            return sorted({self.maker[n] for n in self.graph.output.names if n in self.maker})
        return [self.first + len(self.graph.nodes) - 1] if self.graph.nodes else []

    def labels(self) -> list[Label]:
        """Of all boxes, in their order."""
        found = [Label(shorten(i.name, 20).shown, input_text(i)) for i in self.inputs]
        found += [shorten(", ".join(n.targets), 22) for n in self.graph.nodes]
        return [*found, shorten(f"return {output_text(self.graph)}", 26)][: len(self.columns())]

    def blocks(self) -> list[Block]:
        sizes = []
        for i, label in enumerate(self.labels()):
            hung = [shorten(a.test.text, 30) for a in self.hanging.get(i, [])]
            tags = max((30 + cells(t.shown) * SMALL_CELL for t in hung), default=0.0)
            width, height = cells(label.shown) * CELL + 26, PILL
            if 0 <= (n := i - self.first) < len(self.graph.nodes):
                texts = [text.shown for text, _ in self._rows(n)]
                inner = max(cells(text) for text in texts) * CELL + 2 * INSET + 42
                width = max(width + 46 * self.graph.nodes[n].effects, inner, 104.0)
                height = HEADER + ROW * len(texts) + INSET
            sizes.append(Block(max(width, tags), height, HANG * len(hung)))
        return sizes

    def _rows(self, node: int) -> list[tuple[Label, Offer | None]]:
        kept, left = self.offers[node]
        rows: list[tuple[Label, Offer | None]] = [(shorten(o.name, 30, 12), o) for o in kept]
        if left:
            names = ", ".join(o.name for o in left)
            rows.append((Label(f"+ {len(left)} more", names), None))
        return rows

    def boxes(self, placed: Placed) -> tuple[Box, ...]:
        found: list[Box] = []
        for i, (label, at) in enumerate(zip(self.labels(), placed.places, strict=True)):
            x, y = at.x + MARGIN, at.y + TITLE + MARGIN
            box = Box("output", "", label, x, y, at.width, at.height)
            if i < self.first:
                item = self.inputs[i]
                box = box._replace(kind="input", name=item.name, faint=item.late)
            elif (n := i - self.first) < len(self.graph.nodes):
                node, wide = self.graph.nodes[n], at.width - 2 * INSET
                rows = tuple(
                    Row(text, offer, x + INSET, y + HEADER + ROW * r, wide, ROW - 3)
                    for r, (text, offer) in enumerate(self._rows(n))
                )
                box = box._replace(kind="node", name=node.name, rows=rows, once=node.effects)
            found.append(box)
        return tuple(found)

    def hung(self, i: int, box: Box) -> list[Check]:
        """The checks that hang below a box, each from the one above it."""
        x, top = box.x + 14, box.y + box.height
        found: list[Check] = []
        for assertion in self.hanging.get(i, []):
            label = shorten(assertion.test.text, 30)
            y = box.y + box.height + HANG * len(found) + 14
            found.append(Check(self._full(assertion, label), x, y, (((x, top), (x, y)),)))
            top = y
        return found

    def _full(self, assertion: Assertion, label: Label) -> Label:
        nodes = [self.graph.nodes[i].name for i in self.graph.scope_of(assertion.test)]
        blamed = f"; can blame {', '.join(nodes)}" if nodes else "; checks the input"
        return Label(label.shown, f"assert {assertion.test.text}{blamed}")

    def lanes(self, boxes: tuple[Box, ...], placed: Placed, foot: float) -> list[Check]:
        """The checks that span several nodes, those that end furthest right uppermost.

        Each lane's strings come down left of the sign of the lane above, so that no string
        crosses a text.
        """
        ends = {id(a): max((boxes[i].x for i in made), default=0) for a, made in self.spanning}
        lanes = sorted(self.spanning, key=lambda lane: -ends[id(lane[0])])
        found: list[Check] = []
        for at, (assertion, made) in enumerate(lanes):
            y = foot + LANE * at + 14
            drops = [self._drop(boxes, placed, i, at, len(lanes)) for i in made]
            x = max((drop[-1][0] for drop in drops), default=MARGIN + 14)
            strings = tuple((*d, (d[-1][0], y), (x, y)) for d in drops)
            label = self._full(assertion, shorten(assertion.test.text, 60))
            found.append(Check(label, x, y, strings))
        return found

    def _drop(
        self, boxes: tuple[Box, ...], placed: Placed, i: int, lane: int, lanes: int
    ) -> tuple[Point, ...]:
        """From a box to where the way down is free: below it, or in the gutter beside it."""
        box = boxes[i]
        if i in placed.lowest and i not in self.hanging:
            x = box.x + box.width - 16 - 7 * lane
            return ((x, box.y + box.height),)
        x, y = box.x + box.width + 8 + 6 * (lanes - 1 - lane), box.y + box.height - 9
        return ((box.x + box.width, y), (x, y))

    def captions(self, top: float, width: float) -> tuple[Caption, ...]:
        room = max(64, int((width - CAPTION_INDENT) / SMALL_CELL))
        return tuple(
            Caption(word, shorten(text, room), MARGIN, top + CAPTION * at + 8)
            for at, (word, text) in enumerate(objective_texts(self.graph))
        )
