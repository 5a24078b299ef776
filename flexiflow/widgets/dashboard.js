// The page of a run: it draws what the kernel tells and asks for what the reader wants.
// Texts of models and users reach the page as text nodes only; drawing waits for a frame in
// which something changed; all listeners end with one signal.

const COLUMNS = 2000, POINTS = 800, ROWS = 50, TRAIL = 24, NONE = 255;
const SILENCE = 5000; // ms without a word until the kernel is asked, and until it is given up
const OVER = new Set(["done", "failed"]);
const WORDS = { running: "Running", paused: "Paused", stopping: "Stopping", done: "Done", failed: "Failed", "": "Waiting" };
const ICONS = {
  pause: "M5 3h2.5v10H5zM8.500 3H11v10H8.500z", resume: "M4.500 2.800v10.400L13 8z", step: "M3.500 3v10L10 8zM10.800 3H13v10h-2.200z",
  stop: "M4 4h8v8H4z", done: "M3 8.500l1.400-1.400L6.800 9.500l4.900-5L13 5.900l-6.200 6.300z", failed: "M4.200 3L8 6.800 11.800 3 13 4.200 9.200 8l3.800 3.800-1.200 1.200L8 9.200 4.200 13 3 11.800 6.800 8 3 4.200z",
  stopping: "M4 4h8v8H4z", steer: "M3 4h5v1.500H3zm8 0h2v1.500h-2zM8.500 3H10v3.500H8.500zM3 10.500h2V12H3zm5 0h5V12H8zM5.500 9.500H7V13H5.500z", "": "M7 7h2v2H7z",
};

/* Words and numbers ------------------------------------------------------------------- */

const clamp = (x, lo = 0, hi = 1) => Math.min(hi, Math.max(lo, x));
const known = (x) => x !== null && x !== undefined && !Number.isNaN(x);
const digits = (x, n = 3) => (x === 0 ? "0" : Math.abs(x) >= 10 ** n ? Math.round(x).toLocaleString("en") : String(Number(x.toPrecision(n))));
const percent = (x) => (known(x) ? `${x > 0 && x < 0.0995 ? (100 * x).toFixed(1) : Math.round(100 * x)} %` : "–");
const count = (n) => Math.round(n).toLocaleString("en").replaceAll(",", "\u202f");
function duration(s) {
  if (!known(s)) return "–";
  if (s < 0.0009995) return `${s && s < 0.00000095 ? "<1" : Math.round(1e6 * s)} µs`;
  if (s < 0.9995) return `${s < 0.0995 ? digits(1000 * s, 2) : Math.round(1000 * s)} ms`;
  if (s < 120) return `${s.toPrecision(3)} s`;
  return s < 7200 ? `${digits(s / 60, 3)} min` : `${digits(s / 3600, 3)} h`;
}
function worth(x) {
  return known(x) ? digits(x, 3).replace("-", "\u2212") : "–";
}
/** The next of 1, 2, 5, 10, 20, … or of 0.1, 0.2, 0.5, … */
function roundUp(n) {
  const p = 10 ** Math.floor(Math.log10(n));
  return p * [1, 2, 5, 10].find((m) => n <= m * p * 1.0001);
}
/* Elements ---------------------------------------------------------------------------- */

function h(what, props = {}, ...kids) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) if (known(value) && value !== false) made.setAttribute(name, value === true ? "" : value);
  made.append(...kids.filter((kid) => known(kid) && kid !== false));
  return made;
}
function svg(tag, props = {}, ...kids) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, value);
  made.append(...kids);
  return made;
}
const icon = (name) => svg("svg", { viewBox: "0 0 16 16", class: "ff-icon", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
const button = (act, label, sign, props = {}) => h("button.ff-button", { type: "button", "data-act": act, ...props }, sign ? icon(sign) : null, h("span", {}, label));
const bdi = (text, what = "bdi") => h(what, {}, text);
const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };
function setAttr(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}
const setVar = (node, name, value) => { if (node.style.getPropertyValue(name) !== String(value)) node.style.setProperty(name, value); };

/* Messages ---------------------------------------------------------------------------- */

const TYPES = { float32: Float32Array, uint8: Uint8Array, int32: Int32Array };

/** Put the arrays back into a message; a buffer that did not arrive raises. */
export function unpack(value, buffers) {
  if (Array.isArray(value)) return value.map((item) => unpack(item, buffers));
  if (!value || typeof value !== "object") return value;
  if ("$base64" in value) return new TYPES[value.dtype](Uint8Array.from(atob(value.$base64), (c) => c.charCodeAt(0)).buffer);
  if ("$buffer" in value) {
    const raw = (buffers || [])[value.$buffer];
    if (!raw) throw new Error("lost buffers");
    const [bytes, from] = ArrayBuffer.isView(raw) ? [raw.buffer, raw.byteOffset] : [raw, 0];
    return new TYPES[value.dtype](bytes.slice(from, from + raw.byteLength));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item, buffers)]));
}
const flat = (x) => (!x ? [] : ArrayBuffer.isView(x) ? x : [x].flat(9).map((v) => v ?? NaN));

/* What is known of the run ------------------------------------------------------------ */

const FIELDS = ["job", "choice", "first", "switches", "rollbacks", "passed", "seconds"];

/** The strip: every `span`-th job, thinned further when there are too many. */
class Columns {
  constructor(nodes) {
    Object.assign(this, { nodes, span: 1, last: -1 });
    for (const name of FIELDS) this[name] = [];
  }
  get n() { return this.job.length; }
  add(batch) {
    const got = Object.fromEntries(FIELDS.map((name) => [name, flat(batch[name])]));
    if (batch.every > this.span) this.thin(batch.every);
    got.job.forEach((job, i) => {
      if (job <= this.last) return;
      this.last = job;
      if (job % this.span) return;
      for (const name of FIELDS) this[name].push(name === "choice" || name === "first" ? got[name].slice(i * this.nodes, (i + 1) * this.nodes) : got[name][i] ?? 0);
    });
    if (this.n > COLUMNS) this.thin(2 * this.span);
  }
  thin(span) {
    const stays = this.job.map((job) => job % span === 0);
    this.span = span;
    for (const name of FIELDS) this[name] = this[name].filter((_, i) => stays[i]);
  }
}

