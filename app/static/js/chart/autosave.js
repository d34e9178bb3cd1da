// Saves a draft as one types: to this browser at once, to the server after a moment of quiet.

import { _, locale } from "../language.js";
import { Kept } from "./keep.js";

const QUIET = 1500;
const AGAIN = 8000;
const LOOKS = {
  saved: "fa-circle-check",
  typing: "fa-pen",
  saving: "fa-rotate",
  offline: "fa-plug-circle-xmark",
  out: "fa-user-lock",
  clash: "fa-code-compare",
  failed: "fa-triangle-exclamation",
};
export const TEXTS = ["notes", "diagnosis", "treatment"];

export const clock = (ms) => new Date(ms).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });

export class Autosave {
  #timer = 0;
  #busy = false;
  #stopped = false;

  /** @param {{clash: (details: object) => void}} settings */
  constructor(form, settings) {
    this.form = form;
    this.settings = settings;
    this.kept = new Kept(form.dataset.person, form.dataset.note, form.dataset.keep);
    this.saved = this.texts();
    this.state = form.querySelector("[data-state]");
    form.addEventListener("input", (event) => {
      if (TEXTS.includes(event.target.name)) this.changed();
    });
    addEventListener("online", () => this.save());
    addEventListener("pagehide", () => this.save(true));
    document.addEventListener("visibilitychange", () => this.save(document.hidden));
  }

  get version() {
    return this.form.elements.version.value;
  }

  set version(value) {
    this.form.elements.version.value = value;
  }

  texts() {
    return Object.fromEntries(TEXTS.map((name) => [name, this.form.elements[name].value]));
  }

  put(texts) {
    for (const name of TEXTS) this.form.elements[name].value = texts[name] ?? "";
  }

  get dirty() {
    const now = this.texts();
    return TEXTS.some((name) => now[name] !== this.saved[name]);
  }

  keep() {
    return this.kept.write(this.version, this.texts(), this.sent);
  }

  changed() {
    const here = this.keep();
    if (this.#stopped) return;
    if (!["offline", "out"].includes(this.state.dataset.state)) this.say("typing", here ? _("Writing …") : _("Writing … (this browser keeps no copy)"));
    this.#later(QUIET);
  }

  /** Wait for a decision of the person: nothing is sent until `resume`. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  resume(version) {
    this.#stopped = false;
    this.version = String(version);
    this.keep();
    return this.save();
  }

  async save(leaving = false) {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#busy || !this.dirty) return;
    this.#busy = true;
    const texts = (this.sent = this.texts());
    this.keep();
    if (!leaving) this.say("saving", _("Saving …"));
    try {
      let answer = await this.#send(texts, leaving);
      if (answer.status === 400 && (await renewed())) answer = await this.#send(texts, leaving);
      await this.#take(answer, texts);
    } catch {
      this.say("offline", _("Not saved – offline. Kept in this browser; it is tried again."));
      this.#later(AGAIN);
    } finally {
      this.#busy = false;
    }
    if (this.state.dataset.state === "saved" && this.dirty) this.#later(QUIET);
  }

  say(state, words, link) {
    this.state.dataset.state = state;
    this.state.firstElementChild.className = `fa-solid ${LOOKS[state]}`;
    const text = this.state.lastElementChild;
    if (text.textContent !== words) text.textContent = words;
    if (link) text.append(" ", link);
  }

  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), ms);
  }

  #send(texts, leaving) {
    return fetch(this.form.action, {
      method: "POST",
      redirect: "manual",
      keepalive: leaving && JSON.stringify(texts).length < 60000,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token()?.content ?? "" },
      body: JSON.stringify({ ...texts, version: this.version }),
    });
  }

  async #take(answer, texts) {
    if (answer.ok) {
      const { version } = await answer.json();
      this.version = String(version);
      this.saved = texts;
      if (this.dirty) this.keep();
      else this.kept.forget();
      this.say("saved", _("Saved %(time)s", { time: clock(Date.now()) }));
    } else if (answer.status === 412) {
      this.stop();
      this.say("clash", _("Not saved – someone else changed this note. Both texts are below."));
      this.settings.clash(await answer.json());
    } else if (answer.type === "opaqueredirect" || [400, 401].includes(answer.status)) {
      this.say("out", _("Not saved – you are signed out. Kept in this browser."), signIn());
    } else if (answer.status < 500) {
      const { message } = await answer.json().catch(() => ({}));
      this.say("failed", message
        ? _("Not saved – %(why)s Kept in this browser.", { why: message })
        : _("Not saved – the server refused it. Kept in this browser."));
    } else {
      throw new Error(String(answer.status));
    }
  }
}

const token = () => document.querySelector("meta[name=csrf-token]");

/** A token grows old on a page that is open for long; whether a fresh one was to be had. */
async function renewed() {
  const page = await fetch(location.pathname, { redirect: "manual" });
  if (!page.ok || !token()) return false;
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
  const found = fresh.querySelector("meta[name=csrf-token]")?.content;
  if (found) {
    token().content = found;
    for (const input of document.querySelectorAll("input[name=csrf_token]")) input.value = found;
  }
  return Boolean(found);
}

function signIn() {
  const link = document.createElement("a");
  link.href = location.pathname;
  link.textContent = _("Sign in and go on");
  return link;
}
