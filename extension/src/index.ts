/** The extension: a side panel that follows the notebook at hand, and commands. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { addCommands } from './commands.js';
import { NotebookDesk } from './desk.js';
import type { Session } from './follow.js';
import { Follower } from './follow.js';
import { SidePanel } from './panel.js';

const ID = 'flexiflow:plugin';

/** The user's settings; what they are by default where there are none. */
async function settings(registry: ISettingRegistry | null): Promise<Record<string, string>> {
  const composite = registry === null ? {} : (await registry.load(ID)).composite;
  const { area, cell } = composite;
  return { area: area === 'left' ? 'left' : 'right', cell: cell === 'magic' ? 'magic' : 'python' };
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Shows the workflows of a notebook and steers their runs.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ISettingRegistry, ILayoutRestorer],
  activate: async (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    restorer: ILayoutRestorer | null
  ): Promise<void> => {
    const known = settings(registry).catch(() => settings(null));
    let panel: SidePanel | null = null;
    let style = 'python';
    const follower = new Follower(() => panel?.refresh());
    const here = (): INotebookTracker['currentWidget'] => notebooks.currentWidget;
    const desk = new NotebookDesk(app, here, text => follower.say(text), () => style);
    panel = new SidePanel(follower, desk);
    restorer?.add(panel, panel.id);
    addCommands(app, palette, follower, desk, panel.id);
    const follow = (): void => follower.follow((here()?.sessionContext as Session) ?? null);
    notebooks.currentChanged.connect(follow);
    follow();
    const { area, cell } = await known;
    style = cell ?? style;
    app.shell.add(panel, area ?? 'right', { rank: 900 });
  }
};

export default plugin;
