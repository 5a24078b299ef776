/** The commands of the palette. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { NotebookDesk } from './desk.js';
import type { Follower } from './follow.js';
import { meant, meantJobs } from './words.js';

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } };
const OF_A_WORKFLOW = {
  args: {
    type: 'object',
    properties: {
      workflow: { type: 'string', description: 'The variable; by default the one that runs.' },
      jobs: { type: 'string', description: 'To run: the variable that holds the jobs.' }
    }
  }
};

/** Make the commands known, in the palette too where there is one. */
export function addCommands(
  app: JupyterFrontEnd,
  palette: ICommandPalette | null,
  follower: Follower,
  desk: NotebookDesk,
  panel: string
): void {
  const show = (): void => app.shell.activateById(panel);

  /** Do something with the workflow that is meant, or say that there is none. */
  const withWorkflow = (asked: unknown, act: (variable: string) => void): void => {
    show();
    const variable = typeof asked === 'string' ? asked : meant(follower.flows);
    if (variable === null) {
      follower.say('No workflow is defined in this notebook yet.');
    } else {
      act(variable);
    }
  };

  const add = (
    id: string,
    label: string,
    execute: (args: Readonly<Record<string, unknown>>) => unknown,
    describedBy: unknown = NO_ARGUMENTS
  ): void => {
    app.commands.addCommand(id, { label: `FlexiFlow: ${label}`, execute, describedBy });
    palette?.addItem({ command: id, category: 'FlexiFlow' });
  };

  add('flexiflow:insert-cell', 'insert workflow cell', () => desk.insert());
  add(
    'flexiflow:run',
    'run',
    ({ workflow, jobs }) =>
      withWorkflow(workflow, variable => {
        const flow = follower.flows.get(variable);
        const meantHere = flow === undefined ? null : meantJobs(flow);
        follower.ask('run', variable, { jobs: typeof jobs === 'string' ? jobs : meantHere });
      }),
    OF_A_WORKFLOW
  );
  add(
    'flexiflow:explain',
    'explain last job',
    ({ workflow }) => withWorkflow(workflow, variable => follower.ask('explain', variable)),
    OF_A_WORKFLOW
  );
  add('flexiflow:copy-tutorials', 'copy tutorial notebooks here', () => {
    show();
    follower.ask('copy', null);
  });
  add('flexiflow:show', 'show side panel', show);
}
