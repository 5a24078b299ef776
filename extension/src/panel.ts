/** The side panel: the workflows of the notebook at hand. */

import { Widget } from '@lumino/widgets';
import { button, element, sayIfAny } from './elements.js';
import type { Follower } from './follow.js';
import type { Flow } from './messages.js';
import { FlowView, shapeOf } from './view.js';

/** What the panel has done in the notebook. */
export interface Desk {
  toCell(flow: Flow): void;
  dashboard(variable: string): void;
  log(variable: string): void;
  insert(): void;
}

const NOTHING = {
  nothing: 'Open a notebook to see its workflows here.',
  'no kernel': 'This notebook has no kernel.',
  'not imported': 'FlexiFlow is not imported in this notebook yet.',
  connected: 'No workflow is defined in this notebook yet.'
};

export class SidePanel extends Widget {
  private readonly said = element('p', 'ff-side-said');
  private readonly empty = element('p', 'ff-side-empty');
  private readonly list = element('div', 'ff-side-list');
  private readonly insert: HTMLButtonElement;
  private readonly views = new Map<string, FlowView>();

  constructor(
    private readonly follower: Follower,
    private readonly desk: Desk
  ) {
    super();
    this.id = 'flexiflow-side';
    this.title.caption = 'FlexiFlow: the workflows of this notebook';
    this.title.iconClass = 'ff-side-icon jp-SideBar-tabIcon';
    this.addClass('ff-side');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'FlexiFlow');
    this.said.setAttribute('role', 'status');
    const write = 'Insert a cell with a first workflow';
    this.insert = button('Insert workflow cell', 'insert', write, () => desk.insert());
    this.node.append(element('h2', '', 'FlexiFlow'), this.said, this.empty, this.insert, this.list);
    this.refresh();
  }

  /** Show what the follower knows, if anybody can see it. */
  refresh(): void {
    const { flows, said, there } = this.follower;
    sayIfAny(this.said, said);
    sayIfAny(this.empty, flows.size === 0 ? NOTHING[there] : '');
    this.insert.hidden = flows.size > 0 || there === 'nothing' || there === 'no kernel';
    for (const [variable, view] of this.views) {
      const flow = flows.get(variable);
      if (flow === undefined || shapeOf(flow) !== view.shape) {
        view.node.remove();
        this.views.delete(variable);
      }
    }
    let after: Element | null = null;
    for (const [variable, flow] of flows) {
      const { node } = this.viewOf(variable, flow);
      if (node.previousElementSibling !== after || node.parentElement !== this.list) {
        this.list.insertBefore(node, after === null ? this.list.firstChild : after.nextSibling);
      }
      after = node;
    }
  }

  private viewOf(variable: string, flow: Flow): FlowView {
    let view = this.views.get(variable);
    if (view === undefined) {
      view = new FlowView(variable, flow, {
        ask: (action, more) => this.follower.ask(action, variable, more),
        toCell: () => {
          const now = this.follower.flows.get(variable);
          if (now !== undefined) {
            this.desk.toCell(now);
          }
        },
        dashboard: () => this.desk.dashboard(variable),
        log: () => this.desk.log(variable)
      });
      this.views.set(variable, view);
    }
    view.update(flow, this.follower.accounts.get(variable) ?? '');
    return view;
  }
}
