// What the reader does: clicks, keys and sliders.

const SPEEDS = 1000; // jobs a second at the slider's last place but one; the last is no limit
const speedAt = (place) => (place >= 100 ? null : 0.5 * (SPEEDS / 0.5) ** (place / 99));
const placeOf = (speed) => (known(speed) ? clamp((99 * Math.log(speed / 0.5)) / Math.log(SPEEDS / 0.5), 0, 99) : 100);

class Wheel extends Line {
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
}
