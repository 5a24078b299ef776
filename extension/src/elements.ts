/** Elements of the page; whatever is said in them is text, never markup. */

/** An element with a class and perhaps a text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = ''
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Say something else in an element, if it is something else. */
export function say(node: HTMLElement, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** Say something else in an element that is there only if there is something to say. */
export function sayIfAny(node: HTMLElement, text: string): void {
  say(node, text);
  node.hidden = text === '';
}

/** A button that does something. */
export function button(label: string, act: string, title: string, press: () => void): HTMLButtonElement {
  const made = element('button', 'ff-side-button', label);
  made.type = 'button';
  made.dataset.act = act;
  made.title = title;
  made.addEventListener('click', press);
  return made;
}
