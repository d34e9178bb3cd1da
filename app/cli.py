"""`flask clinic …`: what is done to the clinic from a shell."""

from __future__ import annotations

import click
from flask.cli import AppGroup
from flask_migrate import upgrade

from app.extensions import db

clinic = AppGroup("clinic", help="Set up, fill and look after the clinic.")


@clinic.command()
def init() -> None:
    """Migrate the database and add the roles; run it after every deploy."""
    from flask import current_app

    upgrade()
    added = current_app.extensions["appbuilder"].sm.sync_roles()
    click.echo(f"The database is up to date; roles added: {', '.join(added) or 'none'}.")
