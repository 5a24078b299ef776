// Densities of the pass probability at one node.

class BeliefPanel {
  constructor(view) {
    this.view = view;
    this.tabs = h("div.ff-tabs", { role: "tablist", "aria-label": "Node" });
    this.canvas = new Canvas(view, "Densities of the pass probability", (pen, w, l) => this.paint(pen, w, l));
    this.root = panel("beliefs", "Beliefs");
    this.root.append(this.tabs, h("div", { role: "tabpanel", "aria-label": "Beta densities" }, this.canvas.root));
  }
  draw() {
    const { graph } = this.view.story;
    if (this.graph !== graph) {
      this.graph = graph;
      this.tabs.replaceChildren(...graph.nodes.map((node, n) => h("button.ff-tab", { type: "button", role: "tab", "data-act": "node", "data-n": n }, bdi(node.name))));
    }
    [...this.tabs.children].forEach((tab, n) => { setAttr(tab, "aria-selected", n === this.view.node); setAttr(tab, "tabindex", n === this.view.node ? 0 : -1); });
    const k = graph.nodes[this.view.node]?.candidates.length || 1;
    this.row = clamp(250 / k, 26, 62);
    this.canvas.paint(Math.round(k * this.row + 30));
  }
  paint(pen, wide, high) {
    const { ink, soft, line, font } = this.view.look, node = this.graph.nodes[this.view.node];
    const b = this.view.beliefs()[this.view.node] || {}, p = this.view.posterior()[this.view.node];
    if (!node) return;
    const context = Array.from(b.context || []).some(known), left = Math.min(124, wide * 0.3), right = context ? 92 : 46, room = wide - left - right;
    const [from, to] = this.range(p), X = (x) => left + clamp((x - from) / (to - from)) * room, foot = high - 22;
    pen.font = `11px ${font}`;
    pen.textAlign = "center";
    for (const t of [0, 0.25, 0.5, 0.75, 1].map((t) => from + t * (to - from))) {
      pen.fillStyle = line;
      pen.fillRect(Math.round(X(t)), 2, 1, foot - 2);
      pen.fillStyle = soft;
      pen.fillText(`${digits(100 * t)}${t === to ? " %" : ""}`, X(t), foot + 12);
    }
    if (context) { pen.textAlign = "right"; pen.fillText("context", wide, foot + 12); }
    const said = node.candidates.map((name, c) => {
      const base = Math.round(4 + (c + 1) * this.row - 5), colour = this.view.look.colours[c % 8], tall = this.row - 12;
      pen.fillStyle = line;
      pen.fillRect(left, base, room, 1);
      if (p && known(p.a[c])) this.ridge(pen, p, c, X, [from, to], base, tall, colour);
      const mean = b.pass?.[c * 3];
      if (known(mean)) {
        pen.fillStyle = colour;
        pen.fillRect(X(b.pass[c * 3 + 1]), base - 1, Math.max(X(b.pass[c * 3 + 2]) - X(b.pass[c * 3 + 1]), 2), 3);
      }
      const middle = base - tall / 2 + 2;
      pen.fillStyle = colour;
      mark(pen, c, 5, middle, 3.6);
      pen.textAlign = "left";
      pen.fillStyle = ink;
      pen.fillText(fitted(pen, name, left - 24), 15, middle);
      pen.textAlign = "right";
      pen.font = `600 11px ${font}`;
      pen.fillText(percent(mean), left + room + 42, middle);
      pen.font = `11px ${font}`;
      const share = b.context?.[c];
      if (context && known(share)) {
        pen.fillStyle = line;
        pen.fillRect(wide - 40, middle + 8, 40, 3);
        pen.fillStyle = soft;
        pen.fillRect(wide - 40, middle + 8, 40 * share, 3);
        pen.fillText(percent(share), wide, middle);
      }
      return `${name} ${percent(mean)}${known(share) ? `, context ${percent(share)}` : ""}`;
    });
    setAttr(this.canvas.root, "aria-label", `Pass probability at ${node.name}: ${said.join("; ")}`);
  }
  /** The narrowest of a few ranges that holds all densities. */
  range(p) {
    const ends = Array.from(p?.a || []).filter(known).map((a, c) => { const b = p.b[c], m = a / (a + b), sd = Math.sqrt((m * (1 - m)) / (a + b + 1)); return [m - 3.2 * sd, m + 3.2 * sd]; });
    return [[0.8, 1], [0.6, 1], [0.4, 1], [0, 0.2], [0, 0.6]].find(([lo, hi]) => ends.length && ends.every(([l, r]) => (lo === 0 || l >= lo) && (hi === 1 || r <= hi))) || [0, 1];
  }
  /** A Beta density up to its height, and where its mean was before, fading. */
  ridge(pen, { a: as, b: bs, trail }, c, X, [from, to], base, tall, colour) {
    const [a, b] = [as[c], bs[c]], mean = a / (a + b), sd = Math.sqrt((mean * (1 - mean)) / (a + b + 1));
    const [lo, hi] = [clamp(mean - 4.5 * sd, 0.0005, 0.9), clamp(mean + 4.5 * sd, 0.1, 0.9995)], n = 64;
    if (!(a > 0 && b > 0)) return;
    const points = Array.from({ length: n + 1 }, (_, i) => { const x = lo + ((hi - lo) * i) / n; return [x, (a - 1) * Math.log(x) + (b - 1) * Math.log(1 - x)]; });
    const peak = Math.max(...points.map((q) => q[1]));
    pen.beginPath();
    pen.moveTo(X(lo), base);
    for (const [x, y] of points) pen.lineTo(X(x), base - tall * Math.exp(y - peak));
    pen.lineTo(X(hi), base);
    pen.closePath();
    pen.fillStyle = pen.strokeStyle = colour;
    pen.globalAlpha = 0.22;
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    pen.stroke();
    trail.forEach((means, i) => {
      pen.globalAlpha = 0.06 + (0.5 * (i + 1)) / trail.length;
      if (means[c] >= from && means[c] <= to) pen.fillRect(X(means[c]) - 0.75, base - 7, 1.5, 6);
    });
    pen.globalAlpha = 1;
    pen.fillRect(X(mean) - 1, base - tall * 0.5, 2, tall * 0.5);
  }
}
