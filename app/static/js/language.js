// The texts of the scripts in the page's language: `texts` came with the page, unless it is English.

const texts = globalThis.texts ?? {};

const spoken = (value) => (typeof value === "number" ? value.toLocaleString(locale, { useGrouping: "always" }) : value);

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (all, name) => spoken(values?.[name] ?? all));

/** `text` in the language of the page, with `%(name)s` filled in; a number as the language spells it. */
export const _ = (text, values) => filled(texts[text] ?? text, values);

/** As `_`, for an English word that other languages have two of. */
export const _p = (context, text, values) => filled(texts[`${context}\u0004${text}`] ?? text, values);

/** As `_`, by a number, which is `%(num)s` in both texts. */
export const _n = (one, many, num, values) =>
  filled((texts[one] ?? [one, many])[num === 1 ? 0 : 1], { num, ...values });

/** What `Intl` spells dates and numbers by. */
export const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