/** Everything that came in messages, in the form in which it is drawn. */
class Story {
  constructor() {
    Object.assign(this, { run: {}, graph: null, beliefs: [], posterior: [], columns: null, gains: null, jobs: [], now: [], steering: {}, notices: [], seq: 0 });
  }
  snapshot(message) {
    const old = this.graph;
    Object.assign(this, new Story(), { graph: message.graph });
    if (JSON.stringify(old) === JSON.stringify(message.graph)) this.graph = old;
    this.columns = new Columns(this.graph.nodes.length);
    this.gains = { jobs: [], seconds: [], passed: [], worth: [] };
    this.tick(message);
  }
  tick(message) {
    this.seq = message.seq ?? this.seq;
    Object.assign(this.run, message.run);
    for (const key of ["now", "steering", "notices"]) if (message[key]) this[key] = message[key];
    if (message.graph?.thresholds) this.graph.thresholds = message.graph.thresholds;
    this.believe(message, this.beliefs, this.posterior);
    if (message.columns) this.columns.add(message.columns);
    if (message.gains) this.gain(message.gains);
    if (message.jobs) {
      const had = new Set(this.jobs.map((row) => row[0]));
      this.jobs = [...message.jobs.filter((row) => !had.has(row[0])), ...this.jobs].slice(0, ROWS);
    }
  }
  believe(message, beliefs, posterior) {
    const index = (key) => (/^\d+$/.test(key) ? Number(key) : this.graph.nodes.findIndex((n) => n.name === key));
    for (const [key, value] of Object.entries(message.beliefs || {})) {
      const now = (beliefs[index(key)] ||= {});
      for (const [name, x] of Object.entries(value || {})) now[name] = flat(x);
    }
    for (const [key, value] of Object.entries(message.posterior || {})) {
      const now = (posterior[index(key)] ||= { a: [], b: [], trail: [] }), k = this.graph.nodes[index(key)].candidates.length;
      const mean = Array.from(now.a, (a, c) => a / (a + now.b[c]));
      if (value.a) [now.a, now.b] = [flat(value.a), flat(value.b)];
      const trail = flat(value.trail);
      if (trail.length) now.trail = Array.from({ length: trail.length / k }, (_, i) => trail.slice(i * k, i * k + k));
      else if (mean.some((m, c) => Math.abs(m - now.a[c] / (now.a[c] + now.b[c])) > 0.001)) now.trail = [...now.trail, mean].slice(-TRAIL);
    }
  }
  gain(more) {
    const mine = this.gains, jobs = flat(more.jobs), last = mine.jobs.at(-1) ?? -1;
    for (let i = 0; i < jobs.length; i++) {
      if (jobs[i] <= last) continue;
      mine.jobs.push(jobs[i]);
      for (const name of ["seconds", "passed", "worth"]) mine[name].push(flat(more[name])[i] ?? NaN);
    }
    const n = mine.jobs.length;
    if (n > POINTS) for (const name of ["jobs", "seconds", "passed", "worth"]) mine[name] = mine[name].filter((_, i) => (n - 1 - i) % 2 === 0);
    for (const name of ["single", "fixed"]) if (name in more) mine[name] = more[name];
  }
}

/* Panels ------------------------------------------------------------------------------ */

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

