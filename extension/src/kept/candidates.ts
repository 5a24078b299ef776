/** The candidates of the chosen node in their order: switches, bars and numbers. */

import type { Band, Candidate } from './model.js';
import { clamp, duration, percent } from './numbers.js';
import { FIRST } from './looking.js';
import { candidateLines } from './said.js';
import { colour, drawing, h, n, s } from './dom.js';
import type { Stage } from './stage.js';

const BAR = { wide: 96, tall: 14 };

export function candidates(stage: Stage): HTMLElement {
  const { looking, kept } = stage;
  const node = looking.chosen;
  if (!node) return h('div');
  const on = looking.shown();
  const longest = Math.max(0, ...on.map((c) => c.seconds.high ?? c.seconds.mean ?? 0));
  const rows = looking.ordered().map((candidate) => {
    const place = on.indexOf(candidate);
    return row(stage, candidate, place, longest, kept.outcome.passedColumns);
  });
  const heads = ['', 'candidate', 'passes, 80 % interval', 'seconds', 'accepted'];
  const table = h('table', {},
    h('caption', {}, 'Candidates of ', h('bdi', {}, node.name), ' in their order'),
    h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
    h('tbody', {}, ...rows));
  const more = node.more ? h('p.ffk-soft', {}, `${node.more} more candidates, the last in the order, were not kept.`) : null;
  return h('div.ffk-part.ffk-candidates', {}, h('div.ffk-scroll', { 'data-scroll': 'candidates' }, table), more, switches(stage, node.candidates.length));
}

function row(stage: Stage, candidate: Candidate, place: number, longest: number, passed: number): HTMLElement {
  const { name, number, pass, seconds, accepted } = candidate;
  const isOn = place >= 0;
  const box = h('input', { type: 'checkbox', 'data-key': `c${number}`, checked: isOn, 'aria-label': `Show ${name}` });
  box.addEventListener('change', () => stage.toggle(number));
  const dot = h('span.ffk-dot');
  dot.style.background = colour(number);
  const share = accepted === null || !passed ? null : accepted / passed;
  const made = h(isOn ? 'tr' : 'tr.ffk-off', {},
    h('td.ffk-number', {}, isOn ? String(place + 1) : ''),
    h('th', { scope: 'row' }, h('label', {}, box, dot, h('bdi', {}, name))),
    h('td', {}, isOn ? meter(pass, 1, 'ffk-pass') : null, h('span', {}, percent(pass.mean))),
    h('td', {}, isOn ? meter(seconds, longest, 'ffk-time') : null, h('span', {}, duration(seconds.mean))),
    h('td.ffk-number', {}, percent(share)));
  return stage.tips.about(made, () => candidateLines(candidate, passed));
}

/** A bar from 0 to the most, and the interval across it. */
function meter(band: Band, most: number, kind: string): SVGElement {
  const at = (value: number): number => BAR.wide * (most > 0 ? clamp(value / most) : 0);
  const { mean, low, high } = band;
  const made = drawing(BAR.wide, BAR.tall, '',
    s('rect.ffk-track', { x: 0, y: 5, width: BAR.wide, height: 4, rx: 2 }),
    mean === null ? null : s('rect.ffk-fill', { x: 0, y: 5, width: n(at(mean)), height: 4, rx: 2 }),
    low === null || high === null ? null
      : s('rect.ffk-span', { x: n(at(low)), y: 2, width: n(Math.max(at(high) - at(low), 2)), height: 10, rx: 3 }));
  made.classList.add(kind);
  made.setAttribute('aria-hidden', 'true');
  return made;
}

function switches(stage: Stage, many: number): HTMLElement | null {
  if (many < 3) return null;
  const one = (said: string, key: string, count: number): HTMLElement => {
    const made = h('button', { type: 'button', 'data-key': key }, said);
    made.addEventListener('click', () => stage.only(count));
    return made;
  };
  return h('div.ffk-switches', { role: 'group', 'aria-label': 'Candidates shown' },
    one('All', 'all', many),
    many > FIRST ? one(`First ${FIRST}`, 'first', FIRST) : null,
    one('Only the first', 'one', 1));
}
