/** One workflow in the side panel: where its run stands, buttons, nodes with candidates. */

import { NodeView } from './bars.js';
import { button, element, say, sayIfAny } from './elements.js';
import type { Flow } from './messages.js';
import { OVER, alone, atHand, meantJobs, progress, stateOf } from './words.js';

/** What the user may want of a workflow. */
export interface Wishes {
  ask(action: string, more?: Record<string, unknown>): void;
  toCell(): void;
  dashboard(): void;
  log(): void;
}

/** What must be the same for a view to be brought up to date and not made anew. */
export const shapeOf = (flow: Flow): string =>
  JSON.stringify(flow.nodes.map(it => it.candidates.length));

export class FlowView {
  readonly node = element('article', 'ff-side-flow');
  readonly shape: string;
  private readonly name = element('button', 'ff-side-link');
  private readonly state = element('span', 'ff-side-chip');
  private readonly progress = element('p', 'ff-side-fact');
  private readonly alone = element('p', 'ff-side-fact ff-side-soft');
  private readonly job = element('p', 'ff-side-fact ff-side-soft');
  private readonly error = element('p', 'ff-side-error');
  private readonly notices = element('ul', 'ff-side-notices');
  private readonly account = element('pre', 'ff-side-account');
  private readonly jobs = element('select', 'ff-side-jobs');
  private readonly buttons: Record<'run' | 'toggle' | 'step' | 'stop', HTMLButtonElement>;
  private readonly shown: HTMLButtonElement[];
  private readonly nodes: NodeView[];
  private paused = false;

  constructor(variable: string, flow: Flow, wishes: Wishes) {
    this.shape = shapeOf(flow);
    this.node.dataset.flow = variable;
    this.name.type = 'button';
    this.name.title = 'Go to the cell that defines this workflow';
    this.name.addEventListener('click', () => wishes.toCell());
    this.jobs.setAttribute('aria-label', `Jobs for ${variable}`);
    const run = (): void => wishes.ask('run', { jobs: this.jobs.value || null });
    const toggle = (): void => wishes.ask(this.paused ? 'resume' : 'pause');
    this.buttons = {
      run: button('Run', 'run', 'Run over the jobs in the chosen variable', run),
      toggle: button('Pause', 'toggle', 'Start no further job, or go on', toggle),
      step: button('Step', 'step', 'Run one more job, and pause', () => wishes.ask('step')),
      stop: button('Stop', 'stop', 'End the run after the jobs at hand', () => wishes.ask('stop'))
    };
    const explain = (): void => wishes.ask('explain');
    this.shown = [
      button('Dashboard', 'dashboard', 'Show the live dashboard in a new cell', wishes.dashboard),
      button('Explain last job', 'explain', 'Why the latest job went as it did', explain)
    ];
    const log = button('Log', 'log', 'Show all jobs as a table in a new cell', wishes.log);
    this.nodes = flow.nodes.map(it => new NodeView(it, () => wishes.toCell()));
    this.lay(log);
  }

  private lay(log: HTMLButtonElement): void {
    const heading = element('h3');
    heading.append(this.name, this.state);
    const { run, toggle, step, stop } = this.buttons;
    const running = element('div', 'ff-side-buttons');
    running.append(run, this.jobs, toggle, step, stop);
    const showing = element('div', 'ff-side-buttons');
    showing.append(...this.shown, log);
    this.account.tabIndex = 0;
    this.account.setAttribute('aria-label', 'Why the latest job went as it did');
    const facts = [this.progress, this.alone, this.job, this.error, this.notices];
    this.node.append(heading, ...facts, running, showing, this.account);
    this.node.append(...this.nodes.map(it => it.node));
  }

  update(flow: Flow, account: string): void {
    const { run } = flow;
    say(this.name, flow.name);
    say(this.state, stateOf(run));
    this.state.dataset.state = run?.state ?? '';
    sayIfAny(this.progress, run === null ? '' : progress(run));
    sayIfAny(this.alone, flow.best === null ? '' : alone(flow.best));
    sayIfAny(this.job, run === null ? '' : atHand(run));
    sayIfAny(this.error, run?.error ?? '');
    this.updateNotices(flow.notices);
    this.updateButtons(flow);
    sayIfAny(this.account, account);
    flow.nodes.forEach((it, v) => this.nodes[v]?.update(it));
  }

  private updateNotices(notices: readonly string[]): void {
    const now = [...this.notices.children].map(it => it.textContent);
    if (JSON.stringify(now) !== JSON.stringify(notices)) {
      this.notices.replaceChildren(...notices.map(it => element('li', '', it)));
    }
    this.notices.hidden = notices.length === 0;
  }

  private updateButtons(flow: Flow): void {
    const state = flow.run?.state ?? '';
    const under = flow.run !== null && !OVER.has(state);
    this.paused = state === 'paused';
    say(this.buttons.toggle, this.paused ? 'Resume' : 'Pause');
    this.buttons.toggle.disabled = !under || state === 'stopping';
    this.buttons.step.disabled = !under || state === 'stopping';
    this.buttons.stop.disabled = !under || state === 'stopping';
    this.buttons.run.disabled = under || flow.jobs.length === 0;
    for (const it of this.shown.slice(0, 1)) {
      it.disabled = flow.run === null;
    }
    this.updateJobs(flow);
  }

  /** Offer the variables that hold jobs; what the user has chosen stays chosen. */
  private updateJobs(flow: Flow): void {
    const offered = [...this.jobs.options].map(it => it.value);
    if (JSON.stringify(offered) !== JSON.stringify(flow.jobs)) {
      const before = this.jobs.value;
      const options = flow.jobs.map(it => {
        const option = element('option', '', it);
        option.value = it;
        return option;
      });
      this.jobs.replaceChildren(...options);
      this.jobs.value = flow.jobs.includes(before) ? before : (meantJobs(flow) ?? '');
    }
    this.jobs.hidden = flow.jobs.length === 0;
  }
}
