/** Kept runs in a notebook: what JupyterLab asks to draw `application/vnd.flexiflow.v1+json`. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { MIME, read } from './model.js';
import { View } from './view.js';

const BEFORE_HTML = 40; // text/html, which stands beside it, has rank 50

class KeptRun extends Widget implements IRenderMime.IRenderer {
  private readonly view = new View();

  constructor() {
    super();
    this.node.append(this.view.root);
  }

  /** Draw what the model holds; whatever that is, the reader gets a picture or a line. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const found = read(model.data[MIME]);
    try {
      if (typeof found === 'string') this.view.say(found);
      else this.view.show(found);
    } catch (error) {
      console.warn('A kept FlexiFlow run could not be drawn', error);
      this.view.say('This kept FlexiFlow run cannot be drawn. Run its cell again.');
    }
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.view.close();
    super.dispose();
  }
}

const extension: IRenderMime.IExtension = {
  id: 'flexiflow:kept',
  rendererFactory: { safe: true, mimeTypes: [MIME], createRenderer: () => new KeptRun() },
  rank: BEFORE_HTML,
  dataType: 'json',
};

export default extension;
