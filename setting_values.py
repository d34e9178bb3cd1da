"""What the value of a setting may be: each function reads one, or raises `ConfigError` with a
sentence that names the variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from click import ClickException
from cryptography.fernet import Fernet
from holidays import list_supported_countries
from redis.connection import parse_url
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROLES = ("admin", "doctor", "nurse", "receptionist", "patient")
LONGEST_NUMBER = 20


class ConfigError(ClickException):
    """A setting that cannot be meant; the message is for the person who set it, also by `flask`."""


def commas(raw: str) -> list[str]:
    """What stands between commas."""
    return [word.strip() for word in raw.split(",") if word.strip()]


def field_keys(raw: str) -> list[str]:
    """Master keys by comma, the one that wraps first; none means those of the key file."""
    keys = commas(raw)
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ConfigError(
                "FIELD_KEYS holds what is no key; each is 32 random bytes in base64, by comma."
            ) from None
    return keys


def database(environ: Mapping[str, str], instance: Path) -> str:
    raw = environ.get("DATABASE_URL") or f"sqlite:///{instance / 'clinic.db'}"
    try:
        url = make_url(raw)
    except (ArgumentError, ValueError):  # a port that is no number
        raise ConfigError(
            "DATABASE_URL is no database address; write postgresql://user:password@host/name."
        ) from None
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError("DATABASE_URL must name a PostgreSQL or an SQLite database.")
    return url.render_as_string(hide_password=False)


def redis(url: str) -> str | None:
    """Its sentence leaves out the address, which holds a password."""
    try:
        if url:
            parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:
        raise ConfigError(
            "REDIS_URL is no address of Redis; write redis://:password@host:6379/0."
        ) from None
    return url or None


def provider(url: str) -> str | None:
    """Which providers there are is known to who sends; an address names one before its ://."""
    if url and not re.match(r"[a-z][a-z0-9+.-]*://.", url, re.IGNORECASE):
        raise ConfigError(
            "SMS_URL is no address of a text message provider; write one as Apprise does, such as "
            "twilio://account:token@sender/{to}."
        )
    return url or None


def zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"CLINIC_TIMEZONE={name!r} is no time zone; write an IANA name like Europe/Madrid."
        ) from None
    return name


def country(code: str) -> str:
    if code and code not in list_supported_countries():
        raise ConfigError(
            f"CLINIC_COUNTRY={code!r} is no country whose holidays are known; write a code like ES."
        )
    return code


def roles(names: str) -> frozenset[str]:
    """The roles that need a second factor; each is known by its name."""
    found = frozenset(commas(names))
    if unknown := sorted(found - set(ROLES)):
        raise ConfigError(
            f"CLINIC_SECOND_FACTOR names {unknown[0]!r}; write roles by comma: {', '.join(ROLES)}."
        )
    return found


def hosts(extra: str) -> list[str]:
    """The names under which a request may come, and those of this machine."""
    for host in commas(extra):
        if re.search(r"[\s/*?@]", host):
            raise ConfigError(
                f"CLINIC_HOSTS names {host!r}; write names by comma, like clinic.example.org."
            )
    return ["localhost", "127.0.0.1", "[::1]", *commas(extra)]


def address(url: str) -> str:
    """The clinic's own, at which links begin."""
    try:
        parts = urlsplit(url)
        meant = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        meant = False
    if not meant or re.search(r"[\s?#]", url):
        raise ConfigError(
            f"CLINIC_URL={url!r} is no address; write one like https://clinic.example.org."
        )
    return url


def mail_server(name: str) -> str | None:
    if re.search(r"[\s/@]|^[^:]*:[^:]*$", name):
        raise ConfigError(
            f"MAIL_SERVER={name!r} is no name of a machine; write one like mail.example.org, and its "
            "port in MAIL_PORT."
        )
    return name or None


def sender(written: str) -> str:
    """An address, also with a name before it: `Clinic <clinic@example.org>`."""
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", parseaddr(written)[1]) or not written.isprintable():
        raise ConfigError(
            f"MAIL_SENDER={written!r} is no e-mail address; write one like clinic@example.org."
        )
    return written


def folder(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """Made when it is needed; what is there already must be one."""
    path = Path(environ.get(name) or default)
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{name}={str(path)!r} is no folder.")
    return path


def number(
    environ: Mapping[str, str], name: str, default: int, *, least: int = 0, most: int
) -> int:
    raw = environ.get(name, "").strip()
    if not raw:
        return default
    if not raw.isdecimal():
        raise ConfigError(f"{name}={raw!r} must be a whole number.")
    if len(raw) > LONGEST_NUMBER or not least <= int(raw) <= most:
        raise ConfigError(f"{name}={raw[:LONGEST_NUMBER]} must be between {least} and {most}.")
    return int(raw)


def flag(environ: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    raw = environ.get(name, "").strip().lower()
    if raw not in {"", "0", "1", "true", "false", "yes", "no"}:
        raise ConfigError(f"{name}={raw!r} must be yes or no.")
    return raw in {"1", "true", "yes"} if raw else default
