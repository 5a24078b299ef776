/** A kept run on a page: drawn anew whenever the reader, or the run, changes what is seen. */

import type { Kept } from './model.js';
import { Looking } from './looking.js';
import { Tips } from './tips.js';
import type { Stage } from './stage.js';
import { candidates } from './candidates.js';
import { clamp } from './numbers.js';
import { decisions } from './decisions.js';
import { densities } from './densities.js';
import { graph, wishes } from './graph.js';
import { h } from './dom.js';
import { heading } from './said.js';
import { jobs } from './jobs.js';
import { outcome } from './gains.js';

const WIDTH = { first: 760, least: 320, most: 1100 };

export class View {
  readonly root = h('div.ffk.ff-kept', { role: 'region', 'data-lm-suppress-shortcuts': 'true' });
  private readonly body = h('div.ffk-body');
  private readonly stop = new AbortController();
  private readonly tips = new Tips(this.root, this.stop.signal);
  private readonly sizes = new ResizeObserver(() => this.measure());
  private looking: Looking | null = null;
  private width = WIDTH.first;
  private unfolded = false;

  constructor() {
    this.root.append(this.body, this.tips.box);
    this.sizes.observe(this.root);
  }

  /** Show a run; of one that was shown before, what was looked at stays. */
  show(kept: Kept): void {
    const before = this.looking;
    this.looking = new Looking(kept);
    if (before) this.looking.follow(before);
    this.root.setAttribute('aria-label', `FlexiFlow run of ${kept.run.workflow}`);
    this.draw();
  }

  /** Show a line in place of a run. */
  say(line: string): void {
    this.looking = null;
    this.tips.hide();
    this.root.setAttribute('aria-label', 'FlexiFlow run');
    this.body.replaceChildren(h('p.ffk-note', {}, line));
  }

  /** End all listening. */
  close(): void {
    this.stop.abort();
    this.sizes.disconnect();
    this.root.remove();
  }

  private measure(): void {
    const width = clamp(this.root.clientWidth - 12, WIDTH.least, WIDTH.most);
    if (!this.root.clientWidth || Math.abs(width - this.width) < 4) return;
    this.width = width;
    this.draw();
  }

  private draw(): void {
    const { looking } = this;
    if (!looking) return;
    const held = this.held();
    const scrolled = this.scrolled();
    this.tips.hide();
    this.body.replaceChildren(...parts(this.stage(looking)));
    for (const [key, part] of this.scrolls()) part.scrollTo(...(scrolled.get(key) ?? [0, 0]));
    const folded = this.body.querySelector('details');
    if (folded) {
      folded.open = this.unfolded;
      folded.addEventListener('toggle', () => { this.unfolded = folded.open; });
    }
    if (held) this.body.querySelector<HTMLElement>(`[data-key="${held}"]`)?.focus({ preventScroll: true });
  }

  /** Which part has the keyboard, to give it back when all is drawn anew. */
  private held(): string | null {
    const { activeElement } = document;
    return activeElement && this.body.contains(activeElement) ? activeElement.getAttribute('data-key') : null;
  }

  /** The parts that can be scrolled, by name. */
  private scrolls(): (readonly [string, HTMLElement])[] {
    const parts = [...this.body.querySelectorAll<HTMLElement>('[data-scroll]')];
    return parts.map((part) => [part.dataset['scroll'] ?? '', part] as const);
  }

  private scrolled(): Map<string, readonly [number, number]> {
    return new Map(this.scrolls().map(([key, part]) => [key, [part.scrollLeft, part.scrollTop] as const]));
  }

  private stage(looking: Looking): Stage {
    const then = (act: () => void): void => {
      act();
      this.draw();
    };
    return {
      kept: looking.kept,
      looking,
      tips: this.tips,
      width: this.width,
      choose: (v) => then(() => looking.choose(v)),
      toggle: (number) => then(() => {
        const candidate = looking.chosen?.candidates[number];
        if (candidate) looking.toggle(candidate);
      }),
      only: (many) => then(() => looking.only(many)),
    };
  }
}

function parts(stage: Stage): HTMLElement[] {
  const { run, notices, nodes } = stage.kept;
  const error = run.error === null ? null : h('p.ffk-note', { role: 'alert' }, `stopped by an error: ${run.error}`);
  const told = notices.length ? h('ul.ffk-notices', {}, ...notices.map((notice) => h('li', { dir: 'auto' }, notice))) : null;
  const drawn = nodes.length
    ? [graph(stage), wishes(stage), h('div.ffk-beside', {}, candidates(stage), densities(stage)), decisions(stage)]
    : [];
  const all = [h('p.ffk-heading', {}, heading(stage.kept)), error, told, ...drawn, outcome(stage), jobs(stage)];
  return all.filter((part) => part !== null);
}