class StripPanel {
  constructor(view) {
    this.view = view;
    this.hint = h("span.ff-key");
    this.canvas = new Canvas(view, "Decisions over time", (pen, w) => this.paint(pen, w));
    this.scrub = h("input.ff-scrub", { type: "range", min: 0, max: 0, value: 0, "data-in": "scrub", "aria-label": "Beliefs as they were after so many jobs" });
    this.live = button("live", "Live", null, { "aria-pressed": "true" });
    this.when = h("output.ff-when");
    this.rail = h("div.ff-rail", {}, this.scrub);
    this.root = panel("strip", "Decisions", this.hint);
    this.root.append(this.canvas.root, h("div.ff-clock", {}, this.live, this.rail), this.when);
  }
  /** The rows from the top down: per node its name and its candidates, then the marks. */
  rows() {
    const rows = [];
    let y = 0;
    this.view.story.graph.nodes.forEach((node, n) => {
      const k = node.candidates.length, tall = k <= 6 ? 13 : k <= 12 ? 9 : 5;
      rows.push({ name: node.name, y, tall: 18 });
      y += 18;
      node.candidates.forEach((name, c) => { rows.push({ name, y, tall, n, c }); y += tall; });
      y += 5;
    });
    for (const kind of ["switches", "rollbacks", "failed"]) { rows.push({ name: kind, y: y + 5, tall: 13, kind }); y += 13; }
    return [rows, y + 5];
  }
  draw() {
    const { run, columns } = this.view.story, asked = this.view.asked, done = run.done || 0;
    const [rows, foot] = this.rows();
    this.lines = rows;
    this.foot = foot;
    this.domain = this.view.domain();
    setAttr(this.scrub, "max", done);
    setVar(this.rail, "--share", clamp(done / this.domain));
    if (asked === null) this.scrub.value = done;
    const past = this.view.past;
    setText(this.when, asked === null ? "" : `${past && past.job === asked ? "Beliefs as they were" : "Looking back …"} after ${count(asked)} of ${count(done)} jobs`);
    setAttr(this.scrub, "aria-valuetext", asked === null ? "live" : `after ${asked} jobs`);
    setAttr(this.live, "aria-pressed", asked === null);
    this.canvas.paint(foot + 22);
    if (!this.over) setText(this.hint, columns && columns.span > 1 ? `one job in ${columns.span} is shown` : "colour and row: the candidate accepted");
  }
  paint(pen, wide) {
    const { look, story } = this.view, { columns: cols, graph } = story, left = this.view.gutter, room = wide - left;
    const w = (room * cols.span) / this.domain, X = (i) => left + (cols.job[i] * room) / this.domain, draw = Math.max(w - (w > 5 ? 1 : 0), 0.8);
    pen.textAlign = "left";
    for (const row of this.lines) {
      const head = row.n === undefined && !row.kind;
      pen.font = `${head ? "600 " : ""}11px ${look.font}`;
      pen.fillStyle = head ? look.ink : look.soft;
      if (head || row.tall >= 9) pen.fillText(fitted(pen, row.name, left - (head ? 10 : 26)), head ? 0 : 15, row.y + row.tall / 2 + (head ? 1 : 0.5));
      if (row.n !== undefined) {
        pen.fillStyle = look.colours[row.c % 8];
        if (row.tall >= 9) mark(pen, row.c, 5, row.y + row.tall / 2, 3.2);
        pen.globalAlpha = row.c % 2 ? 0.035 : 0.08;
        pen.fillStyle = look.ink;
        pen.fillRect(left, row.y, room, row.tall);
        pen.globalAlpha = 1;
      }
    }
    const place = {};
    for (const row of this.lines) if (row.n !== undefined) (place[row.n] ||= [])[row.c] = row;
    graph.nodes.forEach((node, n) => this.lane(pen, cols, n, place[n], X, w));
    for (const row of this.lines) if (row.kind) this.marks(pen, cols, row, X, w, draw);
    this.axis(pen, wide, left, room);
  }
  /** One node: neighbours with the same candidate are one rectangle; a faint band repeats its colour. */
  lane(pen, cols, n, rows, X, w) {
    const { look } = this.view, top = rows[0].y, tall = rows.at(-1).y + rows.at(-1).tall - top;
    for (let i = 0; i < cols.n; ) {
      const c = cols.choice[i][n], from = i;
      while (i < cols.n && cols.choice[i][n] === c) i++;
      if (c === NONE || !rows[c]) continue;
      pen.fillStyle = look.colours[c % 8];
      pen.globalAlpha = look.dark ? 0.2 : 0.16;
      pen.fillRect(X(from), top, (i - from) * w, tall);
      pen.globalAlpha = 1;
      pen.fillRect(X(from), rows[c].y + 1, Math.max((i - from) * w, 0.8), rows[c].tall - 2);
    }
    if (w >= 4) for (let i = 0; i < cols.n; i++) {
      const first = cols.first[i][n];
      if (first === NONE || first === cols.choice[i][n] || !rows[first]) continue;
      pen.strokeStyle = look.colours[first % 8];
      pen.lineWidth = 1.2;
      pen.strokeRect(X(i) + 0.6, rows[first].y + 2, Math.max(w - 2, 1.5), rows[first].tall - 4);
    }
  }
  marks(pen, cols, row, X, w, draw) {
    const { look } = this.view, middle = row.y + row.tall / 2, big = w >= 7;
    pen.fillStyle = look.line;
    pen.fillRect(X(0), row.y + row.tall - 1, pen.canvas.clientWidth, 1);
    pen.fillStyle = pen.strokeStyle = row.kind === "failed" ? look.bad : row.kind === "rollbacks" ? look.back : look.ink;
    pen.lineWidth = 1.4;
    for (let i = 0; i < cols.n; i++) {
      const value = row.kind === "failed" ? 1 - Math.min(cols.passed[i], 1) : cols[row.kind][i];
      if (!value) continue;
      if (!big) { const l = row.tall * (row.kind === "failed" ? 0.75 : clamp(0.3 + 0.2 * value, 0, 0.85)); pen.fillRect(X(i), row.y + row.tall - 1 - l, draw, l); continue; }
      const x = X(i) + w / 2;
      pen.beginPath();
      if (row.kind === "failed") { pen.moveTo(x - 3, middle - 3); pen.lineTo(x + 3, middle + 3); pen.moveTo(x + 3, middle - 3); pen.lineTo(x - 3, middle + 3); pen.stroke(); }
      else if (row.kind === "rollbacks") { pen.moveTo(x + 3, middle - 3.5); pen.lineTo(x - 3.5, middle); pen.lineTo(x + 3, middle + 3.5); pen.fill(); }
      else { pen.arc(x, middle, clamp(1.3 + 0.6 * value, 0, 3.2), 0, 7); pen.fill(); }
    }
  }
  axis(pen, wide, left, room) {
    const { look, asked } = this.view, step = roundUp(this.domain / (room > 500 ? 6 : 3));
    pen.font = `11px ${look.font}`;
    pen.fillStyle = look.soft;
    for (let t = 0; t <= this.domain; t += step) {
      const x = left + (t / this.domain) * room, text = t ? count(t) : "job";
      pen.textAlign = t === 0 ? "left" : x > wide - 24 ? "right" : "center";
      pen.fillText(text, x, this.foot + 12);
      pen.fillRect(Math.min(Math.round(x), wide - 1), this.foot, 1, 4);
    }
    if (asked !== null) {
      pen.fillStyle = look.accent;
      pen.fillRect(left + (asked / this.domain) * room - 0.75, 0, 1.5, this.foot + 4);
    }
  }
  /** What is under the pointer, in words; the place on the strip in jobs. */
  point(event) {
    const { columns: cols, graph } = this.view.story, left = this.view.gutter, room = this.canvas.root.clientWidth - left;
    const job = ((event.offsetX - left) / room) * this.domain, i = cols.job.findLastIndex((x) => x <= job);
    this.over = event.offsetX >= left && i >= 0 && job - cols.job[i] <= 2 * cols.span;
    if (!this.over) { this.view.touch("strip"); return null; }
    const path = graph.nodes.map((node, n) => node.candidates[cols.choice[i][n]] ?? "–").join(" › ");
    const more = [cols.switches[i] ? `${cols.switches[i]} switched` : "", cols.rollbacks[i] ? `${cols.rollbacks[i]} rolled back` : "", duration(cols.seconds[i])];
    setText(this.hint, [`job ${count(cols.job[i])}: ${path}`, cols.passed[i] ? "passed" : "did not pass", ...more.filter(Boolean)].join(" · "));
    return clamp(Math.round(job), 0, this.view.story.run.done || 0);
  }
}

const METRICS = [["seconds", "Seconds a job", duration, -1], ["passed", "Pass rate", percent, 1], ["worth", "Objective", worth, 1]];

