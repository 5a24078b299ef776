"""A workflow as a picture: a static SVG that needs no kernel and no script, and as plain text.

Colours are those of the notebook's theme where there is one (JupyterLab and VS Code say theirs
in CSS variables), and plain light ones elsewhere: every shape carries them as attributes too,
for viewers that drop style sheets. The accents are from the palette of Okabe and Ito, which
colour-blind readers can tell apart; nothing is said by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from flexiflow.graph import Graph
from flexiflow.widgets.diagram import Box, Caption, Check, Edge, Layout, Row, layout
from flexiflow.widgets.layered import Point
from flexiflow.widgets.wording import (
    Chosen,
    Order,
    input_text,
    objective_texts,
    offers,
    output_text,
    printable,
    shorten,
    shown,
)

__all__ = ["layout", "svg", "text"]

MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

# class: the property, the theme's variables, and the colour without a theme
THEME = {
    "paper": ("fill", "var(--jp-layout-color0, var(--vscode-editor-background, {}))", "#ffffff"),
    "card": ("fill", "var(--jp-layout-color1, var(--vscode-editorWidget-background, {}))", "#fff"),
    "pill": ("fill", "var(--jp-layout-color2, var(--vscode-input-background, {}))", "#eef1f5"),
    "rim": ("stroke", "var(--jp-border-color1, var(--vscode-editorWidget-border, {}))", "#b4bcc8"),
    "ink": ("fill", "var(--jp-ui-font-color1, var(--vscode-editor-foreground, {}))", "#1f2430"),
    "soft": (
        "fill",
        "var(--jp-ui-font-color2, var(--vscode-descriptionForeground, {}))",
        "#5a6372",
    ),
    "wire": (
        "stroke",
        "var(--jp-ui-font-color2, var(--vscode-descriptionForeground, {}))",
        "#8a94a3",
    ),
    "halo": ("stroke", "var(--jp-layout-color0, var(--vscode-editor-background, {}))", "#ffffff"),
}
CHOSEN, SIGN, SIGN_RIM = "#0072b2", "#e69f00", "#b37700"  # Okabe and Ito: blue, orange


def svg(
    graph: Graph,
    *,
    order: Order | None = None,
    chosen: Chosen | None = None,
    title: str | None = None,
) -> str:
    """Draw a workflow as SVG: its steps, their candidates, its assertions and objectives.

    Parameters
    ----------
    graph
        The workflow.
    order
        Node name -> names of its candidates in their present order; they are then numbered.
    chosen
        Node name -> the candidate to highlight.
    title
        In place of the workflow's name.

    Returns
    -------
    str
        One ``<svg>`` element, to be put into a page or saved as a file.

    Examples
    --------
    >>> from flexiflow.graph import Graph, Input
    >>> svg(Graph("empty", (Input("x"),), ())).startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """
    plan = layout(graph, order=order, chosen=chosen, title=title)
    parts = [
        *_opening(plan, text(graph, order=order, chosen=chosen)),
        *(_edge(edge) for edge in plan.edges),
        *(_strings(check) for check in plan.checks),
        *(_box(box) for box in plan.boxes),
        *(_sign(check) for check in plan.checks),
        *_captions(plan),
        "</svg>",
    ]
    return "\n".join(parts)


def text(graph: Graph, *, order: Order | None = None, chosen: Chosen | None = None) -> str:
    """Write a workflow as a few aligned lines of plain text; the chosen candidate in brackets.

    Examples
    --------
    >>> from flexiflow.graph import Graph, Input
    >>> print(text(Graph("empty", (Input("x"), Input("label", required=False)), ())))
    empty(x, label=None)
    """
    lines = [("", f"{graph.name}({', '.join(input_text(i) for i in graph.inputs)})")]
    for node in graph.nodes:
        kept, left = shown(offers(node, order, chosen))
        models = [f"[{o.name}]" if o.chosen else o.name for o in kept]
        models += [f"{len(left)} more"] if left else []
        reads = ", ".join(sorted(node.reads)) or "nothing"
        once = ", runs once" if node.effects else ""
        names = " | ".join(shorten(m, 40, 12).shown for m in models)
        lines.append((", ".join(node.targets), f"{names} (reads {reads}{once})"))
    lines += [("assert", a.test.text) for a in graph.assertions]
    lines += objective_texts(graph)
    if graph.nodes:
        lines.append(("return", output_text(graph)))
    wide = min(max(len(word) for word, _ in lines), 24)
    head, rest = lines[0][1], lines[1:]
    told = [f"  {word:<{wide}}  {' '.join(said.split())}" for word, said in rest]
    return printable("\n".join([head, *told]))


def clean(said: str) -> str:
    """Escape a text for XML; what cannot be printed or would reorder the line is made visible."""
    return escape(printable(said))


def _paint(*names: str) -> str:
    """Classes for pages with a theme, attributes for viewers without style sheets."""
    plain = " ".join(f'{THEME[n][0]}="{THEME[n][2]}"' for n in names)
    return f'class="{" ".join(f"ff-{n}" for n in names)}" {plain}'


def _style() -> str:
    rules = [f".ff-{n}{{{prop}:{css.format(plain)}}}" for n, (prop, css, plain) in THEME.items()]
    return "<style>" + "".join(rules) + "</style>"


def _opening(plan: Layout, described: str) -> Iterable[str]:
    wide, high = round(plan.width), round(plan.height)
    label = quoteattr(printable(f"Workflow {described}"))
    # A picture may shrink to three quarters; beyond that the page scrolls, so it stays readable.
    fit = f"max-width:100%;min-width:{round(wide * 0.75)}px;height:auto"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}" role="img" aria-label={label} style="{fit}" '
        f'font-family="{MONO}" font-size="12">'
    )
    yield _style()
    yield f'<rect width="{wide}" height="{high}" rx="10" {_paint("paper")}/>'
    yield (
        f'<text x="22" y="34" font-size="15" font-weight="600" {_paint("ink")}>'
        f"{clean(plan.title.shown)}</text>"
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _curve(points: tuple[Point, ...]) -> str:
    """Curves across the gutters and straight lines across the columns, joined without a bend."""
    path = f"M{_number(points[0][0])} {_number(points[0][1])}"
    for at in range(1, len(points)):
        (x0, y0), (x1, y1) = points[at - 1], points[at]
        if at % 2 == 0 or y0 == y1:
            path += f"L{_number(x1)} {_number(y1)}"
        else:
            bend = (x1 - x0) * 0.55
            ends = [(x0 + bend, y0), (x1 - bend, y1), (x1, y1)]
            path += "C" + " ".join(f"{_number(x)} {_number(y)}" for x, y in ends)
    return path


def _edge(edge: Edge) -> str:
    x, y = edge.points[-1]
    line = _curve((*edge.points[:-1], (x - 6, y)))
    tip = f"M{_number(x - 1)} {_number(y)}l-8 -4.2v8.4z"
    return (
        f'<path d="{line}" fill="none" stroke-width="1.4" {_paint("wire")}/>'
        f'<path d="{tip}" {_paint("soft")}/>'
    )


def _strings(check: Check) -> str:
    paths = []
    for points in check.strings:
        steps = "L".join(f"{_number(x)} {_number(y)}" for x, y in points)
        paths.append(f"M{steps}")
    return (
        f'<path d="{"".join(paths)}" fill="none" stroke="{SIGN_RIM}" stroke-width="1.2" '
        f'stroke-dasharray="3 3" stroke-linejoin="round"/>'
        if paths
        else ""
    )


def _rect(x: float, y: float, width: float, height: float, radius: float, more: str) -> str:
    numbers = {"x": x, "y": y, "width": width, "height": height, "rx": radius}
    said = " ".join(f'{name}="{_number(value)}"' for name, value in numbers.items())
    return f"<rect {said} {more}/>"


def _words(x: float, y: float, said: str, more: str) -> str:
    return f'<text x="{_number(x)}" y="{_number(y)}" {more}>{clean(said)}</text>'


def _box(box: Box) -> str:
    node = box.kind == "node"
    dash = ' stroke-dasharray="4 3"' if box.faint else ""
    radius = 9 if node else box.height / 2
    parts = [_rect(box.x, box.y, box.width, box.height, radius, _paint("card", "rim") + dash)]
    if node:
        bold = f'font-weight="600" {_paint("ink")}'
        parts.append(_words(box.x + 12, box.y + 20, box.label.shown, bold))
    else:
        middle = f'text-anchor="middle" {_paint("soft" if box.faint else "ink")}'
        parts.append(_words(box.x + box.width / 2, box.y + 19, box.label.shown, middle))
    if box.once:
        small = f'text-anchor="end" font-size="10" font-family="{SANS}" {_paint("soft")}'
        parts.append(_words(box.x + box.width - 10, box.y + 19.5, "once", small))
    parts += [_row(row) for row in box.rows]
    return f"<g><title>{clean(box.label.full)}</title>{''.join(parts)}</g>"


def _row(row: Row) -> str:
    offer, base = row.offer, row.y + row.height / 2 + 4
    if offer is None:
        said = _words(row.x + 8, base, row.label.shown, f'font-size="11" {_paint("soft")}')
        return f"<g><title>{clean(row.label.full)}</title>{said}</g>"
    paint = f'fill="{CHOSEN}"' if offer.chosen else _paint("pill")
    ink = 'fill="#fff" font-weight="600"' if offer.chosen else _paint("ink")
    parts = [_rect(row.x, row.y, row.width, row.height, 5, paint)]
    parts.append(_words(row.x + 8, base, row.label.shown, ink))
    mark = "\u2713" if offer.chosen else str(offer.rank or "")
    if offer.chosen and offer.rank:
        mark = f"{offer.rank} \u2713"
    if mark:
        pale = 'fill="#fff"' if offer.chosen else _paint("soft")
        end = f'text-anchor="end" font-size="10" {pale}'
        parts.append(_words(row.x + row.width - 7, base - 0.5, mark, end))
    return f"<g><title>{clean(row.label.full)}</title>{''.join(parts)}</g>"


def _sign(check: Check) -> str:
    x, y = check.x, check.y
    sign = (
        f'<path d="M{_number(x)} {_number(y - 5)}l5 5l-5 5l-5 -5z" fill="{SIGN}" '
        f'stroke="{SIGN_RIM}" stroke-linejoin="round"/>'
    )
    halo = f'font-size="11" stroke-width="4" paint-order="stroke" {_paint("ink", "halo")}'
    said = _words(x + 11, y + 4, check.label.shown, halo)
    return f"<g><title>{clean(check.label.full)}</title>{sign}{said}</g>"


def _captions(plan: Layout) -> Iterable[str]:
    if plan.captions:
        y, end = _number(plan.captions[0].y - 18), _number(plan.width - 22)
        yield f'<path d="M22 {y}H{end}" {_paint("rim")}/>'
    for caption in plan.captions:
        yield _caption(caption)


def _caption(caption: Caption) -> str:
    soft = f'font-size="11" font-family="{SANS}" {_paint("soft")}'
    word = _words(caption.x, caption.y, caption.word, soft)
    said = _words(caption.x + 74, caption.y, caption.label.shown, f'font-size="11" {_paint("ink")}')
    return f"<g><title>{clean(caption.label.full)}</title>{word}{said}</g>"
