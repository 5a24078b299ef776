// Why one job went as it did.

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