class GainsPanel {
  constructor(view) {
    this.view = view;
    this.parts = METRICS.map(([name, title, text, good]) => {
      const value = h("b"), than = h("span.ff-than"), part = { name, text, good, value, than };
      part.canvas = new Canvas(view, title, (pen, w, l) => this.paint(part, pen, w, l));
      part.root = h("figure", {}, h("figcaption", {}, h("span", {}, title), value, than), part.canvas.root);
      return part;
    });
    this.names = [h("span"), h("span")];
    this.root = panel("gains", "What it brought");
    this.root.append(...this.parts.map((p) => p.root), h("div.ff-legend", {}, h("span", {}, h("i.ff-l-run"), "this run, mean so far"), h("span", {}, h("i.ff-l-fixed"), "best fixed order", this.names[1]), h("span", {}, h("i.ff-l-single"), "best single configuration", this.names[0])));
  }
  draw() {
    const { gains } = this.view.story;
    ["single", "fixed"].forEach((name, i) => { const text = gains[name]?.configuration ?? gains[name]?.order ?? ""; setText(this.names[i], text || "not known yet"); setAttr(this.names[i].parentNode, "title", text); });
    setVar(this.root, "--n", gains.worth.some(known) ? 3 : 2);
    for (const part of this.parts) {
      const has = part.name !== "worth" || gains.worth.some(known), now = gains[part.name].at(-1);
      part.root.hidden = !has;
      if (!has) continue;
      setText(part.value, part.text(now));
      setText(part.than, this.compare(part, now, gains.fixed?.[part.name]?.[0], gains.single?.[part.name]?.[0]));
      part.canvas.paint(70);
      setAttr(part.canvas.root, "aria-label", `${part.root.querySelector("span").textContent}: ${part.value.textContent}, ${part.than.textContent}`);
    }
  }
  compare(part, now, fixed, single) {
    const than = (x, name) => {
      if (!known(x) || !known(now)) return null;
      if (part.name === "seconds") return `${x > 0 ? `${now <= x ? "−" : "+"}${Math.round(100 * Math.abs(now / x - 1))} %` : "–"} vs ${name}`;
      const by = part.name === "passed" ? 100 * (now - x) : now - x;
      return `${by < 0 ? "−" : "+"}${part.name === "passed" ? `${Math.abs(by).toFixed(1)} pt` : digits(Math.abs(by), 2)} vs ${name}`;
    };
    return [than(fixed, "order"), than(single, "single")].filter(Boolean).join(" · ");
  }
  paint(part, pen, wide, high) {
    const { look, story, asked } = this.view, { gains } = story, ys = gains[part.name], left = 50, room = wide - left - 4, domain = this.view.domain();
    const late = ys.slice(Math.floor(ys.length / 12)).filter(known), lines = ["single", "fixed"].map((n) => gains[n]?.[part.name]).filter(Boolean);
    const all = [...late, ...lines.flat().filter(known)];
    if (!all.length) return;
    let [lo, hi] = [Math.min(...all), Math.max(...all)];
    const pad = (hi - lo || Math.abs(hi) || 1) * 0.12;
    [lo, hi] = part.name === "passed" ? [Math.max(lo - pad, 0), Math.min(hi + pad, 1.005)] : [lo >= 0 ? Math.max(lo - pad, 0) : lo - pad, hi + pad];
    const X = (job) => left + (job / domain) * room, Y = (v) => clamp(high - 5 - ((v - lo) / (hi - lo)) * (high - 11), 1, high - 1);
    pen.font = `11px ${look.font}`;
    pen.textAlign = "right";
    const step = roundUp((hi - lo) / 3.5);
    for (let v = Math.ceil(lo / step) * step; v <= hi; v += step) {
      pen.fillStyle = look.line;
      pen.fillRect(left, Math.round(Y(v)), room, 1);
      pen.fillStyle = look.soft;
      pen.fillText(part.text(Math.abs(v) < step / 2 ? 0 : v).replace(/(\.\d*?)0+ /, "$1 ").replace(/\. /, " "), left - 6, Y(v));
    }
    for (const [name, colour, dash] of [["single", look.single, [2, 3]], ["fixed", look.fixed, [7, 4]]]) {
      const band = gains[name]?.[part.name];
      if (!band || !known(band[0])) continue;
      pen.fillStyle = pen.strokeStyle = colour;
      pen.globalAlpha = 0.13;
      if (known(band[1])) pen.fillRect(left, Y(band[2]), room, Math.max(Y(band[1]) - Y(band[2]), 1));
      pen.globalAlpha = 1;
      pen.setLineDash(dash);
      pen.lineWidth = 1.6;
      pen.beginPath();
      pen.moveTo(left, Y(band[0]));
      pen.lineTo(left + room, Y(band[0]));
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.strokeStyle = pen.fillStyle = look.ink;
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    pen.beginPath();
    ys.forEach((v, i) => known(v) && pen.lineTo(X(gains.jobs[i]), Y(v)));
    pen.stroke();
    if (known(ys.at(-1))) { pen.beginPath(); pen.arc(X(gains.jobs.at(-1)), Y(ys.at(-1)), 3, 0, 7); pen.fill(); }
    if (asked !== null) { pen.fillStyle = look.accent; pen.fillRect(X(asked) - 0.75, 0, 1.5, high); }
  }
}

class JobsPanel {
  constructor(view) {
    this.view = view;
    this.body = h("tbody");
    this.more = h("span.ff-key");
    this.lines = new Map();
    const heads = ["Job", "", "Path", "Time", "Tries", "Switched", "Back", "Worth"];
    const table = h("table", { "aria-label": "Latest jobs, newest first" }, h("thead", {}, h("tr", {}, ...heads.map((t, i) => h("th", { scope: "col", class: i > 2 ? "ff-num" : null }, t || h("span.ff-unseen", {}, "Status"))))), this.body);
    this.root = panel("jobs", "Latest jobs", this.more);
    this.scroll = h("div.ff-scroll", {}, table);
    this.root.append(this.scroll);
  }
  get held() { return this.scroll.matches(":hover, :focus-within"); }
  draw() {
    const { jobs, graph } = this.view.story, held = this.held && this.lines.size > 0 && this.graph === graph;
    const fresh = jobs.filter((job) => !this.lines.has(job[0])).length;
    setText(this.more, held && fresh ? `${fresh >= ROWS ? `${ROWS} or more` : fresh} new, shown when you leave the table` : "");
    if (held || (!fresh && this.lines.size === jobs.length)) return this.select();
    this.graph = graph;
    setAttr(this.root, "data-plain", jobs.some((job) => known(job[8])) ? null : "1");
    const lines = jobs.map((job) => this.lines.get(job[0]) || this.line(job));
    this.lines = new Map(jobs.map((job, i) => [job[0], lines[i]]));
    lines.forEach((line, i) => this.body.children[i] !== line && this.body.insertBefore(line, this.body.children[i] || null));
    while (this.body.children.length > lines.length) this.body.lastChild.remove();
    this.select();
  }
  line([id, , status, path, seconds, attempts, switches, rollbacks, value, reason]) {
    const good = status === "passed", num = (x) => h("td.ff-num", {}, x);
    return h("tr", { "data-act": "why", "data-job": id, title: reason || null }, h("td", {}, bdi(id)),
      h("td", {}, h(`span.ff-status${good ? "" : ".ff-bad"}`, {}, icon(good ? "done" : "failed"), h("span.ff-unseen", {}, status))),
      h("td.ff-path", {}, bdi(path.replaceAll(" > ", " › ")), !good && h("small", {}, bdi(reason || status))), num(duration(seconds)), num(attempts), num(switches || "·"), num(rollbacks || "·"), num(worth(value)));
  }
  select() {
    const chosen = this.view.job, lead = this.lines.has(chosen) ? chosen : this.body.firstChild?.dataset.job;
    for (const [id, line] of this.lines) { setAttr(line, "tabindex", id === lead ? 0 : -1); setAttr(line, "aria-selected", id === chosen ? "true" : null); }
  }
}

class WhyPanel {
  constructor(view) {
    this.view = view;
    this.body = h("div.ff-why-body", { tabindex: -1 });
    this.root = panel("why", "Why");
    this.root.append(this.body);
  }
  draw() {
    const { job, account } = this.view;
    setAttr(this.root, "data-job", job);
    if (!job) return this.body.replaceChildren(h("p.ff-empty", {}, "Choose a job to read why it went as it did."));
    if (!account || account.job !== job) return this.body.replaceChildren(h("h4", {}, bdi(job)), h("p.ff-empty", {}, "Asking …"));
    const { lines = [], order = [], verdicts = [], blame = [], reused = [] } = account.account;
    const offered = order.flatMap((o) => o.offered.map(([name, , p, s, chance]) => [o.node, name, percent(p), duration(s), percent(chance), name === o.first ? "first" : name === o.runner_up ? "runner-up" : ""]));
    this.body.replaceChildren(h("h4", {}, bdi(job)), h("ol", {}, ...lines.map((text) => h("li", { dir: "auto" }, text))),
      ...[["Order offered", ["node", "candidate", "drawn pass", "expected", "propensity", ""], offered],
        ["Verdicts", ["assertion", "result", "why"], verdicts.map((v) => [v.assertion, v.result, v.reason ?? ""])],
        ["Good enough for this job", ["node", "candidate", "chance"], blame.map(([node, name, p]) => [node, name, percent(p)])],
        ["Reused from the memo", ["node", "candidate"], reused]].filter((t) => t[2].length).map((t) => this.table(...t)));
  }
  table(name, heads, rows) {
    const number = (v) => /^[\d–<]/.test(v) || typeof v === "number" ? "ff-num" : null;
    return h("div.ff-scroll", {}, h("table", {}, h("caption", {}, name), h("thead", {}, h("tr", {}, ...heads.map((t, i) => h("th", { scope: "col", class: number(rows[0][i]) }, t)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((v) => h("td", { class: number(v) }, bdi(String(v)))))))));
  }
}

/* The whole --------------------------------------------------------------------------- */

const SPEEDS = 1000; // jobs a second at the slider's last place but one; the last is no limit
const speedAt = (place) => (place >= 100 ? null : 0.5 * (SPEEDS / 0.5) ** (place / 99));
const placeOf = (speed) => (known(speed) ? clamp((99 * Math.log(speed / 0.5)) / Math.log(SPEEDS / 0.5), 0, 99) : 100);

class View {
  constructor(model, el, memory) {
    this.model = model;
    this.story = new Story();
    this.memory = { ...memory };
    this.remember = () => Object.assign(memory, this.memory);
    Object.assign(this, { asked: null, past: null, account: null, dirty: new Set(), frame: 0, heard: 0, sent: 0, gutter: 124, sends: {}, look: {}, buffers: true });
    this.sizes = new ResizeObserver(() => (this.stop.signal.aborted && this.root.isConnected ? this.connect() : this.touch("all")));
    this.build();
    el.append(this.root);
    this.theme();
    this.connect();
  }

