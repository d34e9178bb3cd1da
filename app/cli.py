"""`flask clinic …`: what is done to the clinic from a shell."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import click
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import current_app
from flask.cli import AppGroup
from flask_appbuilder import Model
from flask_migrate import revision, stamp, upgrade
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from app import models
from app.exchange import demo, icd_load, import_paths
from app.extensions import db
from app.jobs import dry, queue, worker
from app.models import ClinicError
from app.models.analytics import rollup
from app.models.messages import links, message_defaults
from app.models.record import drug_lists
from app.upkeep.counting import is_declared, revision_of
from app.upkeep.restoring import heads, is_known

TIMES = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M")


class Commands(AppGroup):
    """Commands that say it in a sentence where the database does not answer."""

    def invoke(self, ctx: click.Context) -> Any:
        """A database that does not answer is said in a sentence, not by a traceback."""
        try:
            return super().invoke(ctx)
        except OperationalError as error:
            raise click.ClickException(no_answer(error)) from None


def no_answer(error: OperationalError) -> str:
    """What to tell whoever set DATABASE_URL; the password is not in it."""
    return f"The database of DATABASE_URL does not answer: {error.orig}."


clinic = Commands("clinic", help="Set up, fill and look after the clinic.")


@clinic.command()
def init() -> None:
    """Migrate the database and add the roles; run it after every deploy."""
    for line in set_up():
        click.echo(line)


@clinic.command("demo")
@click.option("--patients", default=500, show_default=True, type=click.IntRange(100, 100_000))
@click.option("--years", default=2, show_default=True, type=click.IntRange(1, 10))
def demo_command(patients: int, years: int) -> None:
    """Fill an empty clinic with made-up people; refuses where real patients are."""
    set_up()
    try:
        counts = build_demo(patients=patients, years=years)
    except ClinicError as error:
        raise click.ClickException(error.message) from None
    click.echo(str(counts))


@clinic.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_command(paths: tuple[Path, ...]) -> None:
    """Read FHIR R4 bundles (files, folders, archives) and Synthea CSV folders.

    Each file is taken in whole or not at all; what is there already is not added again.
    """
    with click.progressbar(length=1, label="Importing", show_pos=True) as bar:

        def progress(done: int, total: int, _name: str) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        report = import_paths(db.session(), paths, progress)
    rollup.refresh(db.session(), datetime.now(UTC))  # else the figures know of it by the next job
    db.session.commit()
    click.echo(str(report))
    if report.failed:
        raise SystemExit(1)


@clinic.command("import-interactions")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--extend", is_flag=True, help="Add to the list that holds, rather than replace it.")
@click.option("--release", help="The version, where the file does not begin with one.")
def import_interactions(paths: tuple[Path, ...], extend: bool, release: str | None) -> None:
    """Load lists for the check of prescriptions: drugs, classes, interactions, doses (CSV).

    The header of a file says which of the four it is. All come in, or none.
    """
    session = db.session()
    try:
        for path in paths:
            text = path.read_text(encoding="utf-8")
            row = drug_lists.import_list(
                session, text, datetime.now(UTC), extend=extend, release=release
            )
            click.echo(f"{path.name}: {row.entries} {row.kind}, version {row.release}.")
    except (ClinicError, UnicodeDecodeError) as error:
        session.rollback()
        raise click.ClickException(f"{path.name}: {getattr(error, 'message', error)}") from None
    session.commit()
    held = drug_lists.current(session)
    if unknown := drug_lists.strangers(held, held.pairs.values()):
        click.echo(
            f"{unknown} interactions name a drug or class that no list holds: never applied."
            if unknown > 1
            else "1 interaction names a drug or class that no list holds: never applied."
        )
    click.echo(f"The check now works with {held.release(*held.releases)}.")


@clinic.command("worker")
@click.option("--once", is_flag=True, help="Do what is due, say what it was, and stop.")
@click.option("--now", type=click.DateTime(TIMES), help="With --once: as if it were then; UTC.")
@click.option("--dry-run", is_flag=True, help="Only say which messages would be sent.")
def worker_command(once: bool, now: datetime | None, dry_run: bool) -> None:
    """Do by itself what is due: send messages, plan reminders, expire holds, mark no-shows.

    Runs until stopped. With REDIS_URL it works for the queue that “flask clinic cron” fills, beside
    as many others as you start; without, it looks at the timetable itself.
    """
    if now is not None and not (once or dry_run):
        raise click.UsageError("--now goes with --once or --dry-run.")
    moment = (now if now.tzinfo else now.replace(tzinfo=UTC)) if now else datetime.now(UTC)
    if dry_run:
        for line in dry.lines(db.session(), moment):
            click.echo(line)
    elif once:
        for name, rows in worker.run_due(db.session(), moment, {}).items():
            click.echo(f"{name}: {rows}")
    elif redis := current_app.config["REDIS_URL"]:
        queue.work(redis)
    else:
        worker.work(current_app._get_current_object(), Event())  # type: ignore[attr-defined]


@clinic.command("cron")
def cron_command() -> None:
    """With REDIS_URL: put what the timetable says into the queue of the workers, until stopped."""
    if not current_app.config["REDIS_URL"]:
        raise click.UsageError("Set REDIS_URL; without it “flask clinic worker” does this itself.")
    queue.keep_time(current_app.config["REDIS_URL"])


@clinic.command("replies")
def replies_command() -> None:
    """Print the address to which the provider of text messages posts answers such as STOP."""
    click.echo(links.for_replies())


@clinic.command("migration")
@click.argument("message")
def migration_command(message: str) -> None:
    """Write the migration of what was declared since the last one, and take it as done here
    where this database has it already."""
    from app import create_app

    _refuse_two_heads()
    with TemporaryDirectory() as folder:
        scratch = create_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/scratch.db")
        with scratch.app_context():
            upgrade()
            revision(message=message, autogenerate=True)
            db.engine.dispose()
    if is_as_declared():
        stamp()


def set_up() -> list[str]:
    """Migrate, add roles, and make the tables that are declared but not migrated yet, so that a
    new declaration can be tried at once. Idempotent; says what it did. Ends the program where the
    database is at a migration that is not there."""
    _refuse_two_heads()
    _refuse_unknown()
    upgrade()
    _forget_old_pages()
    added = current_app.extensions["appbuilder"].sm.sync_roles()
    made = _make_unmigrated()
    message_defaults.seed(db.session())
    codes = icd_load.load_once(db.session(), datetime.now(UTC))
    db.session.commit()
    lines = [f"The database is up to date; roles added: {', '.join(added) or 'none'}."]
    lines += [f"Loaded {codes} codes of ICD-10-CM."] if codes else []
    return lines + [f"Made the table {name}, which has no migration yet." for name in made]


def _refuse_two_heads() -> None:
    if len(ends := heads()) > 1:
        raise SystemExit(
            f"No migration follows {' or '.join(ends)}, such as one of your own and one of a new version. "
            "“flask db merge -m join heads” joins them; then call this again."
        )


def _refuse_unknown() -> None:
    with db.engine.connect() as connection:
        at = revision_of(connection)
    if at and not is_known(at):
        raise SystemExit(
            f"The database is at migration {at}, which is not in migrations/versions. Either a later "
            "version of the clinic made it: start that one. Or the file of a migration of your own "
            "is gone: put it back, and call “flask db downgrade” before it goes."
        )


def build_demo(*, patients: int, years: int) -> Any:
    """Build the demo clinic as of now, with its figures, and keep it. Raises ClinicError where real
    patients are."""
    zone = ZoneInfo(current_app.config["CLINIC_TIMEZONE"])
    session, now = db.session(), datetime.now(UTC)
    counts = demo.build(session, patients=patients, years=years, now=now, zone=zone)
    rollup.refresh(session, now)
    session.commit()
    return counts


def _forget_old_pages() -> None:
    """What a migration has encrypted must not stay readable in the log beside the SQLite file."""
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_as_declared() -> bool:
    with db.engine.connect() as connection:
        here = MigrationContext.configure(connection, opts={"include_name": is_declared})
        return not compare_metadata(here, Model.metadata)


def _make_unmigrated() -> list[str]:
    there = set(inspect(db.engine).get_table_names())
    missing = [t.__table__ for t in models.ALL if t.__tablename__ not in there]
    for table in missing:
        table.create(db.engine)
    return [table.name for table in missing]
