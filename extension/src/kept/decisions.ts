/** Job by job: the candidate of the chosen node that was accepted, and the jobs that failed. */

import { cells, shorten } from './numbers.js';
import { colour, drawing, h, n, s, words } from './dom.js';
import type { Series } from './model.js';
import type { Stage } from './stage.js';

const ROW = 17; // pixels
const LEFT = 124;

export function decisions(stage: Stage): HTMLElement | null {
  const { kept, looking, tips } = stage;
  const node = looking.chosen;
  const many = kept.decided.job.length;
  if (!node || !many || node.choice.length !== many) return null;
  const wide = Math.max(320, stage.width);
  const on = looking.shown();
  const step = (wide - LEFT - 12) / Math.max(many, 20);
  const x = (place: number): number => LEFT + step * (place + 0.5);
  const rows = on.flatMap((candidate, k) => [
    words(0, ROW * k + 13, shorten(candidate.name, 16)),
    ...stretches(node.choice, candidate.number).map(([from, to]) => block(from, to, ROW * k + 4, step, `fill: ${colour(candidate.number)}`)),
  ]);
  const foot = ROW * on.length;
  const failed = [
    words(0, foot + 13, 'failed', { class: 'ffk-soft' }),
    ...stretches(kept.decided.passed, 0).map(([from, to]) => block(from, to, foot + 4, step, 'fill: var(--ffk-bad)')),
  ];
  const job = (place: number): string => String((kept.decided.job[place] ?? 0) + 1);
  const axis = foot + ROW + 20;
  const cursor = s('line.ffk-cursor', { x1: 0, x2: 0, y1: 2, y2: n(foot + ROW + 4) });
  const picture = drawing(wide, axis + 6, `Candidate of ${node.name} accepted, job by job`, ...rows, ...failed,
    words(LEFT, axis, `job ${job(0)}`, { class: 'ffk-soft' }),
    words(Math.max(x(many - 1) + step / 2, LEFT + 8 * cells(job(0)) + 60), axis, job(many - 1), { class: 'ffk-soft', 'text-anchor': 'end' }),
    cursor);
  tips.scan(picture, {
    from: x(0), to: x(many - 1), many, cursor, x,
    lines: (place) => [`job ${job(place)}`, accepted(stage, node.choice[place] ?? -1)],
  });
  picture.setAttribute('data-key', 'decisions');
  return h('div.ffk-part.ffk-wide', {}, h('p.ffk-caption', {}, 'Accepted at ', h('bdi', {}, node.name), ', job by job'), h('div.ffk-scroll', {}, picture));
}

function accepted({ looking }: Stage, choice: number): string {
  if (choice === -1) return 'did not pass';
  const name = looking.chosen?.candidates[choice]?.name;
  return name === undefined ? 'a candidate that was not kept' : `accepted: ${name}`;
}

function block(from: number, to: number, y: number, step: number, style: string): SVGElement {
  return s('rect', { x: n(LEFT + step * from), y, width: n(Math.max(step * (to - from), 0.8)), height: ROW - 4, style });
}

/** Where a series has a value, as stretches: from, and up to but without. */
export function stretches(values: Series, wanted: number): (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const [at, value] of values.entries()) {
    if (value !== wanted) continue;
    const last = found[found.length - 1];
    if (last && last[1] === at) last[1] = at + 1;
    else found.push([at, at + 1]);
  }
  return found;
}
