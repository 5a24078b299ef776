// The page of a run: it draws what the kernel tells and asks for what the reader wants.
// Drawing waits for a frame in which something changed; all listeners end with one signal.

class View extends Wheel {
  constructor(model, el, memory) {
    super();
    this.model = model;
    this.story = new Story();
    this.memory = { ...memory };
    this.remember = () => Object.assign(memory, this.memory);
    Object.assign(this, { asked: null, past: null, account: null, dirty: new Set(), frame: 0, heard: 0, sent: 0, gutter: 124, sends: {}, look: {}, buffers: true });
    this.sizes = new ResizeObserver(() => (this.stop.signal.aborted && this.root.isConnected ? this.connect() : this.touch("all")));
    this.build();
    el.append(this.root);
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
  close() {
    this.sleep();
    this.sizes.disconnect();
    this.root.remove();
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

  /* Drawing */
  touch(...what) {
    for (const one of what) this.dirty.add(one);
    if (!this.frame && !this.stop?.signal.aborted) this.frame = requestAnimationFrame(() => this.draw());
  }
  draw() {
    this.frame = 0;
    if (!this.story.graph || !this.root.isConnected) return;
    if (!this.look.font) this.theme(); // it was made before it was put on the page
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
