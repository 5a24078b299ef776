// The workflow: candidates with their chances and seconds, and the job under way.

class GraphPanel {
  constructor(view) {
    this.view = view;
    this.wires = svg("svg", { class: "ff-wires", "aria-hidden": "true" });
    this.inputs = h("div.ff-inputs");
    this.stage = h("div.ff-stage", {}, this.wires, this.inputs);
    this.words = h("dl.ff-words");
    this.root = panel("graph", "Workflow", h("span.ff-key", {}, h("i.ff-k-pass"), "passes, 80 % interval", h("i.ff-k-time"), "seconds"));
    this.root.append(this.stage, this.words);
    view.observe(this.stage);
    this.width = 0;
  }
  build(graph) {
    this.graph = graph;
    this.cards = graph.nodes.map((node, n) => this.card(node, n));
    this.inputs.replaceChildren(...graph.inputs.map((i) => h(`span.ff-pill${i.late ? ".ff-late" : ""}`, { title: i.late ? "may come later" : null }, bdi(i.name))));
    this.edges = graph.nodes.flatMap((node, b) => (node.parents.length ? node.parents : [-1]).map((a) => ({ a, b, line: svg("path", { class: "ff-wire" }) })));
    this.back = svg("path", { class: "ff-back" });
    this.wires.replaceChildren(...this.edges.map((e) => e.line), this.back);
    this.stage.replaceChildren(this.wires, this.inputs, ...this.cards.map((c) => c.root));
    const lines = [...graph.objectives.map((o) => [o.sign > 0 ? "maximize" : "minimize", o.text, o.weight === 1 ? "" : ` × ${digits(o.weight)}`]), ...(graph.context?.length ? [["context", graph.context.join(", "), ""]] : [])];
    this.words.replaceChildren(...lines.map(([word, text, more]) => h("div", {}, h("dt", {}, word), h("dd", {}, bdi(text, "code"), more))));
    this.width = 0;
  }
  card(node, n) {
    const rows = node.candidates.map((name, c) => {
      const meter = (kind) => { const value = h("b"); return { root: h(`span.ff-meter.ff-${kind}`, {}, h("span.ff-track", {}, h("i.ff-span"), h("i.ff-knob")), value), value }; };
      const row = { order: h("span.ff-order"), tag: h("span.ff-tag"), pass: meter("pass"), time: meter("time") };
      row.root = h("button.ff-cand", { type: "button", "data-act": "menu", "data-n": n, "data-c": c, "aria-haspopup": "menu", style: `--c:var(--ff-c${c % 8})` },
        row.order, h(`i.ff-dot.s${c % 4}`), h("span.ff-who", {}, bdi(name), row.tag), row.pass.root, row.time.root);
      return row;
    });
    const checks = this.graph.assertions.filter((a) => a.at === n).map((a) => {
      const blames = a.scope.length > 1 ? `can blame ${a.scope.map((i) => this.graph.nodes[i].name).join(", ")}` : "";
      return h("li", { title: `assert ${a.text}${blames && `; ${blames}`}` }, bdi(a.text, "code"), blames ? h("small", {}, blames) : null);
    });
    const root = h("div.ff-card", { role: "group", "aria-label": node.name },
      h("button.ff-name", { type: "button", "data-act": "node", "data-n": n, title: "Show its densities" }, bdi(node.targets?.join(", ") || node.name), node.effects ? h("small", {}, "once") : null),
      ...rows.map((r) => r.root), checks.length ? h("ul.ff-checks", {}, ...checks) : null);
    return { root, rows };
  }
  /** Columns by longest path; rows of columns wrap like words where the page is narrow. */
  place() {
    const wide = this.stage.clientWidth, gap = 44, nodes = this.graph.nodes;
    if (!wide || wide === this.width) return;
    this.width = wide;
    const level = [];
    nodes.forEach((node, n) => (level[n] = Math.max(-1, ...node.parents.map((p) => level[p])) + 1));
    const levels = Math.max(...level, 0) + 1, side = this.inputs.childElementCount ? Math.min(this.inputs.scrollWidth, 120) : 0;
    const aside = side && levels * (206 + gap) + side <= wide, left = aside ? side + gap : 0;
    const a_row = Math.max(1, Math.min(levels, Math.floor((wide - left + gap) / (206 + gap))));
    const card = Math.min(300, (wide - left - gap * (a_row - 1)) / a_row);
    this.inputs.className = aside ? "ff-inputs ff-aside" : "ff-inputs";
    this.cards.forEach((c) => setVar(c.root, "width", `${card}px`));
    const at = (this.boxes = []), high = this.cards.map((c) => c.root.offsetHeight);
    let top = aside || !side ? 0 : this.inputs.offsetHeight + 18;
    for (let row = 0; row * a_row < levels; row++) {
      const groups = Array.from({ length: a_row }, (_, i) => nodes.map((_, n) => n).filter((n) => level[n] === row * a_row + i));
      const tall = groups.map((g) => g.reduce((sum, n) => sum + high[n] + 16, -16)), most = Math.max(...tall);
      groups.forEach((group, i) => {
        let y = top + (most - tall[i]) / 2;
        for (const n of group) { at[n] = { x: left + i * (card + gap), y, w: card, h: high[n], row }; y += high[n] + 16; }
      });
      this.skips = nodes.some((node, n) => at[n] && node.parents.some((p) => level[n] - level[p] > 1 && at[p]?.row === at[n].row));
      top += most + (this.skips ? 30 : 18);
    }
    const first = at.filter((b, n) => level[n] === 0), middle = first.reduce((s, b) => s + b.y + b.h / 2, 0) / (first.length || 1);
    setVar(this.inputs, "top", aside ? `${middle}px` : "0px");
    this.cards.forEach((c, n) => setVar(c.root, "transform", `translate(${at[n].x}px,${at[n].y}px)`));
    setVar(this.stage, "height", `${top - 18}px`);
    const from = aside ? { x: 0, y: middle - 15, w: this.inputs.offsetWidth, h: 30, row: 0 } : side ? { x: 0, y: 0, w: 60, h: this.inputs.offsetHeight, row: -1 } : null;
    for (const e of this.edges) e.line.setAttribute("d", this.wire(e.a < 0 ? from : at[e.a], at[e.b], level[e.b] - (level[e.a] ?? -1)));
  }
  wire(a, b, apart) {
    if (!a) return "";
    const [x1, y1, x2, y2] = [a.x + a.w, a.y + Math.min(a.h / 2, 60), b.x - 1, b.y + Math.min(b.h / 2, 60)];
    if (a.row !== b.row) {
      const [x3, x4, y3] = [a.x + Math.min(a.w / 2, 40), b.x + Math.min(b.w / 2, 40), a.y + a.h], bend = Math.max((b.y - y3) / 2, 8);
      return `M${x3} ${y3}C${x3} ${y3 + bend} ${x4} ${b.y - bend} ${x4} ${b.y - 1}`;
    }
    if (apart < 2) { const bend = (x2 - x1) / 2; return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`; }
    const low = Math.max(...this.boxes.filter((c) => c && c.row === a.row).map((c) => c.y + c.h)) + 12;
    return `M${x1} ${y1}c24 0 10 ${low - y1} 40 ${low - y1}H${x2 - 40}C${x2 - 10} ${low} ${x2 - 24} ${y2} ${x2} ${y2}`;
  }
  draw() {
    const { story } = this.view;
    if (this.graph !== story.graph) this.build(story.graph);
    const { pins = {}, bans = {} } = story.steering, beliefs = this.view.beliefs();
    this.graph.nodes.forEach((node, n) => {
      const b = beliefs[n] || {}, k = node.candidates.length, order = Array.from(b.order || []);
      const most = Math.max(...Array.from({ length: k }, (_, c) => b.seconds?.[c * 3] || 0)) * 1.15 || 1;
      setAttr(this.cards[n].root, "data-seen", this.view.node === n ? "1" : null);
      this.cards[n].rows.forEach((row, c) => {
        const tag = pins[node.name] === node.candidates[c] ? "pinned" : (bans[node.name] || []).includes(node.candidates[c]) ? "banned" : "";
        const rank = order.indexOf(c), [p, s] = [(b.pass || []).slice(c * 3, c * 3 + 3), (b.seconds || []).slice(c * 3, c * 3 + 3)];
        setText(row.order, rank < 0 ? "·" : String(rank + 1));
        setText(row.tag, tag);
        setAttr(row.root, "data-tag", tag || null);
        setAttr(row.root, "data-lead", rank === 0 ? "1" : null);
        this.meter(row.pass, p, 1, percent);
        this.meter(row.time, s, most, duration);
        const range = known(p[1]) ? `, between ${percent(p[1])} and ${percent(p[2])}` : "";
        setAttr(row.root, "aria-label", `${node.candidates[c]} at ${node.name}: ${tag ? `${tag}, ` : ""}${rank < 0 ? "" : `number ${rank + 1}, `}passes ${percent(p[0])}${range}, takes ${duration(s[0])}`);
      });
    });
    this.place();
    this.drawPath();
  }
  meter(part, [mean, low, high], most, text) {
    setText(part.value, text(mean));
    const to = (x) => (100 * clamp((known(x) ? x : known(mean) ? mean : 0) / most)).toFixed(1);
    setVar(part.root, "--m", to(mean));
    setVar(part.root, "--lo", to(low));
    setVar(part.root, "--hi", to(high));
  }
  /** The job under way: its candidates, the way it came, and where it went back from. */
  drawPath() {
    const { nodes } = this.graph, now = this.view.story.now[0];
    const index = (x) => (typeof x === "string" ? nodes.findIndex((n) => n.name === x) : known(x) ? x : -1);
    const at = now ? index(now.node) : -1, back = now ? index(now.back) : -1;
    const same = now && this.path?.job === now.job;
    nodes.forEach((node, n) => {
      const pick = now ? now.choice[n] : null;
      setAttr(this.cards[n].root, "data-now", now && n === at ? "1" : null);
      this.cards[n].rows.forEach((row, c) => {
        const on = known(pick) && pick === c;
        if (on && same && known(this.path.choice[n]) && this.path.choice[n] !== c) this.view.pulse(row.root, { backgroundColor: [this.view.look.colours[1], "transparent"] });
        setAttr(row.root, "data-on", on ? (at < 0 || n <= at ? "1" : "0") : null);
      });
    });
    for (const e of this.edges) setAttr(e.line, "data-on", now && (at < 0 || e.b <= at) ? (e.b === at ? "2" : "1") : null);
    if (back >= 0 && at >= 0 && back !== at && this.boxes) {
      const [a, b] = [this.boxes[back], this.boxes[at]], [x1, x2, y1, y2] = [a.x + a.w / 2, b.x + b.w / 2, a.y - 1, b.y - 1], up = Math.min(y1, y2) - 14;
      setAttr(this.back, "d", `M${x1} ${y1}C${x1} ${up} ${x2} ${up} ${x2} ${y2}m-4-6l4 6 4-6`);
      if (!same || !this.path.back) this.view.pulse(this.back, { strokeDasharray: ["0 900", "900 0"] });
    } else setAttr(this.back, "d", "");
    this.path = now && { job: now.job, choice: [...now.choice], back: back >= 0 };
  }
}