  /* Its parts */
  build() {
    this.panels = { graph: new GraphPanel(this), beliefs: new BeliefPanel(this), strip: new StripPanel(this), gains: new GainsPanel(this), jobs: new JobsPanel(this), why: new WhyPanel(this) };
    this.name = h("h2");
    this.chip = h("span.ff-chip");
    this.facts = ["jobs", "passed", "a job"].map((label) => { const value = h("b"); return { value, root: h("span.ff-fact", {}, value, h("span", {}, label)) }; });
    this.bar = h("div.ff-progress", { role: "progressbar", "aria-label": "Jobs done" }, h("i"));
    this.toggle = button("toggle", "Pause", "pause");
    this.speed = h("input", { type: "range", min: 0, max: 100, step: 1, value: 100, "data-in": "speed", "aria-label": "Speed, jobs a second" });
    this.speedText = h("output");
    this.steerButton = button("steer", "Objective", "steer", { "aria-expanded": "false" });
    this.tools = h("div.ff-tools", { role: "toolbar", "aria-label": "Steer the run" }, this.toggle, button("step", "Step", "step", { title: "Run one job, then pause" }), button("stop", "Stop", "stop", { title: "End after the jobs under way" }),
      h("label.ff-speed", {}, h("span", {}, "Speed"), this.speed, this.speedText), h("span.ff-gap"), this.steerButton, button("reset", "Reset beliefs", null));
    this.settings = h("div.ff-settings", { hidden: true, role: "group", "aria-label": "Objective and thresholds" });
    this.refused = h("div.ff-refused", { role: "alert", hidden: true });
    this.notices = h("ul.ff-notices", { "aria-label": "Notices" });
    this.gone = h("div.ff-gone", { hidden: true });
    this.status = h("div.ff-unseen", { role: "status" });
    this.menu = h("div.ff-menu", { role: "menu", hidden: true });
    this.grid = h("div.ff-grid", {}, ...Object.values(this.panels).map((p) => p.root));
    this.body = h("div.ff-body", { hidden: true }, h("header.ff-head", {}, this.name, this.chip, h("span.ff-gap"), ...this.facts.map((f) => f.root)), this.bar, this.tools, this.settings, this.gone, this.refused, this.notices, this.grid, this.menu);
    this.waiting = h("p.ff-empty", {}, "Waiting for the run …");
    this.root = h("div.ff-dash", { role: "region", "aria-label": "FlexiFlow run", "data-lm-suppress-shortcuts": "true" }, this.waiting, this.body, this.status);
  }
  observe(node) { this.sizes.observe(node); }
  on(target, type, act, more = {}) { target.addEventListener(type, act, { signal: this.stop.signal, ...more }); }
  listen() {
    this.on(this.root, "click", (e) => this.click(e));
    this.on(this.root, "input", (e) => this.input(e));
    this.on(this.root, "keydown", (e) => this.key(e));
    this.on(this.root, "focusin", (e) => { this.memory.focus = this.path(e.target); this.remember(); });
    this.on(this.root, "focusout", () => setTimeout(() => { if (this.root.isConnected && !this.root.contains(document.activeElement)) { this.memory.focus = null; this.remember(); } this.touch("jobs"); }));
    this.on(this.panels.jobs.scroll, "pointerleave", () => this.touch("jobs"));
    const strip = this.panels.strip, canvas = strip.canvas.root;
    this.on(canvas, "pointermove", (e) => strip.point(e));
    this.on(canvas, "pointerleave", () => { strip.over = false; this.touch("strip"); });
    this.on(canvas, "click", (e) => { const job = strip.point(e); if (job !== null) this.look_back(job); });
    this.on(document, "pointerdown", (e) => { if (!this.menu.hidden && !this.menu.contains(e.target)) this.closeMenu(); });
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    this.on(dark, "change", () => this.theme());
    this.themes = new MutationObserver(() => this.theme());
    for (const node of [document.documentElement, document.body]) this.themes.observe(node, { attributes: true, attributeFilter: ["class", "style", "data-jp-theme-light", "data-jp-theme-name", "data-vscode-theme-kind", "theme"] });
  }

