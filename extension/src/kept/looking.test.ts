import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read, type Kept } from './model.js';
import { FIRST, Looking } from './looking.js';
import { candidateLines, changes, comparison, heading } from './said.js';

function run(nodes: readonly (readonly [name: string, order: readonly number[]])[], more: object = {}): Kept {
  const kept = read({
    version: 1,
    run: { workflow: 'cards', state: 'done', total: 4, done: 4, passed: 3, seconds: 2 },
    graph: { nodes: nodes.map(([name, order]) => ({ name, candidates: order.map((_, k) => `c${k}`), parents: [] })) },
    beliefs: nodes.map(([, order]) => ({ order: order.join(' ') })),
    ...more,
  });
  assert(typeof kept !== 'string');
  return kept;
}
const names = (candidates: readonly { name: string }[]): string[] => candidates.map((c) => c.name);
const TWELVE = Array.from({ length: 12 }, (_, k) => 11 - k);

test('the first node with a choice is looked at, its first candidates are on', () => {
  const looking = new Looking(run([['one', [0]], ['many', TWELVE]]));
  assert.equal(looking.chosen?.name, 'many');
  assert.deepEqual(names(looking.shown()), TWELVE.slice(0, FIRST).map((k) => `c${k}`));
  assert.deepEqual(names(looking.ordered()), TWELVE.map((k) => `c${k}`));
  assert.deepEqual(names(looking.shown(0)), ['c0']);
});

test('candidates are switched on and off', () => {
  const looking = new Looking(run([['many', TWELVE]]));
  const [first, last] = [looking.ordered()[0]!, looking.ordered()[11]!];
  looking.toggle(first);
  looking.toggle(last);
  assert.deepEqual([looking.isOn(first), looking.isOn(last)], [false, true]);
  assert.equal(looking.shown().length, FIRST);
  looking.only(1);
  assert.deepEqual(names(looking.shown()), [first.name]);
  looking.only(12);
  assert.equal(looking.shown().length, 12);
});

test('what was looked at stays when the run goes on', () => {
  const before = new Looking(run([['a', [0, 1]], ['b', [0, 1, 2]]]));
  before.choose(1);
  before.toggle(before.ordered()[0]!);
  before.choose(7);
  const after = new Looking(run([['a', [1, 0]], ['b', [2, 1, 0]]]));
  after.follow(before);
  assert.equal(after.chosen?.name, 'b');
  assert.deepEqual(names(after.shown()), ['c2', 'c1']);
  const other = new Looking(run([['z', [0, 1]]]));
  other.follow(after);
  assert.equal(other.chosen?.name, 'z');
  assert.equal(other.shown().length, 2);
});

test('without nodes there is nothing to look at', () => {
  const looking = new Looking(run([]));
  assert.equal(looking.chosen, undefined);
  assert.deepEqual(looking.shown(), []);
  looking.only(3);
});

test('where the run stood, in words', () => {
  assert.equal(heading(run([])), 'cards: done, 4 jobs, 75 % passed, 500 ms a job');
  const early = { workflow: 'cards', state: 'paused', total: 10, done: 1, passed: 1, seconds: null };
  assert.equal(heading(run([], { run: early })), 'cards: paused, 1 of 10 jobs, 100 % passed');
  assert.equal(heading(run([], { run: { workflow: 'w', state: 'failed', done: 0 } })), 'w: failed, 0 jobs');
});

test('a candidate in words', () => {
  const [candidate] = run([['a', [0]]], { beliefs: [{ pass: '0.9', pass_low: '0.8', pass_high: '0.95', a: '9', b: '1' }], outcome: { accepted: ['3'] } }).nodes[0]!.candidates;
  assert.deepEqual(candidateLines(candidate!, 4), [
    '1. c0', 'passes 90 % (80 %: 80 % to 95 %)', 'takes not known yet', 'accepted in 3 of 4 jobs that passed (75 %)', 'Beta(9, 1)',
  ]);
});

test('what the run is compared with', () => {
  const outcome = {
    columns: 4, switched: 1, rolled_back: 2, worth: '0.5 0.25 -',
    single: { name: 'c1', seconds: [1, 0.5, 2], passed: [0.5, 0.25, 0.75], worth: null }, fixed: null,
  };
  const kept = run([], { outcome });
  assert.equal(changes(kept), 'Of 4 jobs 25 % (1) switched and 50 % (2) rolled back.');
  assert.equal(changes(run([])), '');
  assert.deepEqual(comparison(kept), [
    { kind: 'this', name: 'this run', detail: '', seconds: '500 ms', passed: '75 %', worth: '0.25' },
    { kind: 'single', name: 'best single configuration', detail: 'c1', seconds: '1 s (80 %: 500 ms to 2 s)', passed: '50 % (80 %: 25 % to 75 %)', worth: '–' },
  ]);
});
