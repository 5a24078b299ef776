// The latest jobs as a table.

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
    setAttr(this.root, "data-plain", this.view.story.jobs.some((job) => known(job[8])) ? null : "1");
    const { jobs, graph } = this.view.story, held = this.held && this.lines.size > 0 && this.graph === graph;
    const fresh = jobs.filter((job) => !this.lines.has(job[0])).length;
    setText(this.more, held && fresh ? `${fresh >= ROWS ? `${ROWS} or more` : fresh} new, shown when you leave the table` : "");
    for (const job of jobs) if (this.lines.has(job[0])) setText(this.lines.get(job[0]).lastChild, worth(job[8])); // a label may have come
    if (held || (!fresh && this.lines.size === jobs.length)) return this.select();
    this.graph = graph;
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