  /* To and from the kernel */
  connect() {
    this.stop = new AbortController();
    this.listen();
    this.hear = (message, buffers) => this.receive(message, buffers);
    this.model.on("msg:custom", this.hear);
    this.timer = setInterval(() => this.mind(), 1000);
    this.ask("hello", { buffers: this.buffers });
  }
  /** Leave nothing running: at the end, and while the notebook has taken the view off the page. */
  sleep() {
    this.stop.abort();
    this.model.off("msg:custom", this.hear);
    clearInterval(this.timer);
    cancelAnimationFrame(this.frame);
    for (const name in this.sends) clearTimeout(this.sends[name].timer);
    this.themes.disconnect();
    this.sends = {};
    this.frame = 0;
  }
  close() {
    this.sleep();
    this.sizes.disconnect();
    this.root.remove();
  }
  ask(kind, rest = {}) {
    if (this.sent <= this.heard) this.sent = Date.now();
    try { this.model.send({ kind, ...rest }); } catch { this.lost = true; }
  }
  /** Ask at once and then at most ten times a second, the last word always. */
  askSoon(name, kind, rest) {
    const one = (this.sends[name] ||= {});
    one.next = [kind, rest];
    if (one.timer) return;
    const go = () => { if (one.next) { this.ask(...one.next); one.next = null; one.timer = setTimeout(go, 100); } else one.timer = 0; };
    go();
  }
  receive(message, buffers) {
    let said;
    try { said = unpack(message, buffers); } catch {
      if (this.buffers) { this.buffers = false; this.ask("hello", { buffers: false }); }
      return;
    }
    this.heard = Date.now();
    this.lost = false;
    if (this[`on_${said.kind}`]) this[`on_${said.kind}`](said);
    if (said.seq !== undefined) this.seq = said.seq;
  }
  on_snapshot(said) {
    const before = this.story.graph;
    this.story.snapshot(said);
    this.waiting.hidden = true;
    this.body.hidden = false;
    this.memory.node = clamp(this.memory.node, 0, this.story.graph.nodes.length - 1);
    if (before === this.story.graph) this.showSettings();
    else this.drawSettings();
    this.touch("all");
    if (this.memory.job && !this.account) this.ask("why", { job: this.memory.job });
  }
  on_tick(said) {
    if (!this.story.graph) return;
    if (said.seq > this.seq + 1) return this.ask("hello", { buffers: this.buffers });
    this.story.tick(said);
    if (said.steering || said.graph) this.showSettings();
    for (const key of Object.keys(said)) this.touch(...({ run: ["head", "strip", "gains"], beliefs: ["graph", "beliefs"], posterior: ["beliefs"], columns: ["strip"], gains: ["gains"], jobs: ["jobs"], now: ["path"], steering: ["graph"], notices: ["head"], seq: ["head"] }[key] || []));
  }
  on_at(said) {
    if (said.job !== this.asked) return;
    this.past = { job: said.job, beliefs: [], posterior: [] };
    this.story.believe(said, this.past.beliefs, this.past.posterior);
    this.touch("graph", "beliefs", "strip");
  }
  on_why(said) { if (said.job === this.memory.job) { this.account = said; this.touch("why"); } }
  on_refused(said) {
    this.refused.replaceChildren(h("span", {}, said.message), button("dismiss", "Dismiss", null));
    this.refused.hidden = false;
    this.showSettings(true);
  }
  /** Once a second: is the kernel there, and is this page? */
  mind() {
    this.away = this.root.isConnected ? 0 : (this.away || 0) + 1;
    if (this.away > 3) return this.sleep();
    const now = Date.now(), open = !OVER.has(this.story.run.state);
    const unanswered = this.lost || (this.sent > this.heard && now - this.sent > SILENCE);
    if (open && !unanswered && this.sent <= this.heard && now - this.heard > SILENCE) this.ask("ping");
    this.gone.hidden = !unanswered;
    if (unanswered) setText(this.gone, this.heard ? `No word from the kernel for ${Math.round((now - this.heard) / 1000)} s: it is busy or gone. This is what was last known.` : "The kernel has not answered yet.");
    setAttr(this.root, "data-gone", unanswered ? "1" : null);
    if (this.resetting && now - this.resetting > 4000) this.offerReset(false);
  }

