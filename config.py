"""Settings, all from the environment, each with a default that works on one machine.

`load(environ)` answers a mapping for `app.config`; a value that cannot be meant raises
`ConfigError` with a sentence that names the variable.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from setting_values import (
    ROLES,
    ConfigError,
    address,
    commas,
    country,
    database,
    field_keys,
    flag,
    folder,
    hosts,
    mail_server,
    number,
    provider,
    redis,
    roles,
    sender,
    zone,
)

__all__ = ["ROLES", "ROOT", "ConfigError", "load"]

ROOT = Path(__file__).resolve().parent
YEAR_OF_HOURS = 366 * 24
YEAR_OF_MINUTES = YEAR_OF_HOURS * 60


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """All settings; reads `environ` and, where something lies there, the instance folder."""
    instance = _instance(environ)
    return {
        "INSTANCE": instance,
        "CLINIC_SEALS": folder(environ, "CLINIC_SEALS", instance / "seals"),
        "CLINIC_BACKUPS": folder(environ, "CLINIC_BACKUPS", instance / "backups"),
        "BACKUP_HOURS": number(environ, "CLINIC_BACKUP_HOURS", 24, most=YEAR_OF_HOURS),
        "BACKUP_KEEP": number(environ, "CLINIC_BACKUP_KEEP", 14, least=1, most=10_000),
        "SECRET_KEY": environ.get("SECRET_KEY") or _own_secret(instance),
        "SECRET_KEY_FALLBACKS": commas(environ.get("SECRET_KEY_FALLBACKS", "")),
        "FIELD_KEYS": field_keys(environ.get("FIELD_KEYS", "")),
        **_database(database(environ, instance)),
        "REDIS_URL": redis(environ.get("REDIS_URL", "")),
        "CLINIC_NAME": environ.get("CLINIC_NAME") or "Clinic",
        "APP_NAME": environ.get("CLINIC_NAME") or "Clinic",  # of the API's description
        "CLINIC_URL": address(environ.get("CLINIC_URL") or "http://127.0.0.1:8000"),
        "CLINIC_TIMEZONE": zone(environ.get("CLINIC_TIMEZONE") or "UTC"),
        "CLINIC_LANGUAGE": environ.get("CLINIC_LANGUAGE") or "en",
        "CLINIC_COUNTRY": country(environ.get("CLINIC_COUNTRY", "")),
        "TRUSTED_HOSTS": hosts(environ.get("CLINIC_HOSTS", "")),
        **_sessions(environ),
        "PROXIES": number(environ, "CLINIC_PROXIES", 0, most=16),
        **_mail(environ),
        "CLINIC_PHONE": environ.get("CLINIC_PHONE", ""),
        "CLINIC_ADDRESS": environ.get("CLINIC_ADDRESS", ""),
        "PORTAL_REGISTRATION": flag(environ, "PORTAL_REGISTRATION"),
        "PORTAL_CUTOFF_HOURS": number(environ, "PORTAL_CUTOFF_HOURS", 24, most=YEAR_OF_HOURS),
        "PORTAL_LEAD_HOURS": number(environ, "PORTAL_LEAD_HOURS", 2, most=YEAR_OF_HOURS),
        "PORTAL_HORIZON_DAYS": number(environ, "PORTAL_HORIZON_DAYS", 60, least=1, most=366),
        "PORTAL_MOST_OPEN": number(environ, "PORTAL_MOST_OPEN", 5, most=1000),
        "SMS_URL": provider(environ.get("SMS_URL", "")),
        "TIMES_EVERY": 60,
        "SECOND_FACTOR_ROLES": roles(environ.get("CLINIC_SECOND_FACTOR", "")),
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
}


def _database(address: str) -> dict[str, Any]:
    """Where the database is, and how connections to it are kept: of PostgreSQL's, the one that was
    used last goes out first, for it knows the statements best."""
    options = {"hide_parameters": True}
    if address.startswith("postgresql"):
        options["pool_use_lifo"] = True
    return {"SQLALCHEMY_DATABASE_URI": address, "SQLALCHEMY_ENGINE_OPTIONS": options}


def _mail(environ: Mapping[str, str]) -> dict[str, Any]:
    """By which server e-mail leaves, and who it is from."""
    return {
        "MAIL_SERVER": mail_server(environ.get("MAIL_SERVER", "")),
        "MAIL_PORT": number(environ, "MAIL_PORT", 25, least=1, most=65_535),
        "MAIL_USERNAME": environ.get("MAIL_USERNAME") or None,
        "MAIL_PASSWORD": environ.get("MAIL_PASSWORD") or None,
        "MAIL_USE_TLS": flag(environ, "MAIL_USE_TLS"),
        "MAIL_DEFAULT_SENDER": sender(environ.get("MAIL_SENDER") or "clinic@localhost"),
    }


def _sessions(environ: Mapping[str, str]) -> dict[str, Any]:
    """How long a session lasts. The cookie outlives its session by a day, so that a form which is
    sent after the end is known for whose it is, and kept."""
    longest, idle = (
        timedelta(minutes=number(environ, name, default, least=1, most=YEAR_OF_MINUTES))
        for name, default in (("CLINIC_SESSION_MINUTES", 480), ("CLINIC_IDLE_MINUTES", 30))
    )
    secure = flag(environ, "CLINIC_HTTPS")
    return {
        "SESSION_LONGEST": longest,
        "SESSION_IDLE": idle,
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_NAME": "__Host-clinic" if secure else "clinic",
        "PERMANENT_SESSION_LIFETIME": longest + timedelta(days=1),
        "JWT_REFRESH_TOKEN_EXPIRES": longest,
    }


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
