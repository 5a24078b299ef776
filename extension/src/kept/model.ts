/**
 * What a kept run is, and how it is read from the JSON in a notebook.
 *
 * The JSON comes from whoever wrote the notebook, so nothing of it is believed: what is not as
 * `flexiflow/kept/schema.json` says is left out or ends the reading with a line for the reader.
 */

export const MIME = 'application/vnd.flexiflow.v1+json';
export const VERSION = 1;

/** The most of each that is drawn, so that no notebook can hold up its page. */
export const MOST = { nodes: 200, candidates: 500, entries: 5000, lines: 100, letters: 400 };

export type Series = readonly (number | null)[];

export interface Band {
  readonly mean: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Candidate {
  /** Place among the candidates of its node, from 0. */
  readonly number: number;
  readonly name: string;
  /** Place in the order, from 0. */
  readonly place: number;
  readonly pass: Band;
  readonly seconds: Band;
  readonly context: number | null;
  readonly a: number | null;
  readonly b: number | null;
  readonly accepted: number | null;
}

export interface Node {
  readonly name: string;
  readonly candidates: readonly Candidate[];
  readonly more: number;
  readonly parents: readonly number[];
  readonly effects: boolean;
  /** Per job that is told of: a candidate, -1 for none, -2 for one that is left out. */
  readonly choice: Series;
}

export interface Assertion {
  readonly text: string;
  readonly scope: readonly number[];
}

export interface Compared {
  readonly name: string;
  readonly seconds: Band | null;
  readonly passed: Band | null;
  readonly worth: Band | null;
}

export interface Job {
  readonly job: string;
  readonly status: string;
  readonly path: string;
  readonly seconds: number | null;
  readonly attempts: number | null;
  readonly switches: number | null;
  readonly rollbacks: number | null;
  readonly worth: number | null;
  readonly reason: string | null;
}

export interface Kept {
  readonly run: {
    readonly workflow: string;
    readonly state: string;
    readonly total: number | null;
    readonly done: number;
    readonly passed: number;
    readonly seconds: number | null;
    readonly error: string | null;
  };
  readonly inputs: readonly { readonly name: string; readonly late: boolean }[];
  readonly nodes: readonly Node[];
  readonly assertions: readonly Assertion[];
  /** Objectives and context, a line each: the word and what was said with it. */
  readonly wanted: readonly (readonly [string, string])[];
  readonly decided: { readonly job: Series; readonly passed: Series };
  readonly outcome: {
    readonly columns: number;
    readonly passedColumns: number;
    readonly switched: number;
    readonly rolledBack: number;
    readonly jobs: Series;
    readonly seconds: Series;
    readonly passed: Series;
    readonly worth: Series;
    readonly single: Compared | null;
    readonly fixed: Compared | null;
  };
  readonly jobs: readonly Job[];
  readonly notices: readonly string[];
}

type Plain = Readonly<Record<string, unknown>>;

/** Read a kept run; a line for the reader where there is none, never an exception. */
export function read(data: unknown): Kept | string {
  if (!isPlain(data) || typeof data['version'] !== 'number') {
    return 'This output says that it is a kept FlexiFlow run, but it holds none. Run its cell again.';
  }
  const { version } = data;
  if (version > VERSION) {
    return (
      `This run was kept in version ${text(String(version))} of its format; this JupyterLab shows ` +
      `version ${VERSION}. Update the package flexiflow where JupyterLab is installed.`
    );
  }
  if (version !== VERSION) {
    return `This run was kept in version ${text(String(version))} of its format, which there never was. Run its cell again.`;
  }
  try {
    return kept(data);
  } catch {
    return 'This kept FlexiFlow run is damaged and cannot be shown. Run its cell again.';
  }
}

function kept(data: Plain): Kept {
  const graph = plain(data['graph']);
  const outcome = plain(data['outcome']);
  const decisions = plain(data['decisions']);
  const beliefs = list(data['beliefs'], MOST.nodes).map(plain);
  const choice = list(decisions['choice'], MOST.nodes);
  const accepted = list(outcome['accepted'], MOST.nodes);
  const nodes = list(graph['nodes'], MOST.nodes).map((node, v) =>
    aNode(plain(node), v, beliefs[v] ?? {}, series(choice[v]), series(accepted[v])),
  );
  return {
    run: aRun(plain(data['run'])),
    inputs: list(graph['inputs']).map(plain).map((i) => ({ name: text(i['name']), late: i['late'] === true })),
    nodes,
    assertions: list(graph['assertions']).map(plain).map((a) => ({
      text: text(a['text']),
      scope: list(a['scope']).filter((v): v is number => isPlace(v, nodes.length)),
    })),
    wanted: wanted(graph),
    decided: { job: series(decisions['job']), passed: series(decisions['passed']) },
    outcome: {
      columns: count(outcome['columns']),
      passedColumns: count(outcome['passed_columns']),
      switched: count(outcome['switched']),
      rolledBack: count(outcome['rolled_back']),
      jobs: series(outcome['jobs']),
      seconds: series(outcome['seconds']),
      passed: series(outcome['passed']),
      worth: series(outcome['worth']),
      single: compared(outcome['single']),
      fixed: compared(outcome['fixed']),
    },
    jobs: list(data['jobs']).map(plain).map(aJob),
    notices: list(data['notices']).map(text),
  };
}

function aRun(run: Plain): Kept['run'] {
  return {
    workflow: text(run['workflow']),
    state: text(run['state']),
    total: finite(run['total']),
    done: count(run['done']),
    passed: count(run['passed']),
    seconds: finite(run['seconds']),
    error: run['error'] == null ? null : text(run['error']),
  };
}

function aNode(node: Plain, v: number, beliefs: Plain, choice: Series, accepted: Series): Node {
  const names = list(node['candidates'], MOST.candidates).map(text);
  const of = (name: string): Series => series(beliefs[name]);
  const order = [...new Set([...of('order'), ...names.keys()])].filter((c) => isPlace(c, names.length));
  const bands = (name: string): Band[] => {
    const [mean, low, high] = [of(name), of(`${name}_low`), of(`${name}_high`)];
    return names.map((_, c) => ({ mean: mean[c] ?? null, low: low[c] ?? null, high: high[c] ?? null }));
  };
  const [pass, seconds, context, a, b] = [bands('pass'), bands('seconds'), of('context'), of('a'), of('b')];
  return {
    name: text(node['name']),
    candidates: names.map((name, c) => ({
      number: c,
      name,
      place: order.indexOf(c),
      pass: pass[c] as Band,
      seconds: seconds[c] as Band,
      context: context[c] ?? null,
      a: a[c] ?? null,
      b: b[c] ?? null,
      accepted: accepted[c] ?? null,
    })),
    more: count(node['more']),
    parents: list(node['parents']).filter((p): p is number => isPlace(p, v)),
    effects: node['effects'] === true,
    choice,
  };
}

function wanted(graph: Plain): (readonly [string, string])[] {
  const objectives = list(graph['objectives']).map(plain).map((o) => {
    const weight = finite(o['weight']) ?? 1;
    return [o['sign'] === -1 ? 'minimize' : 'maximize', `${text(o['text'])}${weight === 1 ? '' : ` × ${weight}`}`] as const;
  });
  const context = list(graph['context']).map(text).join(', ');
  return context ? [...objectives, ['context', context] as const] : objectives;
}

function compared(data: unknown): Compared | null {
  if (!isPlain(data)) return null;
  const [seconds, passed, worth] = ['seconds', 'passed', 'worth'].map((name) => {
    const ends = data[name];
    if (!Array.isArray(ends)) return null;
    const [mean, low, high] = ends.map(finite);
    return mean == null ? null : { mean, low: low ?? mean, high: high ?? mean };
  }) as [Band | null, Band | null, Band | null];
  return { name: text(data['name']), seconds, passed, worth };
}

function aJob(job: Plain): Job {
  return {
    job: text(job['job']),
    status: text(job['status']),
    path: text(job['path']),
    seconds: finite(job['seconds']),
    attempts: finite(job['attempts']),
    switches: finite(job['switches']),
    rollbacks: finite(job['rollbacks']),
    worth: finite(job['worth']),
    reason: job['reason'] == null ? null : text(job['reason']),
  };
}

/** Numbers on one line: `"0.93 - 2"` is 0.93, nothing and 2. */
export function series(data: unknown): Series {
  if (typeof data !== 'string' || !data) return [];
  return data.split(' ', MOST.entries).map((part) => finite(part === '' ? null : Number(part)));
}

const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]/gu;

/** A text of bounded length; what cannot be printed, or would reorder the line, is made visible. */
export function text(data: unknown): string {
  const said = typeof data === 'string' ? data : typeof data === 'number' ? String(data) : '';
  const short = [...said.slice(0, 2 * MOST.letters)].slice(0, MOST.letters).join('');
  return `${short}${short.length < said.length ? '…' : ''}`.replace(UNPRINTABLE, '\ufffd');
}

function finite(data: unknown): number | null {
  return typeof data === 'number' && Number.isFinite(data) ? data : null;
}

function count(data: unknown): number {
  return Math.max(0, Math.round(finite(data) ?? 0));
}

function isPlace(data: unknown, many: number): data is number {
  return typeof data === 'number' && Number.isInteger(data) && data >= 0 && data < many;
}

function isPlain(data: unknown): data is Plain {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

function plain(data: unknown): Plain {
  return isPlain(data) ? data : {};
}

function list(data: unknown, most: number = MOST.lines): unknown[] {
  return Array.isArray(data) ? data.slice(0, most) : [];
}
