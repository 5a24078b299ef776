// What the panels are drawn with.

function panel(name, title, ...more) {
  const root = h(`section.ff-panel.ff-${name}`, { "aria-label": title });
  root.append(h("div.ff-title", {}, h("h3", {}, title), ...more));
  return root;
}

/** A canvas as large as its place, sharp on any screen; `draw(pen, width, height)` paints it. */
class Canvas {
  constructor(view, label, draw) {
    this.root = h("canvas.ff-canvas", { role: "img", "aria-label": label });
    this.draw = draw;
    view.observe(this.root);
  }
  paint(height) {
    if (height) setVar(this.root, "height", `${height}px`);
    const wide = this.root.clientWidth, high = height || this.root.clientHeight, sharp = window.devicePixelRatio || 1;
    if (!wide || !high) return;
    const [w, l] = [Math.round(wide * sharp), Math.round(high * sharp)];
    if (this.root.width !== w) this.root.width = w;
    if (this.root.height !== l) this.root.height = l;
    const pen = this.root.getContext("2d");
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, wide, high);
    pen.globalAlpha = 1;
    pen.textBaseline = "middle";
    this.draw(pen, wide, high);
  }
}

/** A candidate's mark: its colour, and by its shape readable without colour. */
function mark(pen, c, x, y, r) {
  pen.beginPath();
  const corners = [null, [[-1, -1], [1, -1], [1, 1], [-1, 1]], [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]], [[0, -1.2], [1.2, 1], [-1.2, 1]]][c % 4];
  if (!corners) pen.arc(x, y, r * 1.1, 0, 7);
  else corners.forEach(([dx, dy], i) => (i ? pen.lineTo(x + dx * r, y + dy * r) : pen.moveTo(x + dx * r, y + dy * r)));
  pen.closePath();
  pen.fill();
}
function fitted(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let n = text.length;
  while (n > 1 && pen.measureText(`${text.slice(0, n)}…`).width > room) n--;
  return `${text.slice(0, n)}…`;
}
