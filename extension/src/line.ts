/**
 * The line to one kernel: it finds the comm that waits there and speaks to it.
 *
 * The comm is there as soon as FlexiFlow is imported in the kernel. It is looked for when the line
 * is made, after each cell that has run, and when the kernel is back; it is also found by what it
 * says to another page, in a kernel that is too busy to be asked. A kernel that does not answer for
 * a while is spoken to as if the comm were there: where it is, it has a shell of its own and hears
 * it while a cell runs. It is never opened or closed from here, so it serves as many pages as there
 * are.
 */

export const COMM = 'flexiflow-sidebar';

interface Signal<A> {
  connect(slot: (sender: unknown, args: A) => void): unknown;
  disconnect(slot: (sender: unknown, args: A) => void): unknown;
}

export interface Comm {
  readonly isDisposed: boolean;
  readonly subshellStarted?: Promise<void>;
  onMsg: (message: { content: { data: unknown } }) => void;
  send(data: Record<string, unknown>): unknown;
  dispose(): void;
}

export interface Spoken {
  readonly header: { readonly msg_type: string; readonly session?: string };
  readonly parent_header: { readonly msg_type?: string };
  readonly content: unknown;
}

export interface Kernel {
  readonly isDisposed: boolean;
  readonly statusChanged: Signal<string>;
  readonly connectionStatusChanged: Signal<string>;
  readonly iopubMessage: Signal<Spoken>;
  requestCommInfo(content: { target_name: string }): Promise<{ content: unknown }>;
  createComm(target: string, id: string): Comm;
  hasComm?(id: string): boolean;
}

const PATIENCE = 1000; // ms until a kernel that was asked is taken to be busy

const GONE: ReadonlySet<string> = new Set(['restarting', 'autorestarting', 'terminating', 'dead']);

export class Line {
  private comm: Comm | null = null;
  private guessed = false; // whether it is not known that the comm is there
  private round = 0; // one more whenever the kernel may have become another
  private looking = -1; // the round in which the kernel is being asked
  private speaker = ''; // the kernel process that was heard last
  private ended = ''; // the one that has ended: what is still heard of it says nothing
  private disposed = false;

  /**
   * @param kernel The kernel.
   * @param heard Called with what the kernel says.
   * @param lost Called when there is nobody any more to speak to.
   */
  constructor(
    private readonly kernel: Kernel,
    private readonly heard: (data: unknown) => void,
    private readonly lost: () => void
  ) {
    kernel.statusChanged.connect(this.onStatus);
    kernel.connectionStatusChanged.connect(this.onConnection);
    kernel.iopubMessage.connect(this.onSpoken);
    void this.look();
  }

  /** Whether there is somebody to speak to. */
  get connected(): boolean {
    return this.speaking && !this.guessed;
  }

  private get speaking(): boolean {
    return this.comm !== null && !this.comm.isDisposed;
  }

  /** Say something; whether there was somebody to say it to. */
  send(data: Record<string, unknown>): boolean {
    if (!this.connected || this.kernel.isDisposed) {
      return false;
    }
    this.comm?.send(data);
    return true;
  }

  /** Let go of the kernel; the comm stays there for others. */
  dispose(): void {
    if (this.disposed) {
      return;
    }
    this.disposed = true;
    this.kernel.statusChanged.disconnect(this.onStatus);
    this.kernel.connectionStatusChanged.disconnect(this.onConnection);
    this.kernel.iopubMessage.disconnect(this.onSpoken);
    this.hangUp();
  }

  /** Ask the kernel whether the comm is there, and speak to it if it is. */
  private async look(): Promise<void> {
    const round = this.round;
    if (this.looking === round || this.connected || this.disposed) {
      return;
    }
    this.looking = round;
    const later = setTimeout(() => round === this.round && this.take(true), PATIENCE);
    try {
      const reply = await this.kernel.requestCommInfo({ target_name: COMM });
      const { comms } = reply.content as { comms?: Record<string, unknown> };
      if (round !== this.round || comms === undefined) {
        return;
      }
      if (COMM in comms) {
        this.take();
      } else if (this.guessed) {
        this.hangUp();
      }
    } catch {
      // The kernel went away while it was asked; it is asked again when it is back.
    } finally {
      clearTimeout(later);
      if (this.looking === round) {
        this.looking = -1;
      }
    }
  }

  private take(guess = false): void {
    if (this.speaking) {
      this.guessed &&= guess;
      return;
    }
    if (this.disposed || this.kernel.isDisposed) {
      return;
    }
    if (this.kernel.hasComm?.(COMM)) {
      return; // another line of this page is about to let go of it
    }
    const comm = this.kernel.createComm(COMM, COMM);
    comm.onMsg = message => {
      if (!this.disposed) {
        this.guessed = false;
        this.heard(message.content.data);
      }
    };
    [this.comm, this.guessed] = [comm, guess];
    const greet = (): void => {
      if (!comm.isDisposed && !this.kernel.isDisposed) {
        comm.send({ kind: 'hello' });
      }
    };
    greet();
    // What was said before the comm had its own shell waits for the cell at hand.
    comm.subshellStarted?.then(greet).catch(() => undefined);
  }

  private hangUp(): void {
    const had = this.comm;
    [this.comm, this.guessed] = [null, false];
    if (had !== null && !had.isDisposed) {
      had.dispose();
    }
  }

  private lose(): void {
    this.round += 1;
    this.hangUp();
    this.lost();
  }

  private readonly onStatus = (_: unknown, status: string): void => {
    if (GONE.has(status)) {
      this.ended = this.speaker;
      this.lose();
    }
  };

  private readonly onConnection = (_: unknown, status: string): void => {
    if (status === 'connected') {
      this.lose();
      void this.look();
    }
  };

  private readonly onSpoken = (_: unknown, message: Spoken): void => {
    const { msg_type: type, session } = message.header;
    if (session !== undefined && session === this.ended) {
      return;
    }
    this.speaker = session ?? '';
    const content = message.content as { comm_id?: string; execution_state?: string };
    if (type === 'comm_msg' && content.comm_id === COMM) {
      this.take();
    } else if (
      type === 'status' &&
      content.execution_state === 'idle' &&
      message.parent_header.msg_type === 'execute_request'
    ) {
      void this.look();
    }
  };
}
