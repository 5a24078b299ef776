// What is known of the run, as it came in messages.

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
      const had = new Set(this.jobs.map((row) => row[0])), told = new Map(message.jobs.map((row) => [row[0], row]));
      this.jobs = [...message.jobs.filter((row) => !had.has(row[0])), ...this.jobs.map((row) => told.get(row[0]) || row)].sort((a, b) => b[1] - a[1]).slice(0, ROWS);
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
      const means = () => Array.from(now.a, (a, c) => a / (a + now.b[c])), before = means(), trail = flat(value.trail);
      if (value.a) [now.a, now.b] = [flat(value.a), flat(value.b)];
      if (value.trail) now.trail = Array.from({ length: trail.length / k }, (_, i) => trail.slice(i * k, i * k + k));
      else if (before.length && (!now.trail.length || means().some((m, c) => Math.abs(m - now.trail.at(-1)[c]) > MOVED))) now.trail = [...now.trail, before].slice(-TRAIL);
    }
  }
  gain(more) {
    const mine = this.gains, jobs = flat(more.jobs), parts = ["seconds", "passed", "worth"].map((name) => [name, flat(more[name])]);
    for (let i = 0; i < jobs.length; i++) {
      const at = jobs[i] > (mine.jobs.at(-1) ?? -1) ? mine.jobs.push(jobs[i]) - 1 : mine.jobs.lastIndexOf(jobs[i]);
      if (at >= 0) for (const [name, values] of parts) mine[name][at] = values[i] ?? NaN; // a label may have come
    }
    const n = mine.jobs.length;
    if (n > POINTS) for (const name of ["jobs", "seconds", "passed", "worth"]) mine[name] = mine[name].filter((_, i) => (n - 1 - i) % 2 === 0);
    for (const name of ["single", "fixed"]) if (name in more) mine[name] = more[name];
  }
}
