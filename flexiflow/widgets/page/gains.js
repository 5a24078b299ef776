// What the run brought, beside what it is compared with.

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
