/** The workflow: its inputs, its nodes in columns, and in each the candidates that are on. */

import type { Candidate, Node } from './model.js';
import { cells, clamp, duration, percent, shorten } from './numbers.js';
import { colour, drawing, h, n, s, words } from './dom.js';
import { candidateLines } from './said.js';
import { layout, type Placed } from './layers.js';
import type { Stage } from './stage.js';

const CELL = 7.3; // pixels of a letter
const HEAD = 28;
const ROW = 21;
const FOOT = 7;
const ROWS = 6; // candidates drawn in a node
const NAME = { least: 8, most: 20 }; // letters
const BAR = { wide: 54, text: 112 }; // pixels: of the bar, and of the numbers behind it
const PILL = { tall: 24, gap: 8, letters: 14 };

export function graph(stage: Stage): HTMLElement {
  const { kept, looking } = stage;
  const sizes = kept.nodes.map((node, v) => size(node, looking.shown(v).length));
  const pills = kept.inputs.map((input) => shorten(input.name, PILL.letters));
  const inset = pills.length ? 26 + CELL * Math.max(...pills.map(cells)) : 0;
  const plan = layout(kept.nodes, sizes, inset ? inset + 40 : 4, pills.length * (PILL.tall + PILL.gap));
  const tall = plan.height + 8;
  const middle = tall / 2;
  const top = middle - (pills.length * (PILL.tall + PILL.gap) - PILL.gap) / 2;
  const wires = plan.wires.map(([from, to]) => {
    const start = from < 0 ? { x: inset, y: middle } : port(plan.boxes[from], 1);
    return from < 0 && !inset ? null : s('path.ffk-wire', { d: curve(start, port(plan.boxes[to], 0)) });
  });
  const inputs = pills.map((name, k) =>
    s('g', {},
      s(kept.inputs[k]?.late ? 'rect.ffk-pill.ffk-late' : 'rect.ffk-pill', { x: 1, y: n(top + k * (PILL.tall + PILL.gap)), width: n(inset - 2), height: PILL.tall, rx: 12 }),
      words(inset / 2, top + k * (PILL.tall + PILL.gap) + 16, name, { 'text-anchor': 'middle' }),
    ),
  );
  const cards = kept.nodes.map((node, v) => card(stage, node, v, plan.boxes[v] as Placed));
  const says = `The workflow: ${kept.nodes.map((node) => node.name).join(', ')}`;
  const picture = drawing(plan.width + 4, tall, says, ...wires, ...inputs, ...cards);
  picture.setAttribute('role', 'group');
  return h('div.ffk-scroll', { 'data-scroll': 'graph' }, picture);
}

/** The words below the picture: what is asserted and wanted. */
export function wishes({ kept }: Stage): HTMLElement {
  const asserted = kept.assertions.map(({ text, scope }) => {
    const names = scope.map((v) => kept.nodes[v]?.name).join(', ');
    return ['assert', text, names ? `  can blame ${names}` : ''] as const;
  });
  const wanted = kept.wanted.map(([word, text]) => [word, text, ''] as const);
  return h('dl.ffk-wishes', {}, ...[...asserted, ...wanted].map(([word, text, more]) =>
    h('div', {}, h('dt', {}, word), h('dd', {}, h('bdi', {}, text), h('small', {}, more)))));
}

function size(node: Node, on: number): { width: number; height: number } {
  const names = [...node.candidates.map((c) => cells(c.name)), cells(node.name)];
  const letters = clamp(Math.max(0, ...names), NAME.least, NAME.most);
  const rows = Math.min(on, ROWS) + (left(node, on) ? 1 : 0);
  return { width: 52 + CELL * letters + BAR.wide + BAR.text, height: HEAD + ROW * rows + FOOT };
}

/** Candidates that are not drawn: beyond the rows, switched off, or not kept. */
function left(node: Node, on: number): number {
  return node.candidates.length - Math.min(on, ROWS) + node.more;
}

