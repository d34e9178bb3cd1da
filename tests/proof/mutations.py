"""Ways in which a file goes wrong: at random, and as someone with bad intentions would have it."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 1e308, "", " ", "\0", "\u202e", "x" * 5000, "9" * 400, "2024-02-30",
    "0000-00-00", "9999-12-31T23:59:60Z", "urn:uuid:", "Patient/", "#", "=cmd()", "<script>", "'; --",
    [], {}, [[]], [None], {"": None}, ["x"] * 50, {"resourceType": "Patient"},
)  # fmt: skip
TOKENS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\"", b"'", b",", b"\n", b"\r", b"{", b"}", b"[" * 300, b"|",
    b"\\u0000", b"\\ud800", b"1e999", b"NaN", b"-", b"# version: ", b"9" * 500, "é".encode("latin-1"),
)  # fmt: skip


def spoil_bytes(content: bytes, chance: Random) -> bytes:
    """Flip, cut, repeat, or put something in, some times over."""
    spoilt = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(spoilt) + 1)
        to = min(len(spoilt), at + chance.choice((1, 2, 20, 400)))
        way = chance.randrange(5)
        if way == 0 and at < len(spoilt):
            spoilt[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            del spoilt[at:to]
        elif way == 2:
            spoilt[at:at] = spoilt[at:to] * chance.choice((1, 3))
        elif way == 3:
            spoilt[at:at] = chance.choice(TOKENS)
        else:
            del spoilt[at:]
    return bytes(spoilt)


def spoil_json(document: Any, chance: Random) -> bytes:
    """Put odd values in place of some nodes, take some away, or say them twice."""
    spoilt = copy.deepcopy(document)
    for _ in range(chance.randint(1, 4)):
        places = list(_places(spoilt))
        if not places:
            break
        holder, key = chance.choice(places)
        way = chance.randrange(4)
        if way == 0:
            del holder[key]
        elif way == 1 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif way == 2:
            other, its = chance.choice(places)
            holder[key] = copy.deepcopy(other[its]) if _holds(other, its) else None
        else:
            holder[key] = copy.deepcopy(chance.choice(ODD))
    return json.dumps(spoilt).encode("utf-8", "surrogatepass")


def _places(node: Any) -> Any:
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in list(keys):
        yield node, key
        yield from _places(node[key])


def _holds(holder: Any, key: Any) -> bool:
    return key in holder if isinstance(holder, dict) else key < len(holder)
