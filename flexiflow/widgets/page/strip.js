// Decisions over time, and the scrubber below them.

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
