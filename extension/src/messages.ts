/** What the kernel tells of a notebook's workflows, read with care: it is only data. */

/** A mean with the ends of its 80 % interval. */
export type Three = readonly [number, number, number];

export interface Candidate {
  readonly name: string;
  readonly pass: Three | null;
  readonly seconds: Three | null;
  readonly tag: '' | 'pinned' | 'banned';
}

export interface FlowNode {
  readonly name: string;
  readonly candidates: readonly Candidate[];
  readonly more: number;
}

export interface Run {
  readonly state: string;
  readonly done: number;
  readonly total: number | null;
  readonly passed: number | null;
  readonly seconds: number | null;
  readonly error: string | null;
  readonly job: { readonly id: string; readonly path: string; readonly node: string | null } | null;
}

export interface Best {
  readonly configuration: string;
  readonly passed: Three | null;
  readonly seconds: Three | null;
}

export interface Flow {
  readonly name: string;
  readonly cell: { readonly id: string | null; readonly number: number | null };
  readonly nodes: readonly FlowNode[];
  readonly run: Run | null;
  readonly best: Best | null;
  readonly notices: readonly string[];
  readonly jobs: readonly string[];
  readonly chosen: string | null;
}

export type Message =
  | { kind: 'state'; order: string[]; workflows: Map<string, Flow> }
  | { kind: 'refused'; workflow: string | null; message: string }
  | { kind: 'account'; workflow: string; text: string }
  | { kind: 'copied'; folder: string; notebooks: string[]; kept: number };

type Fields = Record<string, unknown>;

const isFields = (it: unknown): it is Fields =>
  typeof it === 'object' && it !== null && !Array.isArray(it);
const fields = (it: unknown): Fields => (isFields(it) ? it : {});
const list = (it: unknown): unknown[] => (Array.isArray(it) ? it : []);
const text = (it: unknown): string => (typeof it === 'string' ? it : '');
const textOrNull = (it: unknown): string | null => (typeof it === 'string' ? it : null);
const texts = (it: unknown): string[] => list(it).filter(x => typeof x === 'string');
const number = (it: unknown): number | null =>
  typeof it === 'number' && Number.isFinite(it) ? it : null;

function three(it: unknown): Three | null {
  const [mean, low, high] = list(it).map(number);
  return mean == null || low == null || high == null ? null : [mean, low, high];
}

function candidate(it: unknown): Candidate {
  const { name, pass, seconds, tag } = fields(it);
  return {
    name: text(name),
    pass: three(pass),
    seconds: three(seconds),
    tag: tag === 'pinned' || tag === 'banned' ? tag : ''
  };
}

function node(it: unknown): FlowNode {
  const { name, candidates, more } = fields(it);
  return { name: text(name), candidates: list(candidates).map(candidate), more: number(more) ?? 0 };
}

function run(it: unknown): Run | null {
  if (!isFields(it)) {
    return null;
  }
  const job = isFields(it.job)
    ? { id: text(it.job.id), path: text(it.job.path), node: textOrNull(it.job.node) }
    : null;
  return {
    state: text(it.state),
    done: number(it.done) ?? 0,
    total: number(it.total),
    passed: number(it.passed),
    seconds: number(it.seconds),
    error: textOrNull(it.error),
    job
  };
}

function best(it: unknown): Best | null {
  if (!isFields(it)) {
    return null;
  }
  const { configuration, passed, seconds } = it;
  return { configuration: text(configuration), passed: three(passed), seconds: three(seconds) };
}

function flow(it: unknown): Flow {
  const fact = fields(it);
  const cell = fields(fact.cell);
  return {
    name: text(fact.name),
    cell: { id: textOrNull(cell.id), number: number(cell.number) },
    nodes: list(fact.nodes).map(node),
    run: run(fact.run),
    best: best(fact.best),
    notices: texts(fact.notices),
    jobs: texts(fact.jobs),
    chosen: textOrNull(fact.chosen)
  };
}

/** A message of the kernel; null if it is none that is known here. */
export function read(data: unknown): Message | null {
  const it = fields(data);
  switch (it.kind) {
    case 'state': {
      const told = Object.entries(fields(it.workflows));
      const workflows = new Map(told.map(([variable, fact]) => [variable, flow(fact)]));
      return { kind: 'state', order: texts(it.order), workflows };
    }
    case 'refused':
      return { kind: 'refused', workflow: textOrNull(it.workflow), message: text(it.message) };
    case 'account':
      return { kind: 'account', workflow: text(it.workflow), text: text(it.text) };
    case 'copied': {
      const notebooks = texts(it.notebooks);
      return { kind: 'copied', folder: text(it.folder), notebooks, kept: number(it.kept) ?? 0 };
    }
    default:
      return null;
  }
}

/** The workflows after a message: those told of anew, the others as they were, in order. */
export function merged(
  before: ReadonlyMap<string, Flow>,
  message: { order: string[]; workflows: ReadonlyMap<string, Flow> }
): Map<string, Flow> {
  const after = new Map<string, Flow>();
  for (const variable of message.order) {
    const it = message.workflows.get(variable) ?? before.get(variable);
    if (it !== undefined) {
      after.set(variable, it);
    }
  }
  return after;
}
