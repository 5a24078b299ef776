// The line to the kernel: what is asked, what comes, and whether it is still there.

class Line {
  connect() {
    this.stop = new AbortController();
    this.theme();
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
}
