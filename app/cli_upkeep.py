"""`flask clinic …`: proving that nothing was lost, and bringing back what was."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.fernet import Fernet
from flask import current_app

from app.cli import clinic, set_up
from app.extensions import db
from app.language import SOURCE, in_language
from app.models import ClinicError
from app.models.base.keyring import put_first
from app.models.base.sealed import keyring
from app.models.trail.seal_folder import SealFolder
from app.models.trail.verifying import verify
from app.upkeep import backups, checks
from app.upkeep.restoring import restore

__all__ = ["clinic"]


@clinic.command("verify")
def verify_command() -> None:
    """Prove the audit trail; names the first event that was altered, removed, swapped or cut off."""
    folder = SealFolder(current_app.config["CLINIC_SEALS"])
    verdict = verify(db.session(), folder, datetime.now(UTC))
    click.echo(str(verdict))
    if verdict.fault:
        raise SystemExit(1)


@clinic.command("backup")
@click.argument("target", required=False, type=click.Path(path_type=Path))
def backup_command(target: Path | None) -> None:
    """Copy everything into one file, proven by restoring it; the clinic goes on meanwhile.

    TARGET is a folder, or the name of the file; without it, the folder of CLINIC_BACKUPS. The keys
    are in no backup: keep field_keys, secret_key and the folder of the seals in another place.
    """
    now = datetime.now(UTC)
    _folder, file = backups.place(target or current_app.config["CLINIC_BACKUPS"], now)
    try:
        manifest = backups.make(db.engine, file, now)
    except ClinicError as error:
        raise click.ClickException(error.message) from None
    backups.note(db.session(), "backup", manifest, now)
    db.session.commit()
    click.echo(
        f"{manifest.rows:,} rows of {len(manifest.tables)} tables are in {file}, "
        + ("and were restored from there to prove it." if manifest.proven == "restored" else
           "and were read to their end; this role may make no database to restore them into.")
    )  # fmt: skip


@clinic.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--overwrite", is_flag=True, help="Replace what is in the database now.")
def restore_command(file: Path, overwrite: bool) -> None:
    """Put a backup in place of the database; stop every process of the clinic first.

    FILE may be a folder: then it is the newest backup in it.
    All sessions end; messages that were due since the backup wait under “Dead letters”.
    """
    now = datetime.now(UTC)
    try:
        found = backups.newest_file(file) if file.is_dir() else file
        done = restore(db.engine, keyring(), found, now, overwrite=overwrite)
    except ClinicError as error:
        raise click.ClickException(error.message) from None
    click.echo(f"The clinic is as it was at {done.manifest.made}: {done.manifest.rows:,} rows.")
    if done.kept:
        click.echo(f"The file that was there before is kept as {done.kept}; delete it when sure.")
    if done.aside:
        click.echo("The heads of later seals were set aside beside heads.jsonl.")
    for line in set_up():
        click.echo(line)


@clinic.command("check")
def check_command() -> None:
    """Say what is not as it should be in a clinic with real patients; exit code 1 if anything."""
    with in_language(SOURCE):  # as every command speaks
        found = checks.look(db.session(), datetime.now(UTC), slow=True)
    for sentence in checks.faults(found):
        click.echo(f"- {sentence}")
    if any(finding.fault for finding in found):
        raise SystemExit(1)
    click.echo(f"All is well: {len(found)} things were looked at.")


@clinic.command("rotate-keys")
def rotate_keys_command() -> None:
    """Wrap the keys of what is encrypted by a new master key; no record is rewritten.

    The new key is put first in the key file, or is yours to put first in FIELD_KEYS before.
    """
    session, file = db.session(), current_app.config["INSTANCE"] / "field_keys"
    if not current_app.config["FIELD_KEYS"]:
        put_first(file, Fernet.generate_key().decode())
    elif keyring().wrapped_by_first(session):
        raise click.ClickException(
            "The first key of FIELD_KEYS is in use already. Put a new one before it, by comma, "
            "restart every process of the clinic, and call this again. A new one: "
            + Fernet.generate_key().decode()
        )
    count = keyring().rewrap(session, datetime.now(UTC))
    session.commit()
    click.echo(
        f"{count} keys are wrapped by the new master key. Keep the earlier master keys for as long as "
        "you keep backups from their time."
    )
