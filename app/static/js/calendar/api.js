// Talking to the server: JSON in and out, the page's token, one key for one act.

import { _ } from "../language.js";
import { signInAgain } from "../signed-out.js";

const token = () => document.querySelector("meta[name=csrf-token]")?.content ?? "";

function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Both resolve to {ok, status, body}; a server that cannot be reached answers status 0. */
export const post = (url, body) => send("POST", url, body);
export const put = (url, body) => send("PUT", url, body);

async function send(method, url, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": key() };
  const once = () => fetch(url, { method, headers: { ...headers, "X-CSRFToken": token() }, body: JSON.stringify(body) });
  try {
    let answer = await once();
    while (isOut(answer)) {
      await signInAgain();
      answer = await once();
    }
    const said = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, body: said };
  } catch {
    return { ok: false, status: 0, body: { message: _("The clinic’s server cannot be reached. Nothing was changed; try again in a moment.") } };
  }
}

const told = new Map(); // address → {tag, body}, of this page only

/** GET with the tag of the last answer; resolves to {body, same}. Throws Error with a sentence.
 * A page that asks by itself says so by `background`: that keeps no session alive. */
export async function get(url, signal, { background = false } = {}) {
  const known = told.get(url);
  const headers = { Accept: "application/json" };
  if (known) headers["If-None-Match"] = known.tag;
  if (background) headers["X-Background"] = "yes";
  let answer;
  try {
    answer = await fetch(url, { headers, signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(_("The clinic’s server cannot be reached. What is shown may be old."));
  }
  if (answer.status === 304 && known) return { body: known.body, same: true };
  if (isOut(answer)) {
    if (!document.querySelector("dialog[open]")) return signedOut();
    await signInAgain();
    return get(url, signal);
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.message ?? _("The clinic’s server could not answer. Try again in a moment."));
  const tag = answer.headers.get("ETag");
  told.delete(url);
  if (tag) told.set(url, { tag, body });
  if (told.size > 20) told.delete(told.keys().next().value);
  return { body, same: false };
}

const isOut = (answer) => answer.redirected || answer.status === 401;

/** The session is over, and nothing is typed: the page that comes next is the login. */
function signedOut() {
  location.reload();
  return new Promise(() => {});
}

/** Rows that came as arrays, with their keys once. */
export const unpacked = ({ keys, rows }) => rows.map((row) => Object.fromEntries(keys.map((name, at) => [name, row[at]])));
