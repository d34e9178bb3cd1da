// A note that is read and no longer written: what this browser still keeps of it.

import { _ } from "../language.js";
import { clock } from "./autosave.js";
import { showClash } from "./clash.js";
import { Kept, same } from "./keep.js";

/** Forgets a kept text that is the one of the page; shows one that never arrived. */
export async function showLeft(article) {
  if (!article) return;
  const kept = new Kept(article.dataset.person, article.dataset.readNote, article.dataset.keep);
  const left = await kept.read();
  if (!left) return;
  const texts = JSON.parse(article.dataset.texts);
  if (same(left.texts, texts)) return void kept.forget();
  const place = document.createElement("div");
  article.before(place);
  const message = _("What you wrote at %(time)s did not arrive before the note was signed. Copy what is missing; it can be an amendment.", { time: clock(left.at) });
  showClash(place, { message, yours: left.texts, current: texts, signed: true }, { theirs: () => kept.forget() });
}
