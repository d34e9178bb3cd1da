"""The texts of the program and their translations.

    python tools/translations.py              bring every messages.po up to date, and name what is wrong
    python tools/translations.py check        name what is wrong, and write nothing
    python tools/translations.py missing      print what has no translation as JSON, to fill in and add
    python tools/translations.py add FILE     take translations from a .json or .toml of English = Spanish
                                              (a plural: [one, many]; a context: context|English); --to CODE for
                                              another language

Where texts stand is said in `texts.py`. A file is sorted by its English text.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import normalize, read_po

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.language import FOLDER, LANGUAGES, SOURCE
from tools.texts import MARK, Texts, texts

PLACE = re.compile(r"%\((\w+)\)[sd]|%%")
BARE = re.compile(r"%(?!\(\w+\)[sd]|%)")


def po_of(code: str) -> Path:
    return FOLDER / code / "LC_MESSAGES" / "messages.po"


def translations(code: str) -> dict[str, Any]:
    """English text → its translation, or the tuple of its plural forms."""
    path = po_of(code)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        read: Catalog = read_po(file, locale=code)
    return {
        _key(message): message.string for message in [*read, *read.obsolete.values()] if message.id
    }


def _key(message: Message) -> str:
    one = message.id[0] if isinstance(message.id, tuple) else message.id
    return f"{message.context}{MARK}{one}" if message.context else str(one)


def write(code: str, found: Texts, said: dict[str, Any]) -> None:
    """The file of a language; what is not said yet does not stand there, so that files merge."""
    plural = Catalog(locale=code)
    lines = [
        'msgid ""', 'msgstr ""', f'"Language: {code}\\n"', '"Content-Type: text/plain; charset=utf-8\\n"',
        f'"Plural-Forms: {plural.plural_forms}\\n"', "",
    ]  # fmt: skip
    for one in sorted(one for one in found if _whole(said.get(one))):
        text, words = found[one], said[one]
        lines += ["#. script"] if text.script else []
        context, mark, alone = one.rpartition(MARK)
        lines += [f"msgctxt {_quoted(context)}"] if mark else []
        lines.append(f"msgid {_quoted(alone)}")
        if text.many is None:
            lines.append(f"msgstr {_quoted(words if isinstance(words, str) else words[0])}")
        else:
            forms = [words] * plural.num_plurals if isinstance(words, str) else words
            lines.append(f"msgid_plural {_quoted(text.many)}")
            lines += [f"msgstr[{n}] {_quoted(form)}" for n, form in enumerate(forms)]
        lines.append("")
    path = po_of(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines[:-1]) + "\n", "utf-8")


def _quoted(text: str) -> str:
    return str(normalize(text, width=0))


def faults(code: str, found: Texts, said: dict[str, Any]) -> list[str]:
    """Every text without its translation, translation without its text, and placeholder that one
    of the two does not have."""
    wrong = [
        f"{code}: missing ({found[one].places[0]}): {one!r}"
        for one in found
        if not _whole(said.get(one))
    ]
    wrong += [f"{code}: obsolete: {one!r}" for one in said if one not in found]
    for one, text in found.items():
        words = said.get(one)
        if not _whole(words):
            continue
        forms = [words] if isinstance(words, str) else list(words)
        asked = _placeholders(one + (text.many or ""))
        for form in forms:
            given = _placeholders(form)
            if given - asked or (asked - given - {"num"}):
                wrong.append(f"{code}: placeholders differ: {one!r} and {form!r}")
            if "%(" in one and BARE.search(form):
                wrong.append(f"{code}: a percent sign stands alone: {form!r}")
    return sorted(wrong)


def _placeholders(text: str) -> set[str]:
    return {place for place in PLACE.findall(text) if place}


def _whole(words: Any) -> bool:
    return all(words) if isinstance(words, (tuple, list)) else bool(words)


def _given(path: Path) -> dict[str, Any]:
    raw = path.read_text("utf-8")
    pairs: dict[str, Any] = json.loads(raw) if path.suffix == ".json" else tomllib.loads(raw)
    return {one.replace("|", MARK): said for one, said in pairs.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what", nargs="?", choices=("update", "check", "missing", "add"), default="update"
    )
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--to", default="es", choices=sorted(set(LANGUAGES) - {SOURCE}))
    asked = parser.parse_args()
    found, wrong = texts(), []
    for code in sorted(set(LANGUAGES) - {SOURCE}):
        said = translations(code)
        if asked.what == "add" and code == asked.to:
            pairs = _given(asked.file)
            said |= pairs
            wrong += [
                f"{code}: nowhere in the program: {one!r}" for one in pairs if one not in found
            ]
        if asked.what == "missing" and code == asked.to:
            lacking = {one: [] if t.many else "" for one, t in found.items() if not said.get(one)}
            print(json.dumps(lacking, ensure_ascii=False, indent=0))
            return 0
        wrong += faults(code, found, said)
        if asked.what != "check":
            write(code, found, said)
    print("\n".join(wrong) or "Every text has its translation.")
    print(f"{len(found)} texts, {len(wrong)} to mend", file=sys.stderr)
    return min(len(wrong), 1)


if __name__ == "__main__":
    os.environ.setdefault("CLINIC_INSTANCE", tempfile.mkdtemp())
    sys.exit(main())