function card(stage: Stage, node: Node, v: number, box: Placed): SVGElement {
  const { looking } = stage;
  const on = looking.shown(v);
  const chosen = looking.node === v;
  const letters = Math.round((box.width - 52 - BAR.wide - BAR.text) / CELL);
  const rows = on.slice(0, ROWS).map((c, k) => row(stage, c, k, box, letters));
  const more = left(node, on.length);
  const rest = more ? words(box.x + 26, box.y + HEAD + ROW * rows.length + 15, `${more} more`, { class: 'ffk-soft' }) : null;
  const made = s('g.ffk-card', {
    tabindex: 0, role: 'button', 'aria-pressed': String(chosen), 'data-key': `n${v}`,
    'aria-label': `${node.name}: ${on.map((c) => `${c.name} ${percent(c.pass.mean)}`).join(', ')}`,
  },
    s('rect.ffk-box', { x: n(box.x + 1), y: n(box.y + 4), width: n(box.width), height: n(box.height), rx: 8 }),
    words(box.x + 12, box.y + 23, shorten(node.name, letters + 12), { class: 'ffk-name' }),
    node.effects ? words(box.x + box.width - 10, box.y + 23, 'once', { class: 'ffk-soft', 'text-anchor': 'end' }) : null,
    ...rows, rest,
  );
  made.addEventListener('click', () => stage.choose(v));
  made.addEventListener('keydown', (event) => {
    const { key } = event as KeyboardEvent;
    if (key !== 'Enter' && key !== ' ') return;
    event.preventDefault();
    stage.choose(v);
  });
  return made;
}

function row(stage: Stage, candidate: Candidate, k: number, box: Placed, letters: number): SVGElement {
  const y = box.y + HEAD + 4 + ROW * k;
  const { mean, low, high } = candidate.pass;
  const bar = box.x + 44 + CELL * letters;
  const at = (share: number): number => bar + BAR.wide * clamp(share);
  const meter = mean === null ? [] : [
    s('rect.ffk-fill', { x: n(bar), y: n(y + 7), width: n(at(mean) - bar), height: 5, rx: 2 }),
    low === null || high === null ? null
      : s('rect.ffk-span', { x: n(at(low)), y: n(y + 4), width: n(Math.max(at(high) - at(low), 2)), height: 11, rx: 3 }),
  ];
  const made = s('g.ffk-row', {},
    s('rect.ffk-hit', { x: n(box.x + 3), y: n(y), width: n(box.width - 4), height: ROW, rx: 4 }),
    words(box.x + 11, y + 14, String(k + 1), { class: 'ffk-soft' }),
    s('circle', { cx: n(box.x + 31), cy: n(y + 10), r: 4, style: `fill: ${colour(candidate.number)}` }),
    words(box.x + 40, y + 14, shorten(candidate.name, letters)),
    s('rect.ffk-track', { x: n(bar), y: n(y + 7), width: BAR.wide, height: 5, rx: 2 }),
    ...meter,
    words(bar + BAR.wide + 48, y + 14, percent(mean), { 'text-anchor': 'end' }),
    words(box.x + box.width - 8, y + 14, duration(candidate.seconds.mean), { class: 'ffk-soft', 'text-anchor': 'end' }),
  );
  return stage.tips.about(made, () => candidateLines(candidate, stage.kept.outcome.passedColumns));
}

function port(box: Placed | undefined, side: 0 | 1): { x: number; y: number } {
  return box ? { x: box.x + 1 + side * box.width, y: box.y + 4 + box.height / 2 } : { x: 0, y: 0 };
}

function curve(from: { x: number; y: number }, to: { x: number; y: number }): string {
  const bend = Math.max(20, (to.x - from.x) * 0.5);
  return `M${n(from.x)} ${n(from.y)}C${n(from.x + bend)} ${n(from.y)} ${n(to.x - bend)} ${n(to.y)} ${n(to.x)} ${n(to.y)}`;
}
