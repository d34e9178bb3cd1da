"""What of the settings would be wrong in a clinic with real patients; one sentence each."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError
from sqlalchemy.engine import make_url

from app.database import file_of
from app.language import _
from app.spelling import counted

SHORTEST_SECRET = 32
OWN = {"localhost", "127.0.0.1", "[::1]"}
LEAST_FREE = 1024**3

Config = dict[str, Any]


def secret_key(config: Config) -> str | None:
    """SECRET_KEY is long enough, and the file of it is for its owner only."""
    if len(str(config["SECRET_KEY"])) < SHORTEST_SECRET:
        return _(
            "SECRET_KEY is shorter than %(least)s characters. Set a long random one, or leave it "
            "away: then one is made.",
            least=SHORTEST_SECRET,
        )
    return _too_open(config["INSTANCE"] / "secret_key")


def master_keys(config: Config) -> str | None:
    """The file of the master keys is for its owner only."""
    return _too_open(config["INSTANCE"] / "field_keys")


def seal_key(config: Config) -> str | None:
    """The key that seals the audit trail is for its owner only."""
    return _too_open(config["CLINIC_SEALS"] / "key.pem")


def database_file(config: Config) -> str | None:
    """Of SQLite, with the two files beside it, which hold what was written last."""
    url = make_url(config["SQLALCHEMY_DATABASE_URI"])
    path = file_of(url.database) if url.get_backend_name() == "sqlite" else None
    if path is None:
        return None
    files = (path.with_name(path.name + ending) for ending in ("", "-wal", "-shm"))
    return next(filter(None, map(_too_open, files)), None)


def apart(config: Config) -> str | None:
    """Backups beside the keys are lost with them, and open with them."""
    if config["CLINIC_BACKUPS"].resolve().is_relative_to(config["INSTANCE"].resolve()):
        return _(
            "The backups lie in the instance folder, beside the database and its keys. Set "
            "CLINIC_BACKUPS to a folder on another disk."
        )
    return None


def seals_apart(config: Config) -> str | None:
    """The seals lie apart from the database that they prove."""
    if config["CLINIC_SEALS"].resolve().is_relative_to(config["INSTANCE"].resolve()):
        return _(
            "The seals of the audit trail lie in the instance folder. Set CLINIC_SEALS to a folder "
            "that who runs the database cannot change."
        )
    return None


def encrypted(config: Config) -> str | None:
    """Pages are served by TLS."""
    if not config["SESSION_COOKIE_SECURE"]:
        return _(
            "Pages are served without TLS: set CLINIC_HTTPS=yes behind a proxy that speaks it."
        )
    return None


def names(config: Config) -> str | None:
    """The clinic is reached by a name of its own."""
    if not set(config["TRUSTED_HOSTS"] or ()) - OWN:
        return _(
            "CLINIC_HOSTS names nothing but this machine, so the clinic is reached from here only."
        )
    return None


def address(config: Config) -> str | None:
    """Links in messages lead to a public https address."""
    url = urlsplit(config["CLINIC_URL"])
    if url.scheme != "https" or url.hostname in OWN:
        return _(
            "CLINIC_URL is %(url)s: links in messages lead there. Set it to https://…",
            url=config["CLINIC_URL"],
        )
    return None


def time_zone(config: Config) -> str | None:
    """The zone is that of a place."""
    if config["CLINIC_TIMEZONE"] == "UTC":
        return _("CLINIC_TIMEZONE is UTC. Set the clinic's own zone, such as Europe/Madrid.")
    return None


def mail(config: Config) -> str | None:
    """There is a server for e-mail."""
    if not config["MAIL_SERVER"]:
        return _(
            "MAIL_SERVER is not set, so no e-mail leaves: reminders and reset links wait here."
        )
    return None


def redis(config: Config) -> str | None:
    """Redis answers, and asks for a password; all is well where none is used."""
    url = config["REDIS_URL"]
    if not url:
        return None
    if not urlsplit(url).password:
        return _("REDIS_URL has no password: whoever reaches Redis can hold up every job.")
    try:
        Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2).ping()
    except AuthenticationError:
        return _("Redis refuses the password of REDIS_URL.")
    except (RedisError, OSError):
        return _("Redis does not answer; messages go out more slowly until it does.")
    return None


def debugging(config: Config) -> str | None:
    """Flask runs without its debugger."""
    if config.get("DEBUG"):
        return _(
            "Flask runs in debug mode, which shows code and runs what is typed. Unset FLASK_DEBUG."
        )
    return None


def room_left(config: Config) -> str | None:
    """The disk of the instance has room left."""
    folder: Path = config["INSTANCE"]
    if folder.is_dir() and (free := shutil.disk_usage(folder).free) < LEAST_FREE:
        return _(
            "Only %(free)s MB are free where %(folder)s lies.",
            free=counted(free // 1024**2),
            folder=folder,
        )
    return None


def _too_open(path: Path) -> str | None:
    if path.exists() and path.stat().st_mode & 0o077:
        return _("%(path)s can be read by others on this machine: chmod 600 %(path)s", path=path)
    return None
