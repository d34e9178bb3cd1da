"""The factory: the only place where the layers meet."""

from __future__ import annotations

import gc
from functools import cache
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from app import cli_upkeep, database, language, models, spelling
from app.extensions import csrf, db, mail, migrate
from app.models.base.keyring import Keyring, Unreadable, master_keys
from app.security.manager import ClinicSecurityManager
from app.security.policy import Policy, compile_tables
from app.security.routes import guarded_routes
from app.views import ops, setup


def create_app(**overrides: Any) -> Flask:
    """The clinic as a WSGI application; `overrides` are config keys that win over the
    environment. Raises ConfigError or DeclarationError with a sentence."""
    app = Flask(__name__)
    app.config.from_mapping(config.load() | overrides)
    if app.config["CLINIC_LANGUAGE"] not in language.LANGUAGES:
        known = ", ".join(language.LANGUAGES)
        raise config.ConfigError(f"CLINIC_LANGUAGE is none that is spoken here; write {known}.")
    if proxies := app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
    db.init_app(app)
    mail.init_app(app)
    csrf.init_app(app)
    migrate.init_app(
        app, db, directory=str(config.ROOT / "migrations"), compare_server_default=False
    )
    setup.init_app(app)
    app.cli.add_command(cli_upkeep.clinic)
    with app.app_context():
        for engine in db.engines.values():
            database.prepare(engine)
        _open_keys(app)
        _open(app)
    _settle()
    return app


def _open_keys(app: Flask) -> None:
    """The keys of what is encrypted; a master key that does not open them stops the start."""
    given, file = app.config["FIELD_KEYS"], app.config["INSTANCE"] / "field_keys"
    keys = Keyring(lambda: db.engine, lambda: master_keys(given, file))
    app.extensions["clinic_keyring"] = keys
    try:
        keys.check()
    except Unreadable as error:
        raise config.ConfigError(error.message) from None


def _open(app: Flask) -> None:
    """Compile the grants, register the views, and refuse a route that asks for nothing."""
    policy = app.extensions["clinic_policy"] = Policy()
    compile_tables(policy, models.ALL)
    setup.grant_pages(policy)
    app.config["FAB_ROLES"] = policy.as_builtin_roles()
    builder = setup.ClinicBuilder(security_manager_class=ClinicSecurityManager)
    builder.tables = models.ALL
    builder.init_app(app, db.session)
    language.init_app(app)
    spelling.init_app(app)
    ops.init_app(app)
    guarded_routes(app)


@cache
def _settle() -> None:
    """What the start has made lasts as long as the process: the collector of garbage need not look
    through hundreds of thousands of objects again and again, which holds up one answer for half a
    second. What requests make is looked through less often than by default, for an answer of a
    thousand rows makes no garbage that only the collector finds."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
