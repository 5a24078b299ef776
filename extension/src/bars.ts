/** A node's candidates in their order, each with its two bars. */

import { element, say } from './elements.js';
import type { Candidate, FlowNode } from './messages.js';
import { full, percent, seconds } from './words.js';

const share = (value: number): string => `${(Math.min(Math.max(value, 0), 1) * 100).toFixed(1)}%`;

class Row {
  readonly node = element('li', 'ff-side-candidate');
  private readonly name = element('span', 'ff-side-name');
  private readonly tag = element('span', 'ff-side-tag');
  private readonly pass = element('span', 'ff-side-bar ff-side-pass');
  private readonly passed = element('span', 'ff-side-number');
  private readonly time = element('span', 'ff-side-bar ff-side-time');
  private readonly took = element('span', 'ff-side-number');

  constructor() {
    const head = element('span', 'ff-side-head');
    head.append(this.name, this.tag);
    this.pass.append(element('i', 'ff-side-range'), element('i', 'ff-side-mean'));
    this.time.append(element('i', 'ff-side-mean'));
    this.node.append(head, this.pass, this.passed, this.time, this.took);
  }

  update(candidate: Candidate, place: number, slowest: number): void {
    say(this.name, candidate.name);
    say(this.tag, candidate.tag);
    this.tag.hidden = candidate.tag === '';
    this.node.dataset.tag = candidate.tag;
    this.node.title = full(candidate, place);
    const [mean, low, high] = candidate.pass ?? [0, 0, 0];
    this.pass.style.setProperty('--mean', share(mean));
    this.pass.style.setProperty('--low', share(low));
    this.pass.style.setProperty('--wide', share(high - low));
    say(this.passed, candidate.pass === null ? '' : percent(mean));
    const took = candidate.seconds?.[0] ?? 0;
    this.time.style.setProperty('--mean', share(slowest > 0 ? took / slowest : 0));
    say(this.took, candidate.seconds === null ? 'not tried' : seconds(took));
  }
}

/** One node: a heading that leads to the cell, and the candidates in their present order. */
export class NodeView {
  readonly node = element('section', 'ff-side-node');
  private readonly rows: Row[];
  private readonly name = element('button', 'ff-side-link');
  private readonly more = element('p', 'ff-side-soft');

  constructor(told: FlowNode, toCell: () => void) {
    this.name.type = 'button';
    this.name.title = 'Go to the cell that defines this';
    this.name.addEventListener('click', toCell);
    const heading = element('h4');
    heading.append(this.name);
    const rows = element('ol');
    this.rows = told.candidates.map(() => new Row());
    rows.append(...this.rows.map(row => row.node));
    this.node.append(heading, rows, this.more);
  }

  update(told: FlowNode): void {
    say(this.name, told.name);
    const slowest = Math.max(0, ...told.candidates.map(it => it.seconds?.[0] ?? 0));
    told.candidates.forEach((it, k) => this.rows[k]?.update(it, k + 1, slowest));
    say(this.more, `and ${told.more} more`);
    this.more.hidden = told.more === 0;
  }
}
