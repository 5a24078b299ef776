import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Follower } from './follow.js';
import type { Comm, Kernel, Spoken } from './line.js';
import { COMM } from './line.js';

type Slot<A> = (sender: unknown, args: A) => void;

class Signal<A> {
  readonly slots = new Set<Slot<A>>();
  connect(slot: Slot<A>): void {
    this.slots.add(slot);
  }
  disconnect(slot: Slot<A>): void {
    this.slots.delete(slot);
  }
  emit(args: A): void {
    this.slots.forEach(slot => slot(null, args));
  }
}

class FakeComm implements Comm {
  isDisposed = false;
  onMsg: (message: { content: { data: unknown } }) => void = () => undefined;
  constructor(private readonly sent: Record<string, unknown>[]) {}
  send(data: Record<string, unknown>): void {
    assert.equal(this.isDisposed, false);
    this.sent.push(data);
  }
  dispose(): void {
    this.isDisposed = true;
  }
}

/** A kernel that may have imported FlexiFlow. */
class FakeKernel implements Kernel {
  isDisposed = false;
  asked = 0;
  comm: FakeComm | null = null;
  answers: (() => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  readonly statusChanged = new Signal<string>();
  readonly connectionStatusChanged = new Signal<string>();
  readonly iopubMessage = new Signal<Spoken>();
  constructor(public imported = false, public busy = false) {}
  requestCommInfo(): Promise<{ content: unknown }> {
    this.asked += 1;
    const reply = { content: { comms: this.imported ? { [COMM]: {} } : {} } };
    if (this.busy) {
      return new Promise(resolve => {
        this.answers = (): void => resolve(reply);
      });
    }
    return Promise.resolve(reply);
  }
  createComm(target: string, id: string): Comm {
    assert.deepEqual([target, id], [COMM, COMM]);
    assert.equal(this.comm?.isDisposed ?? true, true, 'two comms of one id');
    this.comm = new FakeComm(this.sent);
    return this.comm;
  }
  says(data: unknown): void {
    this.comm?.onMsg({ content: { data } });
  }
  hasRunACell(): void {
    this.spoke('status', { execution_state: 'idle' }, 'execute_request');
  }
  spoke(msg_type: string, content: unknown, parent = '', session = 'first'): void {
    const header = { msg_type, session };
    this.iopubMessage.emit({ header, parent_header: { msg_type: parent }, content });
  }
}

class FakeSession {
  readonly kernelChanged = new Signal<void>();
  constructor(public kernel: Kernel | null) {}
  get session(): { kernel: Kernel | null } {
    return this;
  }
  change(kernel: Kernel | null): void {
    this.kernel = kernel;
    this.kernelChanged.slots.forEach(slot => slot(null, undefined));
  }
}

const soon = (): Promise<void> => new Promise(done => queueMicrotask(() => queueMicrotask(done)));
const STATE = { kind: 'state', order: ['cards'], workflows: { cards: { name: 'cards' } } };

async function following(kernel: FakeKernel): Promise<[Follower, FakeSession, () => number]> {
  let changes = 0;
  const follower = new Follower(() => (changes += 1));
  const session = new FakeSession(kernel);
  follower.follow(session);
  await soon();
  return [follower, session, () => changes];
}

describe('a notebook that is followed', () => {
  test('is asked once, and told of', async () => {
    const kernel = new FakeKernel(true);
    const [follower, , changes] = await following(kernel);
    assert.deepEqual(kernel.sent, [{ kind: 'hello' }]);
    const before = changes();
    kernel.says(STATE);
    assert.deepEqual([...follower.flows.keys()], ['cards']);
    kernel.says({ kind: 'nonsense' });
    assert.equal(changes(), before + 1);
    assert.equal(follower.there, 'connected');
  });

  test('is looked at again after each cell until FlexiFlow is imported', async () => {
    const kernel = new FakeKernel();
    const [follower] = await following(kernel);
    assert.equal(follower.there, 'not imported');
    kernel.spoke('status', { execution_state: 'idle' }, 'comm_info_request');
    await soon();
    assert.equal(kernel.asked, 1);
    kernel.imported = true;
    kernel.hasRunACell();
    await soon();
    assert.equal(follower.there, 'connected');
    kernel.hasRunACell();
    await soon();
    assert.equal(kernel.asked, 2);
  });

  test('is found by what it says elsewhere while it is too busy to be asked', async () => {
    const kernel = new FakeKernel(true, true);
    const [follower] = await following(kernel);
    assert.equal(follower.there, 'not imported');
    kernel.spoke('comm_msg', { comm_id: 'another' });
    assert.equal(follower.there, 'not imported');
    kernel.spoke('comm_msg', { comm_id: COMM });
    assert.equal(follower.there, 'connected');
  });

  test('is spoken to while it is busy, and believed to be there when it answers', async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const kernel = new FakeKernel(true, true);
    const [follower] = await following(kernel);
    t.mock.timers.tick(999);
    assert.equal(kernel.comm, null);
    t.mock.timers.tick(1);
    assert.deepEqual(kernel.sent, [{ kind: 'hello' }]);
    assert.equal(follower.there, 'not imported');
    follower.ask('run', 'cards');
    assert.deepEqual(kernel.sent, [{ kind: 'hello' }]); // nothing but a greeting on a guess
    kernel.says(STATE);
    assert.deepEqual([follower.there, follower.flows.size], ['connected', 1]);
  });

  test('is let go of when it was busy and then says that nobody is there', async t => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const kernel = new FakeKernel(false, true);
    const [follower] = await following(kernel);
    t.mock.timers.tick(1000);
    const guess = kernel.comm;
    kernel.answers?.();
    await soon();
    assert.deepEqual([guess?.isDisposed, follower.there], [true, 'not imported']);
    kernel.busy = false;
    kernel.imported = true;
    kernel.hasRunACell();
    await soon();
    assert.equal(follower.there, 'connected');
  });

