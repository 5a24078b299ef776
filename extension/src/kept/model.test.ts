import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MOST, read, series, text, VERSION, type Kept } from './model.js';

const RUN = {
  version: VERSION,
  run: { workflow: 'cards', id: 'r', state: 'done', total: 4, done: 4, passed: 3, seconds: 2, error: null },
  graph: {
    inputs: [{ name: 'image', late: false }],
    nodes: [
      { name: 'picture', candidates: ['grey', 'red'], more: 0, parents: [], effects: false },
      { name: 'text', candidates: ['slow'], more: 3, parents: [0, 1, -1, 7], effects: true },
    ],
    assertions: [{ text: 'ok(text)', scope: [0, 1, 9], at: 1 }],
    objectives: [{ text: 'runtime', sign: -1, weight: 0.1 }],
    context: ['size(image)'],
  },
  beliefs: [
    { order: '1 0', pass: '0.5 0.9', pass_low: '0.4 0.8', pass_high: '0.6 -', seconds: '- 2', seconds_low: '', seconds_high: '', context: '', a: '5 9', b: '5 1' },
    {},
  ],
  decisions: { job: '0 2 3', choice: ['0 -1 1', '0 -1 -2'], passed: '1 0 1' },
  outcome: { columns: 4, passed_columns: 3, accepted: ['2 1'], switched: 1, rolled_back: 0, jobs: '1 4', seconds: '1 0.5', passed: '1 0.75', worth: '- -', single: null, fixed: { name: 'x', seconds: [1, 0.5, null], passed: null, worth: ['a'] } },
  jobs: [{ job: '7', status: 'passed', path: 'grey > slow', seconds: 0.5, attempts: 2, switches: 0, rollbacks: 0, worth: null, reason: null }],
  notices: ['grey dominates'],
};

const found = (data: unknown): Kept => {
  const kept = read(data);
  assert(typeof kept !== 'string', String(kept));
  return kept;
};
/** The run with one part of it, named by its path, put in place of what is there. */
const without = (path: readonly string[], instead: unknown): unknown => {
  const copy = structuredClone(RUN) as Record<string, unknown>;
  let at = copy;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[path[path.length - 1] as string] = instead;
  return copy;
};

describe('reading', () => {
  test('joins what is told of each candidate', () => {
    const [picture, reading] = found(RUN).nodes;
    assert.deepEqual(picture?.candidates[0], {
      number: 0, name: 'grey', place: 1, pass: { mean: 0.5, low: 0.4, high: 0.6 },
      seconds: { mean: null, low: null, high: null }, context: null, a: 5, b: 5, accepted: 2,
    });
    assert.equal(picture?.candidates[1]?.pass.high, null);
    assert.equal(reading?.candidates[0]?.place, 0);
    assert.deepEqual([reading?.more, reading?.effects], [3, true]);
    assert.deepEqual(reading?.choice, [0, -1, -2]);
  });
  test('leaves out places that there are not', () => {
    const kept = found(RUN);
    assert.deepEqual(kept.nodes[1]?.parents, [0]);
    assert.deepEqual(kept.assertions[0]?.scope, [0, 1]);
  });
  test('a band without its ends is its mean', () => {
    const { fixed } = found(RUN).outcome;
    assert.deepEqual(fixed?.seconds, { mean: 1, low: 0.5, high: 1 });
    assert.deepEqual([fixed?.passed, fixed?.worth], [null, null]);
  });
  test('what is no run, newer or of no version is a line', () => {
    for (const data of [null, undefined, 7, 'x', [], {}, { version: '1' }]) assert.match(String(read(data)), /holds none/);
    assert.match(String(read({ version: 2 })), /version 2 .* shows version 1\. Update/);
    for (const version of [0, -1, 0.5]) assert.match(String(read({ version })), /never was/);
    assert.match(String(read({ version: NaN })), /never was/);
  });
  test('no part can be so wrong that it throws', () => {
    const parts = [
      ...Object.keys(RUN).filter((k) => k !== 'version').map((k) => [k]),
      ...Object.keys(RUN.graph).map((k) => ['graph', k]),
      ...Object.keys(RUN.outcome).map((k) => ['outcome', k]),
      ...Object.keys(RUN.decisions).map((k) => ['decisions', k]),
      ['graph', 'nodes', '0'], ['beliefs', '0'], ['graph', 'nodes', '0', 'candidates'],
    ];
    const wrong = [null, undefined, 7, NaN, 'x', [], {}, [null], [[]], [{}], true, { length: 1e9 }];
    for (const path of parts) for (const value of wrong) found(without(path, value));
  });
  test('nothing of it can be without end', () => {
    const many = Array.from({ length: 9000 }, (_, k) => `c${k}`);
    const node = { name: 'n'.repeat(9000), candidates: many, parents: [] };
    const kept = found(without(['graph', 'nodes'], new Array(900).fill(node)));
    assert.equal(kept.nodes.length, MOST.nodes);
    assert.equal(kept.nodes[0]?.candidates.length, MOST.candidates);
    assert.equal(kept.nodes[0]?.name.length, MOST.letters + 1);
  });
});

test('a series is numbers, and nothing where there is none', () => {
  assert.deepEqual(series('0.93 - 2 -1 1e-07'), [0.93, null, 2, -1, 1e-7]);
  assert.deepEqual(series('NaN Infinity  x 1e999'), [null, null, null, null, null]);
  assert.deepEqual(series(''), []);
  assert.deepEqual(series([1, 2]), []);
  assert.equal(series('1 '.repeat(99999)).length, MOST.entries);
});

test('what would reorder a line or cannot be printed is made visible', () => {
  assert.equal(text('a\u202eb\u0000c\ud800'), 'a\ufffdb\ufffdc\ufffd');
  assert.equal(text('<img src=x> 日本 😀'), '<img src=x> 日本 😀');
  assert.equal(text({ toString: () => 'x' }), '');
});
