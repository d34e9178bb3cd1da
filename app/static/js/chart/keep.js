// What was typed stays in this browser until the server has it, one entry a person and note. It is
// sealed (AES-GCM) by a key that the server tells this person alone: the next one at the machine finds
// nothing to read. Where the browser cannot seal, over plain HTTP from elsewhere, nothing is kept.

const PREFIX = "note/";
const LONGEST = 14 * 24 * 3600 * 1000;

export class Kept {
  #turn = 0;
  #secret;

  /** `secret` is 32 bytes in base64. */
  constructor(person, note, secret) {
    this.key = `${PREFIX}${person}/${note}`;
    this.#secret = globalThis.crypto?.subtle && secret ? imported(secret) : null;
    forgetOld();
  }

  /** @returns {Promise<{version: string, at: number, texts: object, sent?: object} | null>} */
  async read() {
    try {
      const { nonce, sealed } = JSON.parse(localStorage.getItem(this.key));
      const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(nonce) }, await this.#secret, bytes(sealed));
      return JSON.parse(new TextDecoder().decode(opened));
    } catch {
      return null;
    }
  }

  /** `sent` is the text of a saving whose answer is not here yet.
   * @returns {boolean} whether this browser can keep it */
  write(version, texts, sent) {
    if (!this.#secret) return false;
    this.#keep(++this.#turn, { version, at: Date.now(), texts, sent });
    return true;
  }

  /** Only what was written last is kept, however long the sealing of earlier texts took. */
  async #keep(turn, entry) {
    try {
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(JSON.stringify(entry));
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, await this.#secret, plain));
      if (turn !== this.#turn) return;
      localStorage.setItem(this.key, JSON.stringify({ at: entry.at, nonce: base64(nonce), sealed: base64(sealed) }));
    } catch {
      // nothing is kept where storage is full or forbidden; the server still gets it
    }
  }

  forget() {
    this.#turn += 1;
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

const imported = (secret) => crypto.subtle.importKey("raw", bytes(secret), "AES-GCM", false, ["encrypt", "decrypt"]);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const base64 = (found) => btoa(Array.from(found, (byte) => String.fromCharCode(byte)).join(""));

/** A text that nobody came back for in two weeks does not stay on a shared machine, nor one that
 * anybody could read. */
function forgetOld() {
  try {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
      const entry = JSON.parse(localStorage.getItem(key));
      if (!(entry?.sealed && entry.at > Date.now() - LONGEST)) localStorage.removeItem(key);
    }
  } catch {
    // storage is forbidden, or the entry is not ours
  }
}
