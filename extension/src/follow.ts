/** What is known of the notebook at hand, brought up to date as its kernel speaks. */

import type { Kernel } from './line.js';
import { Line } from './line.js';
import type { Flow } from './messages.js';
import { merged, read } from './messages.js';

interface Changes {
  connect(slot: () => void): unknown;
  disconnect(slot: () => void): unknown;
}

/** The little of a notebook's session that is needed here. */
export interface Session {
  readonly session: { readonly kernel: Kernel | null } | null;
  readonly kernelChanged: Changes;
}

/** Follows one notebook at a time: its kernel, through changes of kernel and restarts. */
export class Follower {
  /** The notebook's workflows by variable, in the order in which they were defined. */
  flows: ReadonlyMap<string, Flow> = new Map();
  /** The latest account of a job, by workflow. */
  readonly accounts = new Map<string, string>();
  /** What is to be said to the user, empty if nothing. */
  said = '';

  private session: Session | null = null;
  private kernel: Kernel | null = null;
  private line: Line | null = null;

  /** @param changed Called whenever something is different. */
  constructor(private readonly changed: () => void) {}

  /** What there is to follow: nothing, a notebook without FlexiFlow in it, or one that has it. */
  get there(): 'nothing' | 'no kernel' | 'not imported' | 'connected' {
    if (this.session === null) {
      return 'nothing';
    }
    if (this.kernel === null) {
      return 'no kernel';
    }
    return this.line?.connected ? 'connected' : 'not imported';
  }

  /** Follow the session of another notebook, or none. */
  follow(session: Session | null): void {
    if (session === this.session) {
      return;
    }
    this.session?.kernelChanged.disconnect(this.onKernel);
    this.session = session;
    session?.kernelChanged.connect(this.onKernel);
    this.onKernel();
  }

  /** Have an action carried out; what comes of it is heard later. */
  ask(action: string, workflow: string | null, more: Record<string, unknown> = {}): void {
    this.say('');
    if (!this.line?.send({ kind: 'action', action, workflow, ...more })) {
      this.say('There is no kernel to ask here that has imported flexiflow.');
    }
  }

  /** Say something to the user. */
  say(text: string): void {
    this.said = text;
    this.changed();
  }

  private readonly onKernel = (): void => {
    const kernel = this.session?.session?.kernel ?? null;
    if (kernel !== null && kernel === this.kernel) {
      return;
    }
    this.line?.dispose();
    this.kernel = kernel;
    this.line = null;
    this.forget();
    if (kernel !== null) {
      this.line = new Line(kernel, this.onHeard, this.forget);
    }
  };

  private readonly forget = (): void => {
    this.flows = new Map();
    this.accounts.clear();
    this.say('');
  };

  private readonly onHeard = (data: unknown): void => {
    const message = read(data);
    switch (message?.kind) {
      case 'state':
        this.flows = merged(this.flows, message);
        break;
      case 'refused':
        this.said = message.message;
        break;
      case 'account':
        this.accounts.set(message.workflow, message.text);
        break;
      case 'copied':
        this.said = copied(message);
        break;
      case undefined:
        return;
    }
    this.changed();
  };
}

function copied(message: { folder: string; notebooks: string[]; kept: number }): string {
  const many = message.notebooks.length;
  const there = message.kept > 0 ? ` ${message.kept} were there already and are as they were.` : '';
  return `${many} notebooks were copied to ${message.folder}.${there}`;
}
