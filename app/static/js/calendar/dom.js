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

/** Says beside a field what is wrong with it and leads there, until something else is written. */
export function wrongHere(field, message) {
  rightAgain(field);
  const said = make("p", { className: "error", id: `${field.id}-wrong` }, icon("fa-triangle-exclamation"), make("span", {}, message));
  field.closest(".field").append(said);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", said.id);
  for (const name of ["input", "change"]) field.addEventListener(name, () => rightAgain(field), { once: true });
  field.focus();
  said.scrollIntoView({ block: "nearest" }); // a field at the lower edge leaves its message below it
}

export function rightAgain(field) {
  byId(`${field.id}-wrong`)?.remove();
  field.removeAttribute("aria-invalid");
  field.removeAttribute("aria-describedby");
}

/** A colour that is data, or the plain one where it is none. */
export const safeColour = (value) => (/^#[0-9a-f]{6}$/i.test(value ?? "") ? value : "#64748b");

/** Closes a dialog by its [data-close] buttons; a click beside it would lose what was typed. */
export function closable(dialog) {
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close());
}
