/** Numbers and states in words. */

import type { Best, Candidate, Flow, Run, Three } from './messages.js';

export const OVER: ReadonlySet<string> = new Set(['done', 'failed']);

const STATES: Readonly<Record<string, string>> = {
  running: 'Running',
  paused: 'Paused',
  stopping: 'Stopping',
  done: 'Done',
  failed: 'Failed'
};

/** A share in per cent; no more digits than matter. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 99.95 && (value >= 99 || value < 1) ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** Seconds in the unit in which they read well. */
export function seconds(value: number): string {
  const [many, unit] =
    value >= 1 ? [value, 's'] : value >= 1e-3 ? [value * 1e3, 'ms'] : [value * 1e6, 'µs'];
  return `${many >= 100 ? many.toFixed(0) : many >= 10 ? many.toFixed(1) : many.toFixed(2)} ${unit}`;
}

const interval = (three: Three, say: (value: number) => string): string =>
  `${say(three[0])} (${say(three[1])} to ${say(three[2])})`;

/** Where a run stands, in one word. */
export const stateOf = (run: Run | null): string =>
  run === null ? 'No run yet' : (STATES[run.state] ?? run.state);

/** How far a run is and what it brought. */
export function progress(run: Run): string {
  const jobs = run.total === null ? `${run.done} jobs` : `${run.done} of ${run.total} jobs`;
  const told = [jobs];
  if (run.passed !== null) {
    told.push(`${percent(run.passed)} passed`);
  }
  if (run.seconds !== null) {
    told.push(`${seconds(run.seconds)} a job`);
  }
  return told.join(' · ');
}

/** What the best single configuration would have brought on the same jobs. */
export function alone(best: Best): string {
  const told = [`Best single: ${best.configuration}`];
  if (best.passed !== null) {
    told.push(`${interval(best.passed, percent)} passed`);
  }
  if (best.seconds !== null) {
    told.push(`${seconds(best.seconds[0])} a job`);
  }
  return told.join(' · ');
}

/** The job under way. */
export function atHand(run: Run): string {
  if (run.job === null) {
    return '';
  }
  const at = run.job.node === null ? '' : `, at ${run.job.node}`;
  return `Job ${run.job.id}${at}${run.job.path ? `: ${run.job.path}` : ''}`;
}

/** A candidate with all its numbers, for who hovers over it or has it read out. */
export function full(candidate: Candidate, place: number): string {
  const told = [`${place}. ${candidate.name}${candidate.tag ? ` (${candidate.tag})` : ''}`];
  if (candidate.pass !== null) {
    told.push(`passes ${interval(candidate.pass, percent)}`);
  }
  told.push(
    candidate.seconds === null ? 'not tried yet' : `takes ${interval(candidate.seconds, seconds)}`
  );
  return told.join(', ');
}

/** The workflow that a command without a name means: one that runs, else the latest defined. */
export function meant(flows: ReadonlyMap<string, Flow>): string | null {
  const variables = [...flows.keys()].reverse();
  const under = variables.find(it => {
    const run = flows.get(it)?.run;
    return run != null && !OVER.has(run.state);
  });
  return under ?? variables[0] ?? null;
}

/** The jobs that Run means where none were chosen: those of the last run, else the latest made. */
export const meantJobs = (flow: Flow): string | null => flow.chosen ?? flow.jobs[0] ?? null;
