/** Numbers under the pointer, or where the keyboard is: one small box for the whole view. */

import { clamp } from './numbers.js';
import { h } from './dom.js';

/** What is said of a thing, by lines. */
export type Lines = () => readonly string[];

/** How a drawing is read along its width. */
export interface Scan {
  /** Where the first and the last place are, in pixels. */
  readonly from: number;
  readonly to: number;
  readonly many: number;
  readonly cursor: SVGElement;
  lines(place: number): readonly string[];
  /** Where a place is, in pixels. */
  x(place: number): number;
}

export class Tips {
  readonly box = h('div.ffk-tip', { role: 'status', hidden: true });
  private readonly said = new WeakMap<Element, Lines>();

  /**
   * @param root all that is told about is in it
   * @param signal ends all listening
   */
  constructor(
    private readonly root: HTMLElement,
    signal: AbortSignal,
  ) {
    const on = (type: string, act: (event: Event) => void): void =>
      root.addEventListener(type, act, { signal });
    on('pointermove', (event) => this.point(event as PointerEvent));
    on('pointerleave', () => this.hide());
    on('focusin', (event) => this.focus(event.target as Element));
    on('focusout', () => this.hide());
    on('keydown', (event) => {
      if ((event as KeyboardEvent).key === 'Escape') this.hide();
    });
  }

  /** Let a thing say its numbers. */
  about<E extends Element>(thing: E, lines: Lines): E {
    this.said.set(thing, lines);
    return thing;
  }

  /** Let a drawing be read along its width, by pointer or by arrow keys. */
  scan(drawing: SVGElement, scan: Scan): void {
    drawing.setAttribute('tabindex', '0');
    let place = scan.many - 1;
    const show = (): void => {
      const x = scan.x(place);
      scan.cursor.setAttribute('transform', `translate(${x})`);
      scan.cursor.removeAttribute('visibility');
      const box = drawing.getBoundingClientRect();
      this.show(scan.lines(place), box.left + x, box.top + box.height / 2);
    };
    const leave = (): void => {
      scan.cursor.setAttribute('visibility', 'hidden');
      this.hide();
    };
    leave();
    drawing.addEventListener('pointermove', (event) => {
      event.stopPropagation();
      const x = (event as PointerEvent).clientX - drawing.getBoundingClientRect().left;
      place = nearest(x, scan);
      show();
    });
    drawing.addEventListener('pointerleave', leave);
    drawing.addEventListener('blur', leave);
    drawing.addEventListener('focus', show);
    drawing.addEventListener('keydown', (event) => {
      const next = stepped((event as KeyboardEvent).key, place, scan.many);
      if (next === null) return;
      event.preventDefault();
      place = next;
      show();
    });
  }

  hide(): void {
    this.box.hidden = true;
  }

  private point(event: PointerEvent): void {
    const lines = this.of(event.target as Element);
    if (lines) this.show(lines, event.clientX, event.clientY);
    else this.hide();
  }

  private focus(target: Element): void {
    const lines = this.of(target);
    const box = target.getBoundingClientRect();
    if (lines) this.show(lines, box.left + Math.min(box.width, 160), box.top + Math.min(box.height, 24));
  }

  private of(target: Element): readonly string[] | null {
    for (let at: Element | null = target; at && at !== this.root; at = at.parentElement) {
      const lines = this.said.get(at);
      if (lines) return lines();
    }
    return null;
  }

  /** Show some lines beside a point of the window, within the view. */
  private show(lines: readonly string[], x: number, y: number): void {
    this.box.replaceChildren(...lines.map((line) => h('div', { dir: 'auto' }, line)));
    this.box.hidden = false;
    const root = this.root.getBoundingClientRect();
    const room = root.width - this.box.offsetWidth - 4;
    const left = x - root.left + 14;
    this.box.style.left = `${clamp(left > room ? left - this.box.offsetWidth - 28 : left, 4, Math.max(4, room))}px`;
    this.box.style.top = `${Math.max(4, y - root.top + 14)}px`;
  }
}

/** The place nearest to a point, of places that are even. */
export function nearest(x: number, scan: Pick<Scan, 'from' | 'to' | 'many'>): number {
  if (scan.many < 2 || scan.to <= scan.from) return 0;
  return Math.round(clamp((x - scan.from) / (scan.to - scan.from)) * (scan.many - 1));
}

/** Where a key leads to; null if it is none of ours. */
export function stepped(key: string, place: number, many: number): number | null {
  const to: Record<string, number> = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: many - 1 };
  const next = to[key];
  return next === undefined ? null : clamp(next, 0, Math.max(0, many - 1));
}
