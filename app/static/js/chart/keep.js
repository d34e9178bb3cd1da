// What was typed stays in this browser until the server has it, one entry a person and note.

const PREFIX = "note/";
const LONGEST = 14 * 24 * 3600 * 1000;

export class Kept {
  constructor(person, note) {
    this.key = `${PREFIX}${person}/${note}`;
    forgetOld();
  }

  /** @returns {{version: string, at: number, texts: object, sent?: object} | null} */
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  /** `sent` is the text of a saving whose answer is not here yet.
   * @returns {boolean} whether the browser took it */
  write(version, texts, sent) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ version, at: Date.now(), texts, sent }));
      return true;
    } catch {
      return false;
    }
  }

  forget() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // nothing is kept where storage is forbidden
    }
  }
}

/** Whether two texts are the same but for space at their ends, which the server cuts off. */
export const same = (left, right) =>
  Object.keys(right).every((name) => (left?.[name] ?? "").trim() === right[name].trim());

/** A text that nobody came back for in two weeks does not stay on a shared machine. */
function forgetOld() {
  try {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
      if (!(JSON.parse(localStorage.getItem(key))?.at > Date.now() - LONGEST)) localStorage.removeItem(key);
    }
  } catch {
    // storage is forbidden, or the entry is not ours
  }
}
