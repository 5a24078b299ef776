import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Flow } from './messages.js';
import { merged, read } from './messages.js';

const FLOW = {
  name: 'cards',
  cell: { id: 'abc', number: 3 },
  nodes: [
    {
      name: 'text',
      candidates: [{ name: 'ocr', pass: [0.5, 0.25, 0.75], seconds: null, tag: 'pinned' }],
      more: 2
    }
  ],
  run: {
    state: 'running', done: 4, total: 9, passed: 0.75, seconds: 0.01, error: null,
    job: { id: 'r-3', path: 'ocr', node: 'text' }
  },
  best: { configuration: 'ocr', passed: [0.5, 0.4, 0.6], seconds: [0.1, 0.05, 0.2] },
  notices: ['look'],
  jobs: ['photos'],
  chosen: null
};

const state = (workflows: unknown, order: unknown = ['cards']): unknown => ({
  kind: 'state',
  order,
  workflows
});

describe('what the kernel says', () => {
  test('is read as it was said', () => {
    const message = read(state({ cards: FLOW }));
    assert(message?.kind === 'state');
    assert.deepEqual(message.workflows.get('cards'), FLOW);
  });

  for (const odd of [null, 7, 'text', [], {}, { kind: 'eval' }, { kind: ['state'] }]) {
    test(`is dropped where it is no message: ${JSON.stringify(odd)}`, () => {
      assert.equal(read(odd), null);
    });
  }

  test('is text and numbers, whatever came', () => {
    const wrong = {
      name: 7, cell: 'x', run: 'done', best: [], notices: 'no', jobs: [1, 'photos', null],
      nodes: [null, { name: {}, candidates: [{ pass: [0.5, 'x', 1], seconds: [1, 2], tag: 'x' }] }]
    };
    const message = read(state({ cards: wrong }, ['cards', 5]));
    assert(message?.kind === 'state');
    assert.deepEqual(message.order, ['cards']);
    assert.deepEqual(message.workflows.get('cards'), {
      name: '', cell: { id: null, number: null }, run: null, best: null, notices: [],
      jobs: ['photos'], chosen: null,
      nodes: [
        { name: '', candidates: [], more: 0 },
        { name: '', candidates: [{ name: '', pass: null, seconds: null, tag: '' }], more: 0 }
      ]
    });
  });

  test('may be an answer', () => {
    assert.deepEqual(read({ kind: 'refused', workflow: null, message: 'no' }), {
      kind: 'refused', workflow: null, message: 'no'
    });
    assert.deepEqual(read({ kind: 'account', workflow: 'cards', text: 'so' }), {
      kind: 'account', workflow: 'cards', text: 'so'
    });
  });
});

describe('workflows', () => {
  const flow = (name: string): Flow => {
    const message = read(state({ it: { ...FLOW, name } }));
    assert(message?.kind === 'state');
    const found = message.workflows.get('it');
    assert(found);
    return found;
  };

  test('that are told of anew replace the old ones; the others stay; those gone go', () => {
    const before = new Map([['a', flow('a')], ['b', flow('b')], ['gone', flow('gone')]]);
    const workflows = new Map([['b', flow('new b')], ['c', flow('c')]]);
    const after = merged(before, { order: ['b', 'a', 'c'], workflows });
    assert.deepEqual([...after].map(([v, it]) => [v, it.name]), [
      ['b', 'new b'], ['a', 'a'], ['c', 'c']
    ]);
    assert.equal(after.get('a'), before.get('a'));
  });

  test('that were never told of are not made up', () => {
    assert.equal(merged(new Map(), { order: ['a'], workflows: new Map() }).size, 0);
  });
});
