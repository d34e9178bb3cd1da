"""Alembic's environment: the clinic's tables and the framework's, on SQLite and PostgreSQL."""

import warnings
from typing import Any, Literal

from alembic import context
from flask import current_app
from flask_appbuilder import Model
from flask_appbuilder.security.sqla import models as _framework_tables  # noqa: F401
from sqlalchemy.types import TypeDecorator

import app.models  # noqa: F401  (its import fills the metadata)
from app.upkeep.counting import is_declared

# SQLite cannot tell what an index over lower(name) is made of; PostgreSQL compares them
warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based")
warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")


def plain_type(kind: str, value: Any, _autogen: Any) -> str | Literal[False]:
    """A migration stands for itself: our own column types are written as what they keep."""
    if kind == "type" and isinstance(value, TypeDecorator):
        return f"sa.{value.impl_instance!r}"
    return False


def run() -> None:
    migrate = current_app.extensions["migrate"]
    with migrate.db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            render_item=plain_type,
            include_name=is_declared,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
