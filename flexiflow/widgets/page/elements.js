// Elements of the page. Texts of models and users reach it as text nodes only.

function h(what, props = {}, ...kids) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) if (known(value) && value !== false) made.setAttribute(name, value === true ? "" : value);
  made.append(...kids.filter((kid) => known(kid) && kid !== false));
  return made;
}
function svg(tag, props = {}, ...kids) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, value);
  made.append(...kids);
  return made;
}
const icon = (name) => svg("svg", { viewBox: "0 0 16 16", class: "ff-icon", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
const button = (act, label, sign, props = {}) => h("button.ff-button", { type: "button", "data-act": act, ...props }, sign ? icon(sign) : null, h("span", {}, label));
const bdi = (text, what = "bdi") => h(what, {}, text);
const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };
function setAttr(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}
const setVar = (node, name, value) => { if (node.style.getPropertyValue(name) !== String(value)) node.style.setProperty(name, value); };