  test('is forgotten when its kernel is restarted, and found again', async () => {
    const kernel = new FakeKernel(true);
    const [follower] = await following(kernel);
    kernel.says(STATE);
    kernel.says({ kind: 'account', workflow: 'cards', text: 'so' });
    assert.equal(follower.accounts.get('cards'), 'so');
    const old = kernel.comm;
    kernel.imported = false;
    kernel.spoke('comm_msg', { comm_id: COMM });
    kernel.statusChanged.emit('restarting');
    kernel.spoke('comm_msg', { comm_id: COMM }); // the last words of the old one
    assert.equal(follower.there, 'not imported');
    assert.equal(old?.isDisposed, true);
    assert.deepEqual([follower.flows.size, follower.accounts.size], [0, 0]);
    kernel.imported = true;
    kernel.connectionStatusChanged.emit('connected');
    await soon();
    kernel.says(STATE);
    assert.equal(follower.flows.size, 1);
  });

  test('is asked again when it is back while an older question is open', async () => {
    const kernel = new FakeKernel(true, true);
    const [follower] = await following(kernel);
    kernel.busy = false;
    kernel.connectionStatusChanged.emit('connected');
    await soon();
    assert.deepEqual([kernel.asked, follower.there], [2, 'connected']);
    kernel.says(STATE);
    kernel.imported = false;
    kernel.connectionStatusChanged.emit('connected');
    await soon();
    assert.deepEqual([follower.flows.size, follower.there], [0, 'not imported']);
  });

  test('is left when another is in front', async () => {
    const [kernel, other] = [new FakeKernel(true), new FakeKernel(true)];
    const [follower, session] = await following(kernel);
    kernel.says(STATE);
    follower.follow(new FakeSession(other));
    await soon();
    assert.equal(follower.flows.size, 0);
    assert.equal(kernel.comm?.isDisposed, true);
    kernel.says(STATE);
    assert.equal(follower.flows.size, 0);
    const slots = [kernel.iopubMessage, kernel.statusChanged, session.kernelChanged];
    assert.deepEqual(slots.map(it => it.slots.size), [0, 0, 0]);
    follower.follow(null);
    assert.equal(follower.there, 'nothing');
  });

  test('may get another kernel, or none', async () => {
    const [follower, session] = await following(new FakeKernel(true));
    session.change(null);
    assert.equal(follower.there, 'no kernel');
    const kernel = new FakeKernel(true);
    session.change(kernel);
    await soon();
    session.change(kernel);
    assert.equal(kernel.sent.length, 1);
    assert.equal(follower.there, 'connected');
  });
});

describe('what is asked', () => {
  test('is sent, and refusals are said', async () => {
    const kernel = new FakeKernel(true);
    const [follower] = await following(kernel);
    follower.ask('run', 'cards', { jobs: 'photos' });
    const asked = { kind: 'action', action: 'run', workflow: 'cards', jobs: 'photos' };
    assert.deepEqual(kernel.sent.at(-1), asked);
    kernel.says({ kind: 'refused', workflow: 'cards', message: 'a run is under way' });
    assert.equal(follower.said, 'a run is under way');
    kernel.says({ kind: 'copied', folder: '/here', notebooks: ['a', 'b'], kept: 1 });
    assert.match(follower.said, /^2 notebooks were copied to \/here\. 1 were there/);
    follower.ask('pause', 'cards');
    assert.equal(follower.said, '');
  });

  test('cannot be sent to nobody', async () => {
    const [follower] = await following(new FakeKernel());
    follower.ask('run', 'cards');
    assert.match(follower.said, /no kernel to ask/);
  });
});
