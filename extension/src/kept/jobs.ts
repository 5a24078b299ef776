/** The latest jobs, folded away until they are asked for. */

import { brief, duration } from './numbers.js';
import { h } from './dom.js';
import type { Job } from './model.js';
import type { Stage } from './stage.js';

export function jobs({ kept }: Stage): HTMLElement | null {
  if (!kept.jobs.length) return null;
  const heads = ['job', 'status', 'path', 'seconds', 'attempts', 'switches', 'rollbacks', 'objective'];
  return h('details.ffk-part.ffk-wide', {},
    h('summary', { 'data-key': 'jobs' }, `Latest jobs (${kept.jobs.length})`),
    h('div.ffk-scroll', {}, h('table', {},
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...kept.jobs.map(row)))));
}

function row(job: Job): HTMLElement {
  const status = job.status === 'passed' || !job.reason ? job.status : `${job.status}: ${job.reason}`;
  const count = (value: number | null): string => (value === null ? '–' : String(value));
  const counts = [duration(job.seconds), count(job.attempts), count(job.switches), count(job.rollbacks), brief(job.worth)];
  return h('tr', {},
    ...[job.job, status, job.path].map((said) => h('td', {}, h('bdi', {}, said))),
    ...counts.map((said) => h('td.ffk-number', {}, said)));
}
