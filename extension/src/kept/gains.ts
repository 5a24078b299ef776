/** What the run brought: its numbers beside doing without it, and how its means went. */

import type { Band, Series } from './model.js';
import { brief, clamp, duration, percent } from './numbers.js';
import { changes, comparison, last } from './said.js';
import { drawing, h, n, s, words } from './dom.js';
import type { Stage } from './stage.js';

type Measure = 'seconds' | 'passed' | 'worth';

const MEASURES: readonly (readonly [Measure, string, (value: number | null) => string])[] = [
  ['seconds', 'seconds a job', duration],
  ['passed', 'jobs passed', percent],
  ['worth', 'objective', brief],
];
const TALL = 96;

export function outcome(stage: Stage): HTMLElement {
  const rows = comparison(stage.kept);
  const said = changes(stage.kept);
  const table = h('table', {},
    h('thead', {}, h('tr', {}, ...['', 'seconds a job', 'passed', 'objective'].map((head) => h('th', { scope: 'col' }, head)))),
    h('tbody', {}, ...rows.map((row) => h('tr', {},
      h('th', { scope: 'row' }, swatch(row.kind), row.name, row.detail ? h('small', {}, h('bdi', {}, row.detail)) : null),
      ...[row.seconds, row.passed, row.worth].map((value) => h('td', {}, value))))));
  const several = MEASURES.filter(([measure]) => last(stage.kept.outcome[measure]) !== null);
  const wide = clamp((stage.width - 16 * (several.length - 1)) / Math.max(several.length, 1), 240, 420);
  return h('div.ffk-part.ffk-wide', {},
    h('p.ffk-caption', {}, 'What the run brought'),
    rows.length ? h('div.ffk-scroll', {}, table) : null,
    said ? h('p.ffk-soft', {}, said) : null,
    h('div.ffk-gains', {}, ...several.map(([measure, title, word]) => gain(stage, measure, title, word, wide))));
}

/** How a line is drawn below. */
function swatch(kind: 'this' | 'single' | 'fixed'): SVGElement {
  const line = kind === 'this' ? 'line.ffk-line' : `line.ffk-middle.ffk-${kind}`;
  const made = drawing(24, 8, '', s(line, { x1: 0, x2: 24, y1: 4, y2: 4 }));
  made.setAttribute('aria-hidden', 'true');
  made.classList.add('ffk-swatch');
  return made;
}

/** A running mean as a line; what it is compared with as bands: single dotted, fixed dashed. */
function gain(stage: Stage, measure: Measure, title: string, word: (value: number | null) => string, wide: number): HTMLElement {
  const { outcome: told } = stage.kept;
  const values = told[measure];
  const bands = [['ffk-single', told.single?.[measure]], ['ffk-fixed', told.fixed?.[measure]]] as const;
  const [low, high] = limits(values, bands.flatMap(([, band]) => (band ? [band] : [])));
  const [left, right, foot] = [4, wide - 66, TALL - 8];
  const y = (value: number): number => foot - (foot - 8) * clamp((value - low) / (high - low));
  const most = Math.max(1, last(told.jobs) ?? 1);
  const x = (place: number): number => left + ((right - left) * (told.jobs[place] ?? 0)) / most;
  const cursor = s('line.ffk-cursor', { x1: 0, x2: 0, y1: 4, y2: foot });
  const behind = bands.flatMap(([kind, band]) => (band && band.mean !== null ? beside(kind, band, band.mean, left, right, y) : []));
  const picture = drawing(wide, TALL, `${title}: ${word(last(values))} in the end`, ...behind,
    s('polyline.ffk-line', { points: [...values.entries()].flatMap(([k, v]) => (v === null ? [] : [`${n(x(k))},${n(y(v))}`])).join(' ') }),
    words(right + 6, 14, word(high), { class: 'ffk-soft' }), words(right + 6, foot, word(low), { class: 'ffk-soft' }), cursor);
  const lines = (place: number): string[] => [`after ${told.jobs[place] ?? 0} jobs`, `this run: ${word(values[place] ?? null)}`];
  if (values.length) stage.tips.scan(picture, { from: x(0), to: x(values.length - 1), many: values.length, cursor, lines, x });
  picture.setAttribute('data-key', measure);
  return h('figure', {}, h('figcaption', {}, title), picture);
}

function beside(kind: string, { low, high }: Band, mean: number, left: number, right: number, y: (value: number) => number): SVGElement[] {
  const [top, bottom] = [y(high ?? mean), y(low ?? mean)];
  return [
    s(`rect.ffk-band.${kind}`, { x: left, y: n(top), width: n(right - left), height: n(Math.max(bottom - top, 1)) }),
    s(`line.ffk-middle.${kind}`, { x1: left, x2: n(right), y1: n(y(mean)), y2: n(y(mean)) }),
  ];
}

/** The ends of the axis: of the bands, and of the line without its first twelfth. */
export function limits(values: Series, bands: readonly Band[]): readonly [number, number] {
  const late = values.slice(Math.floor(values.length / 12));
  const known = [...late, ...bands.flatMap((band) => [band.mean, band.low, band.high])].filter((v) => v !== null);
  if (!known.length) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return high > low ? [low, high] : [low, low + (Math.abs(low) || 1)];
}
