/** What is done in the notebook at hand: cells are found, inserted and run. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import { dashboardCell, logCell, workflowCells } from './code.js';
import type { Flow } from './messages.js';

/** The place of the cell that defined a workflow; -1 if it is not there any more. */
export function placeOf(
  cells: readonly { model: { id: string; executionCount?: number | null } }[],
  cell: Flow['cell']
): number {
  if (cell.id !== null) {
    return cells.findIndex(it => it.model.id === cell.id);
  }
  const { number } = cell;
  return number === null ? -1 : cells.findIndex(it => it.model.executionCount === number);
}

/** Works in the notebook that is open in front. */
export class NotebookDesk {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly current: () => NotebookPanel | null,
    private readonly say: (text: string) => void,
    private readonly style: () => string
  ) {}

  /** Scroll to the cell that defines a workflow, and make it the active one. */
  toCell(flow: Flow): void {
    const notebook = this.current()?.content;
    const place = notebook ? placeOf(notebook.widgets, flow.cell) : -1;
    if (notebook === undefined || place < 0) {
      this.say(`The cell that defined ${flow.name} is not in this notebook.`);
      return;
    }
    notebook.deselectAll();
    notebook.activeCellIndex = place;
    notebook.mode = 'command';
    void notebook.scrollToItem(place, 'smart');
  }

  /** Show the live dashboard of a workflow's latest run in a new cell. */
  dashboard(variable: string): void {
    void this.insertAndRun(dashboardCell(variable), variable);
  }

  /** Show the log of a workflow in a new cell. */
  log(variable: string): void {
    void this.insertAndRun(logCell(variable), variable);
  }

  /** Insert the cell, or the cells, of a first workflow below the active cell. */
  async insert(): Promise<void> {
    for (const text of workflowCells(this.style())) {
      await this.below(text);
    }
  }

  private async insertAndRun(text: string | null, variable: string): Promise<void> {
    if (text === null) {
      this.say(`${variable} is no plain name; write its cell yourself.`);
    } else if ((await this.below(text)) !== null) {
      await this.app.commands.execute('notebook:run-cell');
    }
  }

  private async below(text: string): Promise<Notebook | null> {
    const panel = this.current();
    if (panel === null) {
      this.say('Open a notebook first.');
      return null;
    }
    this.app.shell.activateById(panel.id);
    await this.app.commands.execute('notebook:insert-cell-below');
    const { content } = panel;
    if (content.activeCell?.model.type !== 'code') {
      await this.app.commands.execute('notebook:change-cell-to-code');
    }
    content.activeCell?.model.sharedModel.setSource(text);
    return content;
  }
}
