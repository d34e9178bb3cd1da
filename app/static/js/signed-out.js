// The session ended while a page is open: what is typed stays where it is, one signs in beside it.

import { _ } from "./language.js";

let asked = null; // several requests may find out at once: one question for all

/** Asks until the same person is signed in again, then resolves; the page's token is a fresh one.
 * Where someone else signed in meanwhile, the page is theirs and starts anew. */
export function signInAgain() {
  asked ??= ask().finally(() => {
    asked = null;
  });
  return asked;
}

async function ask() {
  const dialog = document.body.appendChild(made());
  dialog.showModal();
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  try {
    for (;;) {
      await new Promise((resolve) => dialog.querySelector("button").addEventListener("click", resolve, { once: true }));
      if (await renewed()) return;
      dialog.querySelector("[role=status]").textContent = "You are not signed in yet.";
    }
  } finally {
    dialog.remove();
  }
}

function made() {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.id = "signed-out";
  dialog.setAttribute("aria-labelledby", "signed-out-title");
  dialog.append(
    element("h2", { id: "signed-out-title", textContent: _("You have been signed out") }),
    element("p", { textContent: _("Nothing you typed is lost. Sign in on a new page, then come back here and go on.") }),
    element("p", { role: "status", className: "muted" }),
  );
  const actions = element("div", { className: "actions" });
  actions.append(
    element("a", { className: "btn btn-primary", href: "/login/", target: "_blank", rel: "opener", textContent: _("Sign in") }),
    element("button", { className: "btn", type: "button", textContent: _("I have signed in, go on") }),
  );
  dialog.append(actions);
  return dialog;
}

const element = (tag, properties) => Object.assign(document.createElement(tag), properties);
const meta = (page, name) => page.querySelector(`meta[name=${name}]`)?.content;

/** Whether this page's person is signed in again. */
async function renewed() {
  const answer = await fetch("/account/", { redirect: "manual" }).catch(() => null);
  if (!answer?.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (meta(page, "person") !== meta(document, "person")) {
    location.reload();
    return new Promise(() => {});
  }
  const token = meta(page, "csrf-token");
  document.querySelector("meta[name=csrf-token]")?.setAttribute("content", token);
  for (const input of document.querySelectorAll("input[name=csrf_token]")) input.value = token;
  return true;
}
