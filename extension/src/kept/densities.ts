/** The density of the pass probability of each candidate of the chosen node that is on. */

import type { Candidate } from './model.js';
import { beta, brief, clamp, percent, range, shorten, type Point } from './numbers.js';
import { candidateLines } from './said.js';
import { colour, drawing, h, n, s, words } from './dom.js';
import type { Stage } from './stage.js';

const LEFT = 124; // pixels
const RIGHT = 26;

type Known = Candidate & { readonly a: number; readonly b: number };

export function densities(stage: Stage): HTMLElement {
  const node = stage.looking.chosen;
  const known = stage.looking.shown().filter((c): c is Known => c.a !== null && c.b !== null && c.a > 0 && c.b > 0);
  const title = h('p.ffk-caption', {}, 'Pass probability at ', h('bdi', {}, node?.name ?? ''));
  if (!known.length) {
    const why = stage.looking.shown().length ? 'Nothing is known of these candidates yet.' : 'No candidate is switched on.';
    return h('div.ffk-part', {}, title, h('p.ffk-soft', {}, why));
  }
  const wide = clamp(stage.width, 300, 460);
  const row = clamp(260 / known.length, 24, 52);
  const [low, high] = range(known.map(({ a, b }) => [a, b] as const));
  const x = (share: number): number => LEFT + (wide - LEFT - RIGHT) * clamp((share - low) / (high - low));
  const foot = 6 + row * known.length;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((t) => low + t * (high - low));
  const grid = ticks.flatMap((t, k) => [
    s('line.ffk-grid', { x1: n(x(t)), x2: n(x(t)), y1: 4, y2: n(foot) }),
    words(x(t), foot + 15, `${brief(100 * t)}${k === ticks.length - 1 ? ' %' : ''}`, { class: 'ffk-soft', 'text-anchor': 'middle' }),
  ]);
  const says = `Densities of the pass probability: ${known.map((c) => `${c.name} ${percent(c.pass.mean)}`).join(', ')}`;
  const ridges = known.map((c, k) => ridge(stage, c, 6 + row * (k + 1), row - 6, x, wide));
  return h('div.ffk-part', {}, title, h('div.ffk-scroll', {}, drawing(wide, foot + 20, says, ...grid, ...ridges)));
}

function ridge(stage: Stage, candidate: Known, base: number, tall: number, x: (share: number) => number, wide: number): SVGElement {
  const points = beta(candidate.a, candidate.b);
  const paint = `--c: ${colour(candidate.number)}`;
  const mean = candidate.a / (candidate.a + candidate.b);
  const made = s('g.ffk-ridge', { style: paint, 'data-candidate': candidate.number },
    s('rect.ffk-hit', { x: 0, y: n(base - tall), width: wide, height: n(tall + 4) }),
    s('circle', { cx: 5, cy: n(base - 6), r: 4, style: `fill: ${colour(candidate.number)}` }),
    words(14, base - 2, shorten(candidate.name, 14)),
    s('line.ffk-grid', { x1: n(x(0)), x2: n(wide - RIGHT), y1: n(base), y2: n(base) }),
    s('path.ffk-density', { d: outline(points, x, base, tall) }),
    s('line.ffk-mean', { x1: n(x(mean)), x2: n(x(mean)), y1: n(base), y2: n(base - tall / 2) }));
  return stage.tips.about(made, () => candidateLines(candidate, stage.kept.outcome.passedColumns));
}

function outline(points: readonly Point[], x: (share: number) => number, base: number, tall: number): string {
  const [first, last] = [points[0], points[points.length - 1]];
  if (!first || !last) return '';
  const line = points.map(([p, y]) => `${n(x(p))} ${n(base - tall * y)}`).join('L');
  return `M${n(x(first[0]))} ${n(base)}L${line}L${n(x(last[0]))} ${n(base)}Z`;
}
