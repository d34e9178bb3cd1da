"""Settings, all from the environment, each with a default that works on one machine.

`load(environ)` answers a mapping for `app.config`; a value that cannot be meant raises
`ConfigError` with a sentence that names the variable.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from click import ClickException
from cryptography.fernet import Fernet
from holidays import list_supported_countries
from redis.connection import parse_url
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROLES = ("admin", "doctor", "nurse", "receptionist", "patient")
ROOT = Path(__file__).resolve().parent
YEAR_OF_HOURS = 366 * 24
YEAR_OF_MINUTES = YEAR_OF_HOURS * 60
LONGEST_NUMBER = 20


class ConfigError(ClickException):
    """A setting that cannot be meant; the message is for the person who set it, also by `flask`."""


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """All settings; reads `environ` and, where something lies there, the instance folder."""
    instance = _instance(environ)
    return {
        "INSTANCE": instance,
        "CLINIC_SEALS": Path(environ.get("CLINIC_SEALS") or instance / "seals"),
        "CLINIC_BACKUPS": Path(environ.get("CLINIC_BACKUPS") or instance / "backups"),
        "BACKUP_HOURS": _number(environ, "CLINIC_BACKUP_HOURS", 24, most=YEAR_OF_HOURS),
        "BACKUP_KEEP": _number(environ, "CLINIC_BACKUP_KEEP", 14, least=1, most=10_000),
        "SECRET_KEY": environ.get("SECRET_KEY") or _own_secret(instance),
        "FIELD_KEYS": _field_keys(environ.get("FIELD_KEYS", "")),
        "SQLALCHEMY_DATABASE_URI": _database(environ, instance),
        "REDIS_URL": _redis(environ.get("REDIS_URL", "")),
        "CLINIC_NAME": environ.get("CLINIC_NAME", "Clinic"),
        "APP_NAME": environ.get("CLINIC_NAME", "Clinic"),  # of the API's description
        "CLINIC_URL": environ.get("CLINIC_URL") or "http://127.0.0.1:8000",
        "CLINIC_TIMEZONE": _zone(environ.get("CLINIC_TIMEZONE") or "UTC"),
        "CLINIC_LANGUAGE": environ.get("CLINIC_LANGUAGE") or "en",
        "CLINIC_COUNTRY": _country(environ.get("CLINIC_COUNTRY", "")),
        "TRUSTED_HOSTS": _hosts(environ.get("CLINIC_HOSTS", "")),
        **_sessions(environ),
        "PROXIES": _number(environ, "CLINIC_PROXIES", 0, most=16),
        "MAIL_SERVER": environ.get("MAIL_SERVER") or None,
        "MAIL_PORT": _number(environ, "MAIL_PORT", 25, least=1, most=65_535),
        "MAIL_USERNAME": environ.get("MAIL_USERNAME") or None,
        "MAIL_PASSWORD": environ.get("MAIL_PASSWORD") or None,
        "MAIL_USE_TLS": _flag(environ, "MAIL_USE_TLS"),
        "MAIL_DEFAULT_SENDER": environ.get("MAIL_SENDER", "clinic@localhost"),
        "CLINIC_PHONE": environ.get("CLINIC_PHONE", ""),
        "CLINIC_ADDRESS": environ.get("CLINIC_ADDRESS", ""),
        "PORTAL_REGISTRATION": _flag(environ, "PORTAL_REGISTRATION"),
        "PORTAL_CUTOFF_HOURS": _number(environ, "PORTAL_CUTOFF_HOURS", 24, most=YEAR_OF_HOURS),
        "PORTAL_LEAD_HOURS": _number(environ, "PORTAL_LEAD_HOURS", 2, most=YEAR_OF_HOURS),
        "PORTAL_HORIZON_DAYS": _number(environ, "PORTAL_HORIZON_DAYS", 60, least=1, most=366),
        "PORTAL_MOST_OPEN": _number(environ, "PORTAL_MOST_OPEN", 5, most=1000),
        "SMS_URL": _provider(environ.get("SMS_URL", "")),
        "TIMES_EVERY": 60,
        "SECOND_FACTOR_ROLES": _roles(environ.get("CLINIC_SECOND_FACTOR", "")),
        **FIXED,
    }


FIXED: dict[str, Any] = {
    # what the framework would do at start, `flask clinic init` does after a deploy
    "FAB_CREATE_DB": False,
    "FAB_UPDATE_PERMS": False,
    "FAB_ADD_SECURITY_API": False,
    "FAB_BASE_TEMPLATE": "base.html",
    "FAB_API_SWAGGER_UI": True,
    "FAB_API_SWAGGER_TEMPLATE": "swagger.html",
    "FAB_API_MAX_PAGE_SIZE": 100,
    "FAB_PASSWORD_COMPLEXITY_ENABLED": False,
    "AUTH_ROLE_ADMIN": "admin",
    "AUTH_ROLE_PUBLIC": "public",
    "AUTH_RATE_LIMITED": False,
    "SESSION_REFRESH_EACH_REQUEST": False,  # a session ends at a fixed time, however it is used
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
    "WTF_CSRF_TIME_LIMIT": None,
    "MAX_CONTENT_LENGTH": 16 * 1024 * 1024,
    "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
    "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
}


def _sessions(environ: Mapping[str, str]) -> dict[str, Any]:
    """How long a session lasts. The cookie outlives its session by a day, so that a form which is
    sent after the end is known for whose it is, and kept."""
    longest, idle = (
        timedelta(minutes=_number(environ, name, default, least=1, most=YEAR_OF_MINUTES))
        for name, default in (("CLINIC_SESSION_MINUTES", 480), ("CLINIC_IDLE_MINUTES", 30))
    )
    secure = _flag(environ, "CLINIC_HTTPS")
    return {
        "SESSION_LONGEST": longest,
        "SESSION_IDLE": idle,
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_NAME": "__Host-clinic" if secure else "clinic",
        "PERMANENT_SESSION_LIFETIME": longest + timedelta(days=1),
        "JWT_REFRESH_TOKEN_EXPIRES": longest,
    }


def _field_keys(raw: str) -> list[str]:
    """Master keys by comma, the one that wraps first; none means those of the key file."""
    keys = [key.strip() for key in raw.split(",") if key.strip()]
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ConfigError(
                "FIELD_KEYS holds what is no key; each is 32 random bytes in base64, by comma."
            ) from None
    return keys


def _instance(environ: Mapping[str, str]) -> Path:
    """The folder of what the clinic keeps beside the database; made, unless nothing lies there."""
    instance = Path(environ.get("CLINIC_INSTANCE") or ROOT / "instance")
    if all(environ.get(name) for name in ("SECRET_KEY", "FIELD_KEYS", "DATABASE_URL")):
        return instance
    try:
        instance.mkdir(parents=True, exist_ok=True)
        if not environ.get("SECRET_KEY"):
            _own_secret(instance)
    except OSError as error:
        raise ConfigError(
            f"CLINIC_INSTANCE={str(instance)!r} is no folder to keep things in ({error.strerror})."
        ) from None
    return instance


def _own_secret(instance: Path) -> str:
    """A key made once and kept beside the database, so that logins outlive a restart. Of several
    processes that start together one makes it, and none reads it half written."""
    path = instance / "secret_key"
    if not path.exists():
        fresh = instance / f"secret_key.{secrets.token_hex(8)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text().strip()


def _database(environ: Mapping[str, str], instance: Path) -> str:
    raw = environ.get("DATABASE_URL") or f"sqlite:///{instance / 'clinic.db'}"
    try:
        url = make_url(raw)
    except ArgumentError:
        raise ConfigError(
            "DATABASE_URL is no database address; write postgresql://user:password@host/name."
        ) from None
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise ConfigError("DATABASE_URL must name a PostgreSQL or an SQLite database.")
    return url.render_as_string(hide_password=False)


def _redis(url: str) -> str | None:
    """Its sentence leaves out the address, which holds a password."""
    try:
        if url:
            parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:
        raise ConfigError(
            "REDIS_URL is no address of Redis; write redis://:password@host:6379/0."
        ) from None
    return url or None


def _provider(url: str) -> str | None:
    """Which providers there are is known to who sends; an address names one before its ://."""
    if url and not re.match(r"[a-z][a-z0-9+.-]*://.", url, re.IGNORECASE):
        raise ConfigError(
            "SMS_URL is no address of a text message provider; write one as Apprise does, such as "
            "twilio://account:token@sender/{to}."
        )
    return url or None


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            f"CLINIC_TIMEZONE={name!r} is no time zone; write an IANA name like Europe/Madrid."
        ) from None
    return name


def _country(code: str) -> str:
    if code and code not in list_supported_countries():
        raise ConfigError(
            f"CLINIC_COUNTRY={code!r} is no country whose holidays are known; write a code like ES."
        )
    return code


def _roles(names: str) -> frozenset[str]:
    """The roles that need a second factor; each is known by its name."""
    found = frozenset(name.strip() for name in names.split(",") if name.strip())
    if unknown := sorted(found - set(ROLES)):
        raise ConfigError(
            f"CLINIC_SECOND_FACTOR names {unknown[0]!r}; write roles by comma: {', '.join(ROLES)}."
        )
    return found


def _hosts(extra: str) -> list[str]:
    return ["localhost", "127.0.0.1", "[::1]", *(host.strip() for host in extra.split(",") if host)]


def _number(
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


def _flag(environ: Mapping[str, str], name: str) -> bool:
    raw = environ.get(name, "").strip().lower()
    if raw not in {"", "0", "1", "true", "false", "yes", "no"}:
        raise ConfigError(f"{name}={raw!r} must be yes or no.")
    return raw in {"1", "true", "yes"}
