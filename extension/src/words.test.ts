import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dashboardCell, isName, logCell, workflowCells } from './code.js';
import { placeOf } from './desk.js';
import type { Flow, Run } from './messages.js';
import { alone, atHand, full, meant, meantJobs, percent, progress, seconds, stateOf } from './words.js';

const RUN: Run = {
  state: 'running', done: 4, total: 9, passed: 0.75, seconds: 0.0123, error: null, job: null
};
const FLOW: Flow = {
  name: 'cards', cell: { id: null, number: null }, nodes: [], run: null, best: null, notices: [],
  jobs: ['photos', 'others'], chosen: null
};

describe('numbers', () => {
  test('shares have the digits that matter', () => {
    const shares = [0, 0.004, 0.5, 0.986, 0.9912, 0.99999, 1];
    assert.deepEqual(shares.map(percent), [
      '0 %', '0.4 %', '50 %', '99 %', '99.1 %', '100 %', '100 %'
    ]);
  });

  test('seconds have the unit that fits', () => {
    assert.deepEqual([12.34, 1, 0.0123, 0.2, 5e-6].map(seconds), [
      '12.3 s', '1.00 s', '12.3 ms', '200 ms', '5.00 µs'
    ]);
  });
});

describe('a run in words', () => {
  test('says how far it is', () => {
    assert.equal(progress(RUN), '4 of 9 jobs · 75 % passed · 12.3 ms a job');
    const begun = { ...RUN, done: 0, total: null, passed: null, seconds: null };
    assert.equal(progress(begun), '0 jobs');
    assert.equal(stateOf(null), 'No run yet');
    assert.equal(stateOf(RUN), 'Running');
  });

  test('says what is at hand, and what doing without would have brought', () => {
    assert.equal(atHand(RUN), '');
    const job = { id: 'r-1', path: 'grey > ocr', node: 'text' };
    assert.equal(atHand({ ...RUN, job }), 'Job r-1, at text: grey > ocr');
    const best = { configuration: 'ocr', passed: [0.5, 0.4, 0.6], seconds: null } as const;
    assert.equal(alone(best), 'Best single: ocr · 50 % (40 % to 60 %) passed');
  });

  test('says all of a candidate', () => {
    const tried = { name: 'ocr', pass: [0.5, 0.4, 0.6], seconds: [2, 1, 3], tag: 'banned' } as const;
    assert.equal(
      full(tried, 2),
      '2. ocr (banned), passes 50 % (40 % to 60 %), takes 2.00 s (1.00 s to 3.00 s)'
    );
    assert.match(full({ ...tried, seconds: null }, 1), /not tried yet$/);
  });
});

describe('what is meant', () => {
  test('is the workflow that runs, else the latest', () => {
    const running = { ...FLOW, run: RUN };
    assert.equal(meant(new Map()), null);
    assert.equal(meant(new Map([['a', FLOW], ['b', FLOW]])), 'b');
    assert.equal(meant(new Map([['a', running], ['b', FLOW]])), 'a');
    const over = { ...FLOW, run: { ...RUN, state: 'done' } };
    assert.equal(meant(new Map([['a', over], ['b', FLOW]])), 'b');
  });

  test('are the jobs of the last run, else the latest made', () => {
    assert.equal(meantJobs(FLOW), 'photos');
    assert.equal(meantJobs({ ...FLOW, chosen: 'others' }), 'others');
    assert.equal(meantJobs({ ...FLOW, jobs: [] }), null);
  });
});

describe('cells', () => {
  test('hold only plain names of the notebook', () => {
    assert.equal(dashboardCell('cards'), 'cards.last_run.show()');
    assert.equal(logCell('größe_2'), 'größe_2.log()');
    for (const odd of ['', '2x', 'a.b', 'x;y', 'x\ny', 'x()', '__import__("os")', 'a b', 'x#']) {
      assert.equal(isName(odd), false, odd);
      assert.equal(dashboardCell(odd), null);
      assert.equal(logCell(odd), null);
    }
  });

  test('are one in plain Python, or two with the magic', () => {
    const [python, ...none] = workflowCells('python');
    assert.equal(none.length, 0);
    assert.match(python ?? '', /^import flexiflow\n[^]*@flexiflow\.workflow\ndef /);
    const [first, second] = workflowCells('magic');
    assert.match(first ?? '', /^%load_ext flexiflow\n/);
    assert.match(second ?? '', /^%%flexiflow my_workflow\(text\)\n/);
  });

  test('are found by id, or by number where no id is known', () => {
    const cells = ['a', 'b', 'c'].map((id, k) => ({ model: { id, executionCount: k + 5 } }));
    assert.equal(placeOf(cells, { id: 'b', number: 5 }), 1);
    assert.equal(placeOf(cells, { id: null, number: 7 }), 2);
    assert.equal(placeOf(cells, { id: 'gone', number: 5 }), -1);
    assert.equal(placeOf(cells, { id: null, number: null }), -1);
  });
});
