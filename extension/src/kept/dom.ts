/** Elements made one by one; what is said in them is text, whatever stands in it. */

type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;
type Child = globalThis.Node | string | null;

const SVG = 'http://www.w3.org/2000/svg';

/** An element of the page, `h('p.ffk-note', {}, 'said')`. */
export function h(kind: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const [tag = 'div', ...classes] = kind.split('.');
  const made = document.createElement(tag);
  made.classList.add(...classes);
  return filled(made, attributes, children);
}

/** An element of a drawing. */
export function s(kind: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const [tag = 'g', ...classes] = kind.split('.');
  const made = document.createElementNS(SVG, tag) as SVGElement;
  made.classList.add(...classes);
  return filled(made, attributes, children);
}

/** A drawing of some size in pixels, with what it shows in words. */
export function drawing(wide: number, tall: number, says: string, ...children: Child[]): SVGElement {
  const size = { width: Math.ceil(wide), height: Math.ceil(tall) };
  const box = `0 0 ${size.width} ${size.height}`;
  return s('svg.ffk-drawing', { ...size, viewBox: box, role: 'img', 'aria-label': says }, ...children);
}

/** Words in a drawing, at their foot. */
export function words(x: number, y: number, said: string, attributes: Attributes = {}): SVGElement {
  return s('text', { x: n(x), y: n(y), ...attributes }, said);
}

/** A coordinate with one decimal. */
export function n(value: number): string {
  return String(Math.round(10 * value) / 10);
}

/** The colour of a candidate, by its number. */
export function colour(candidate: number): string {
  return `var(--ffk-c${candidate % 8})`;
}

function filled<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child): child is Exclude<Child, null> => child !== null));
  return made;
}
