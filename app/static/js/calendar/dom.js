// A few words for building parts of a page without HTML text.

/** `make("p", {className: "x", on: {click}, data: {id: 1}}, "text", node, null)` */
export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  const { on = {}, data = {}, attributes = {}, ...rest } = props;
  Object.assign(element, rest);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  return make("i", { className: `fa-solid ${name}`, ariaHidden: "true" });
}

export const byId = (id) => document.getElementById(id);

/** A colour that is data, or the plain one where it is none. */
export const safeColour = (value) => (/^#[0-9a-f]{6}$/i.test(value ?? "") ? value : "#64748b");

/** Closes a dialog by its [data-close] buttons; a click beside it would lose what was typed. */
export function closable(dialog) {
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
}
