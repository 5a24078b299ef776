/** Sentences about a kept run. */

import type { Candidate, Compared, Kept, Series } from './model.js';
import { brief, duration, interval, percent } from './numbers.js';

/** The first line: where the run stood. */
export function heading({ run }: Kept): string {
  const { workflow, state, done, total, passed, seconds } = run;
  const jobs = total !== null && total !== done ? `${done} of ${total} jobs` : `${done} ${done === 1 ? 'job' : 'jobs'}`;
  const facts = [state, jobs];
  if (done) {
    facts.push(`${percent(passed / done)} passed`);
    if (seconds !== null) facts.push(`${duration(seconds / done)} a job`);
  }
  return `${workflow}: ${facts.join(', ')}`;
}

/** The numbers of a candidate. */
export function candidateLines(candidate: Candidate, passed: number): string[] {
  const { name, place, pass, seconds, context, a, b, accepted } = candidate;
  const lines = [`${place + 1}. ${name}`, `passes ${interval(pass, percent)}`, `takes ${interval(seconds, duration)}`];
  if (accepted !== null && passed) lines.push(`accepted in ${accepted} of ${passed} jobs that passed (${percent(accepted / passed)})`);
  if (a !== null && b !== null) lines.push(`Beta(${brief(a)}, ${brief(b)})`);
  if (context !== null) lines.push(`weight of the job's context ${percent(context)}`);
  return lines;
}

/** What was told on the way: how often the first choice did not do. */
export function changes({ outcome }: Kept): string {
  if (!outcome.columns) return '';
  const share = (jobs: number): string => `${percent(jobs / outcome.columns)} (${jobs})`;
  return `Of ${outcome.columns} jobs ${share(outcome.switched)} switched and ${share(outcome.rolledBack)} rolled back.`;
}

export interface Row {
  readonly kind: 'this' | 'single' | 'fixed';
  readonly name: string;
  readonly detail: string;
  readonly seconds: string;
  readonly passed: string;
  readonly worth: string;
}

/** This run, and what it is compared with. */
export function comparison(kept: Kept): Row[] {
  const { run, outcome } = kept;
  const rows: Row[] = run.done
    ? [{
        kind: 'this',
        name: 'this run',
        detail: '',
        seconds: duration(run.seconds === null ? null : run.seconds / run.done),
        passed: percent(run.passed / run.done),
        worth: brief(last(outcome.worth)),
      }]
    : [];
  const other = (kind: 'single' | 'fixed', name: string, told: Compared | null): void => {
    if (!told) return;
    const words = [
      told.seconds ? interval(told.seconds, duration) : '–',
      told.passed ? interval(told.passed, percent) : '–',
      told.worth ? interval(told.worth, brief) : '–',
    ] as const;
    rows.push({ kind, name, detail: told.name, seconds: words[0], passed: words[1], worth: words[2] });
  };
  other('single', 'best single configuration', outcome.single);
  other('fixed', 'best fixed order', outcome.fixed);
  return rows;
}

export function last(values: Series): number | null {
  return [...values].reverse().find((value) => value !== null) ?? null;
}