  /* What is looked at */
  get node() { return this.memory.node; }
  get job() { return this.memory.job; }
  beliefs() { return this.past?.beliefs || this.story.beliefs; }
  posterior() { return this.past?.posterior || this.story.posterior; }
  domain() {
    const { done = 0, total } = this.story.run, room = roundUp(Math.max(done, 40));
    return Math.max(total ? Math.min(total, room) : room, done, 1);
  }
  look_back(job) {
    const done = this.story.run.done || 0;
    this.asked = job === null || job >= done ? null : job;
    if (this.asked === null) this.past = null;
    else this.panels.strip.scrub.value = job;
    this.askSoon("at", "at", { job: this.asked });
    setText(this.status, this.asked === null ? "Live" : `Beliefs after ${job} jobs`);
    setAttr(this.root, "data-past", this.asked === null ? null : "1");
    this.touch("graph", "beliefs", "strip", "gains");
  }

  /* What the reader does */
  click(event) {
    const target = event.target.closest("[data-act]");
    if (!target || !this.root.contains(target)) return;
    const { act, n, c, job } = target.dataset;
    this[`do_${act}`]?.(Number(n), Number(c), job, target);
    this.remember();
  }
  do_toggle() { this.ask(this.story.run.state === "paused" ? "resume" : "pause"); }
  do_step() { this.ask("step", { jobs: 1 }); }
  do_stop() { this.ask("stop"); }
  do_live() { this.look_back(null); }
  do_dismiss() { this.refused.hidden = true; }
  do_node(n) { this.memory.node = n; this.touch("graph", "beliefs"); }
  do_why(n, c, job) {
    if (this.memory.job !== job || this.account?.job !== job) { this.memory.job = job; this.account = null; this.ask("why", { job }); }
    this.panels.jobs.select();
    this.touch("why");
  }
  do_steer() { this.memory.steer = !this.memory.steer; this.touch("head"); }
  do_reset() {
    if (this.resetting) this.ask("reset");
    this.offerReset(!this.resetting);
  }
  offerReset(on) {
    const target = this.tools.querySelector("[data-act=reset]");
    this.resetting = on ? Date.now() : 0;
    setText(target.lastChild, on ? "Forget all that was learned?" : "Reset beliefs");
    setAttr(target, "data-sure", on ? "1" : null);
  }
  do_menu(n, c, job, from) {
    const node = this.story.graph.nodes[n], name = node.candidates[c], { pins = {}, bans = {} } = this.story.steering;
    const pinned = pins[node.name] === name, banned = (bans[node.name] || []).includes(name);
    const item = (act, label, more) => h("button", { type: "button", role: "menuitem", tabindex: -1, "data-act": act, "data-n": n, "data-c": c, title: more }, label);
    this.menu.replaceChildren(h("div.ff-menu-title", { role: "presentation" }, bdi(name)), ...[(pinned || banned) && item("release", pinned ? "Release the pin" : "Release the ban", "As the sampler decides"), !pinned && item("pin", "Pin", "Always take this one"), !banned && item("ban", "Ban", "Never take this one")].filter(Boolean));
    this.menu.hidden = false;
    this.menuFrom = from;
    const a = from.getBoundingClientRect(), b = this.body.getBoundingClientRect();
    this.menu.style.left = `${clamp(a.left - b.left + 22, 0, b.width - this.menu.offsetWidth)}px`;
    this.menu.style.top = `${a.bottom - b.top + 2}px`;
    setAttr(from, "aria-expanded", "true");
    this.menu.querySelector("button").focus({ preventScroll: true });
  }
  closeMenu(back) {
    if (this.menu.hidden) return;
    this.menu.hidden = true;
    setAttr(this.menuFrom, "aria-expanded", null);
    if (back) this.menuFrom.focus({ preventScroll: true });
  }
  do_pin(n, c) { this.of(n, c, (node, candidate) => this.ask("pin", { node, candidate })); }
  do_ban(n, c) { this.of(n, c, (node, candidate) => this.ask("ban", { node, candidate, on: true })); }
  do_release(n, c) {
    this.of(n, c, (node, candidate) => (this.story.steering.pins?.[node] === candidate ? this.ask("pin", { node, candidate: null }) : this.ask("ban", { node, candidate, on: false })));
  }
  of(n, c, act) { const node = this.story.graph.nodes[n]; act(node.name, node.candidates[c]); this.closeMenu(true); }
  input(event) {
    const { target } = event, { name } = target.dataset, what = target.dataset.in;
    target.touched = Date.now();
    if (what === "scrub") this.look_back(Number(target.value));
    if (what === "speed") { const value = speedAt(Number(target.value)); this.askSoon("speed", "speed", { value: value && Number(value.toPrecision(2)) }); this.touch("head"); }
    if (what === "weight") this.askSoon(`weight ${name}`, "weight", { term: name, value: this.weightAt(target) });
    if (what === "threshold") this.askSoon(`threshold ${name}`, "threshold", { name, value: Number(target.value) });
    if (what === "weight" || what === "threshold") setText(target.nextSibling, digits(what === "weight" ? this.weightAt(target) : Number(target.value)));
  }
  key(event) {
    const { key, target } = event, way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
    event.stopPropagation();
    const role = target.getAttribute("role"), row = target.closest("tr[data-act]");
    const move = (all, at) => { const next = all[clamp(at, 0, all.length - 1)]; next?.focus(); event.preventDefault(); return next; };
    if (key === "Escape") { this.closeMenu(true); if (this.asked !== null) this.look_back(null); }
    else if (role === "menuitem" && (way || key === "Tab")) { if (key === "Tab") return this.closeMenu(true); const all = [...this.menu.querySelectorAll("button")]; move(all, (all.indexOf(target) + way + all.length) % all.length); }
    else if (role === "tab" && way) { const all = [...target.parentNode.children]; move(all, (all.indexOf(target) + way + all.length) % all.length).click(); }
    else if (row && (way || key === "Home" || key === "End")) { const all = [...row.parentNode.children], next = move(all, way ? all.indexOf(row) + way : key === "Home" ? 0 : all.length); for (const one of all) setAttr(one, "tabindex", one === next ? 0 : -1); }
    else if (row && (key === "Enter" || key === " ")) { event.preventDefault(); row.click(); }
  }
  /** Where an element is, so that the same one has the focus in a view made anew. */
  path(node) {
    const { act, n, c, job } = node.dataset, what = node.dataset.in;
    return act ? ["act", "n", "c", "job"].map((key, i) => ([act, n, c, job][i] === undefined ? "" : `[data-${key}="${CSS.escape([act, n, c, job][i])}"]`)).join("") : what ? `[data-in="${what}"]` : null;
  }

