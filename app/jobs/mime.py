"""A mail as bytes (RFC 5322 with MIME, RFC 2045–2047): seven bits, short lines, CRLF.

Written by hand because the general library parses each header again while it writes it, which is
the half of what sending a message costs.
"""

from __future__ import annotations

from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable
from dataclasses import dataclass
from email.header import Header
from secrets import token_hex

EOL = b"\r\n"


@dataclass(frozen=True)
class Part:
    """A body and what stands above it."""

    head: bytes
    body: bytes

    def __bytes__(self) -> bytes:
        return self.head + EOL + self.body


def words(text: str, kind: str) -> Part:
    """Text of the kind `text/plain` or `text/html`."""
    head = f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    lines = "\n".join(text.splitlines()) + "\n"
    return Part(head.encode(), b2a_qp(lines.encode(), istext=True).replace(b"\n", EOL))


def file(content: bytes, kind: str, name: str) -> Part:
    """A file to keep; `kind` may carry parameters, `name` is plain ASCII."""
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n'
    )
    coded = b2a_base64(content, newline=False)
    lines = [coded[start : start + 76] for start in range(0, len(coded), 76)]
    return Part(head.encode(), EOL.join(lines) + EOL)


def picture(content: bytes, key: str) -> Part:
    """A PNG that the HTML beside it shows as `cid:key`."""
    shown = file(content, "image/png", f"{key}.png")
    head = shown.head.replace(b"attachment", b"inline") + f"Content-ID: <{key}>\r\n".encode()
    return Part(head, shown.body)


def together(kind: str, parts: Iterable[Part]) -> Part:
    """Several parts as one of the kind `multipart/alternative`, `mixed` or `related`."""
    line = token_hex(16)
    mark = f"--{line}".encode()
    pieces = [mark + EOL + bytes(part) for part in parts]
    head = f'Content-Type: {kind}; boundary="{line}"\r\n'
    return Part(head.encode(), b"".join(pieces) + mark + b"--" + EOL)


def message(headers: Iterable[tuple[str, str]], part: Part) -> bytes:
    """The whole mail. Raises ValueError where a header would become two."""
    lines = [f"{name}: {_safe(value)}" for name, value in headers]
    return "\r\n".join([*lines, "MIME-Version: 1.0", ""]).encode("ascii") + bytes(part)


def _safe(value: str) -> str:
    if "\r" in value or "\n" in value:
        raise ValueError("A header is one line.")
    return value if value.isascii() else Header(value, "utf-8").encode(linesep="\r\n")
