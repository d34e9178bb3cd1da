// The combobox pattern of the ARIA Authoring Practices over an address that answers
// [{"id", "text", "detail", "url"}] to ?q=. It serves the patient search and every pick field.

import { _ } from "./language.js";

let number = 0;

const WAIT = 180; // milliseconds of quiet before asking

export class Combobox {
  #timer = 0;
  #asked = null;
  #options = [];
  #at = -1;

  /** @param {{url: string, least?: number, nothing?: (q: string) => string,
   *           choose: (item: object, event: Event) => void}} settings */
  constructor(input, settings) {
    this.input = input;
    this.settings = { least: 0, nothing: (q) => _("Nothing found for “%(q)s”.", { q }), ...settings };
    this.list = document.createElement("div");
    this.list.className = "listbox";
    this.list.id = `listbox-${++number}`;
    this.list.role = "listbox";
    this.list.hidden = true;
    this.list.setAttribute("aria-label", input.getAttribute("aria-label") ?? input.labels?.[0]?.textContent.trim() ?? _("Choices"));
    this.said = document.createElement("div");
    this.said.className = "sr-only";
    this.said.role = "status";
    input.parentElement.append(this.list, this.said);
    input.role = "combobox";
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("input", () => this.#later());
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => setTimeout(() => document.activeElement === input || this.close(), 150));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#take(Number(option.dataset.at), event);
    });
  }

  get open() {
    return !this.list.hidden;
  }

  close() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
    this.list.hidden = true;
    this.#at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), WAIT);
  }

  async ask() {
    clearTimeout(this.#timer);
    const q = this.input.value.trim();
    if (q.length < this.settings.least) return this.close();
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    try {
      const url = new URL(this.settings.url, location.href);
      url.searchParams.set("q", q);
      const answer = await fetch(url, { signal: asked.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      this.#show(await answer.json(), q);
    } catch (error) {
      if (error.name !== "AbortError") this.#show(null, q);
    }
  }

  #show(items, q) {
    if (document.activeElement !== this.input) return;
    this.#options = items ?? [];
    this.#at = -1;
    this.input.removeAttribute("aria-activedescendant");
    const rows = this.#options.map((item, at) => {
      const option = document.createElement("div");
      option.className = "option";
      option.role = "option";
      option.id = `${this.list.id}-${at}`;
      option.dataset.at = String(at);
      option.setAttribute("aria-selected", "false");
      option.append(span("option-text", item.text));
      if (item.detail) option.append(span("option-detail", item.detail));
      return option;
    });
    const note = items === null ? _("The list could not be fetched. Try again in a moment.") : this.settings.nothing(q);
    if (!rows.length) {
      const empty = span("listbox-note", note);
      empty.role = "option";
      empty.setAttribute("aria-disabled", "true");
      rows.push(empty);
    }
    this.list.replaceChildren(...rows);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.said.textContent = this.#options.length ? _("%(count)s found; use the arrow keys.", { count: this.#options.length }) : note;
  }

  #key(event) {
    if (event.isComposing) return;
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!this.open) this.ask();
      else this.#move(key === "ArrowDown" ? 1 : -1);
    } else if (key === "Enter" && this.open) {
      event.preventDefault();
      this.#take(this.#at < 0 ? 0 : this.#at, event);
    } else if (key === "Escape" && this.open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (key === "Tab" && this.open && this.#at >= 0) {
      this.#take(this.#at, event);
    }
  }

  #move(by) {
    const count = this.#options.length;
    if (!count) return;
    this.#at = this.#at < 0 ? (by > 0 ? 0 : count - 1) : (this.#at + by + count) % count;
    for (const option of this.list.children) {
      const chosen = Number(option.dataset.at) === this.#at;
      option.setAttribute("aria-selected", String(chosen));
      if (chosen) {
        option.scrollIntoView({ block: "nearest" });
        this.input.setAttribute("aria-activedescendant", option.id);
      }
    }
  }

  #take(at, event) {
    const item = this.#options[at];
    if (!item) return;
    this.close();
    this.settings.choose(item, event);
  }
}

function span(name, text) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}