  /* Objective and thresholds */
  drawSettings() {
    const { objectives, thresholds = {} } = this.story.graph, slider = (kind, name, label, props) => h("label", {}, h("span", {}, label), h("input", { type: "range", "data-in": kind, "data-name": name, ...props }), h("output"));
    this.settings.replaceChildren(...objectives.map((o) => slider("weight", o.text, bdi(`${o.sign > 0 ? "maximize" : "minimize"} ${o.text}`), { min: -2.05, max: 2, step: 0.05, "data-base": o.weight || 1 })),
      ...Object.entries(thresholds).map(([name, value]) => slider("threshold", name, bdi(name), value >= 0 && value <= 1 ? { min: 0, max: 1, step: 0.01 } : { min: Math.min(0, 2 * value), max: Math.max(0, 2 * value), step: Math.abs(value) / 100 })));
    this.steerButton.hidden = !this.settings.childElementCount;
    this.showSettings(true);
  }
  weightAt(slider) { const x = Number(slider.value); return x < -2 ? 0 : Number((slider.dataset.base * 10 ** x).toPrecision(3)); }
  showSettings(always) {
    for (const slider of this.settings.querySelectorAll("input")) {
      const { name, base } = slider.dataset, weight = slider.dataset.in === "weight";
      const value = weight ? this.story.steering.weights?.[name] ?? Number(base) : this.story.graph.thresholds[name];
      if (!always && Date.now() - (slider.touched || 0) < 1500) continue;
      slider.value = weight ? (value > 0 ? Math.log10(value / base) : -2.05) : value;
      setText(slider.nextSibling, digits(value));
    }
    this.touch("head");
  }

  /* Drawing */
  touch(...what) {
    for (const one of what) this.dirty.add(one);
    if (!this.frame && !this.stop?.signal.aborted) this.frame = requestAnimationFrame(() => this.draw());
  }
  draw() {
    this.frame = 0;
    if (!this.story.graph || !this.root.isConnected) return;
    const dirty = this.dirty, all = dirty.has("all");
    this.dirty = new Set();
    this.gutter = this.root.clientWidth < 640 ? 92 : 124;
    if (all || dirty.has("head")) this.drawHead();
    for (const [name, one] of Object.entries(this.panels)) if (all || dirty.has(name)) one.draw();
    if (dirty.has("path") && !all && !dirty.has("graph")) this.panels.graph.drawPath();
    setAttr(this.root, "data-seq", this.story.seq);
    if (all && this.memory.focus && !this.root.contains(document.activeElement) && document.activeElement === document.body) this.root.querySelector(this.memory.focus)?.focus({ preventScroll: true });
  }
  drawHead() {
    const { run, notices } = this.story, { state = "", done = 0, total } = run, over = OVER.has(state);
    setText(this.name, run.workflow || "");
    if (this.state !== state) {
      this.state = state;
      this.chip.replaceChildren(icon({ running: "resume", paused: "pause" }[state] || state), WORDS[state] ?? state);
      setAttr(this.chip, "data-state", state);
      const paused = state === "paused";
      this.toggle.replaceChildren(icon(paused ? "resume" : "pause"), h("span", {}, paused ? "Resume" : "Pause"));
      for (const one of [this.toggle, ...this.tools.querySelectorAll("[data-act=step],[data-act=stop]"), this.speed]) one.disabled = over || state === "stopping";
      setText(this.status, `${WORDS[state] ?? state}${run.error ? `: ${run.error}` : ""}`);
      if (run.error) this.on_refused({ message: run.error });
    }
    const said = [total ? `${count(done)} of ${count(total)}` : count(done), done ? percent(run.passed / done) : "–", done ? duration(run.seconds / done) : "–"];
    this.facts.forEach((fact, i) => setText(fact.value, said[i]));
    setAttr(this.bar, "aria-valuenow", done);
    setAttr(this.bar, "aria-valuemax", total || null);
    setVar(this.bar, "--share", total ? clamp(done / total) : 0);
    if (Date.now() - (this.speed.touched || 0) > 1500) this.speed.value = placeOf(run.speed);
    const speed = speedAt(Number(this.speed.value)), text = speed ? `${digits(speed, 2)} jobs/s` : "no limit";
    setText(this.speedText, text);
    setAttr(this.speed, "aria-valuetext", text);
    this.settings.hidden = !this.memory.steer;
    setAttr(this.steerButton, "aria-expanded", this.memory.steer);
    if (this.told !== notices) { this.told = notices; this.notices.replaceChildren(...notices.map((text) => h("li", { dir: "auto" }, text))); }
  }
  pulse(node, frames) {
    if (!window.matchMedia("(prefers-reduced-motion: reduce)").matches) node.animate(frames, { duration: 700, easing: "ease-out" });
  }
  /** Light or dark by the page's own background; the canvases' colours from the style sheet. */
  theme() {
    const style = getComputedStyle(this.root), probe = h("i", { style: "background:var(--ff-paper)" });
    this.root.append(probe);
    const [r, g, b] = (getComputedStyle(probe).backgroundColor.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
    probe.remove();
    const dark = 0.299 * r + 0.587 * g + 0.114 * b < 128, of = (name) => style.getPropertyValue(`--ff-${name}`).trim();
    this.root.classList.toggle("ff-dark", dark);
    this.look = { dark, font: style.fontFamily, colours: Array.from({ length: 8 }, (_, i) => of(`c${i}`)) };
    for (const name of ["ink", "soft", "line", "accent", "bad", "back", "single", "fixed"]) this.look[name] = of(name);
    this.touch("all");
  }
}

/** Called once a model: what its views remember outlives each of them. */
export default () => {
  const memory = { node: 0, job: null, steer: false, focus: null };
  return {
    render({ model, el }) {
      const view = new View(model, el, memory);
      return () => view.close();
    },
  };
};
