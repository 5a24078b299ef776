/** The little of JupyterLab and of Node's test runner that is used here, as types. */

declare module '@lumino/widgets' {
  export interface Message {
    readonly type: string;
  }
  export class Title {
    label: string;
    caption: string;
    iconClass: string;
  }
  export class Widget {
    constructor(options?: { node?: HTMLElement });
    id: string;
    readonly node: HTMLElement;
    readonly title: Title;
    readonly isDisposed: boolean;
    readonly isVisible: boolean;
    addClass(name: string): void;
    activate(): void;
    dispose(): void;
    protected onActivateRequest(message: Message): void;
    protected onAfterAttach(message: Message): void;
    protected onAfterShow(message: Message): void;
    protected onBeforeDetach(message: Message): void;
  }
}

declare module '@jupyterlab/rendermime-interfaces' {
  import type { Widget } from '@lumino/widgets';
  export namespace IRenderMime {
    interface IMimeModel {
      readonly trusted: boolean;
      readonly data: Readonly<Record<string, unknown>>;
      readonly metadata: Readonly<Record<string, unknown>>;
      setData(options: { data?: Record<string, unknown> }): void;
    }
    interface IRenderer extends Widget {
      renderModel(model: IMimeModel): Promise<void>;
    }
    interface IRendererOptions {
      mimeType: string;
    }
    interface IRendererFactory {
      readonly safe: boolean;
      readonly mimeTypes: readonly string[];
      readonly defaultRank?: number;
      createRenderer(options: IRendererOptions): IRenderer;
    }
    interface IExtension {
      readonly id: string;
      readonly rendererFactory: IRendererFactory;
      readonly rank?: number;
      readonly dataType?: 'string' | 'json';
      readonly documentWidgetFactoryOptions?: unknown;
      readonly fileTypes?: readonly unknown[];
    }
  }
}

declare module 'node:test' {
  export interface TestContext {
    readonly mock: {
      readonly timers: { enable(options: { apis: string[] }): void; tick(ms: number): void };
    };
  }
  export function test(name: string, body: (t: TestContext) => void | Promise<void>): void;
  export function describe(name: string, body: () => void): void;
}

declare module 'node:assert/strict' {
  const assert: {
    (value: unknown, message?: string): asserts value;
    equal(actual: unknown, expected: unknown, message?: string): void;
    notEqual(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    ok(value: unknown, message?: string): asserts value;
    match(text: string, pattern: RegExp, message?: string): void;
    doesNotMatch(text: string, pattern: RegExp, message?: string): void;
    throws(body: () => unknown, expected?: RegExp | object): void;
    rejects(body: Promise<unknown> | (() => Promise<unknown>), expected?: RegExp): Promise<void>;
  };
  export default assert;
}

declare module '@jupyterlab/application' {
  import type { Widget } from '@lumino/widgets';
  export interface CommandOptions {
    label: string;
    caption?: string;
    describedBy?: unknown;
    isEnabled?: () => boolean;
    execute: (args: Readonly<Record<string, unknown>>) => unknown;
  }
  export interface JupyterFrontEnd {
    readonly commands: {
      addCommand(id: string, options: CommandOptions): unknown;
      execute(id: string, args?: Record<string, unknown>): Promise<unknown>;
      notifyCommandChanged(id?: string): void;
    };
    readonly shell: {
      add(widget: Widget, area: string, options?: { rank?: number }): void;
      activateById(id: string): void;
    };
  }
  export interface JupyterFrontEndPlugin<T> {
    readonly id: string;
    readonly description?: string;
    readonly autoStart?: boolean;
    readonly requires?: readonly unknown[];
    readonly optional?: readonly unknown[];
    // The services come in the order in which they are asked for.
    activate(app: JupyterFrontEnd, ...services: never[]): T | Promise<T>;
  }
  export interface ILayoutRestorer {
    add(widget: Widget, name: string): void;
  }
  export const ILayoutRestorer: unknown;
}

declare module '@jupyterlab/apputils' {
  export interface ICommandPalette {
    addItem(item: { command: string; category: string; args?: Record<string, unknown> }): unknown;
  }
  export const ICommandPalette: unknown;
}

declare module '@jupyterlab/settingregistry' {
  export interface ISettingRegistry {
    load(plugin: string): Promise<{ readonly composite: Readonly<Record<string, unknown>> }>;
  }
  export const ISettingRegistry: unknown;
}

declare module '@jupyterlab/notebook' {
  import type { Widget } from '@lumino/widgets';
  export interface Cell {
    readonly model: {
      readonly id: string;
      readonly type: string;
      readonly executionCount?: number | null;
      readonly sharedModel: { setSource(text: string): void };
    };
  }
  export interface Notebook extends Widget {
    activeCellIndex: number;
    readonly activeCell: Cell | null;
    readonly widgets: readonly Cell[];
    mode: 'command' | 'edit';
    deselectAll(): void;
    scrollToItem(index: number, align?: string): Promise<void>;
  }
  export interface NotebookPanel extends Widget {
    readonly content: Notebook;
    readonly sessionContext: unknown;
  }
  export interface INotebookTracker {
    readonly currentWidget: NotebookPanel | null;
    readonly currentChanged: { connect(slot: () => void): unknown };
  }
  export const INotebookTracker: unknown;
}
