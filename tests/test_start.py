"""What cannot be meant stops the application from starting, with a message that names it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup
from flask_appbuilder import BaseView, expose
from flask_appbuilder.api import BaseApi
from flask_appbuilder.cli import fab
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, configure_mappers, mapped_column

import config
import run
from app import create_app, models
from app.extensions import db
from app.models import (
    EDIT,
    READ,
    Appointment,
    DeclarationError,
    Entity,
    Patient,
    Role,
    Room,
    Screen,
)
from app.models.clinic.visit_type import VisitType
from app.views import setup
from tests.cast import Cast

SECRET = {"SECRET_KEY": "for the tests only, long enough to be taken"}


def start(**overrides: Any) -> Flask:
    return create_app(**{"SQLALCHEMY_DATABASE_URI": "sqlite://", **SECRET, **overrides})


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Declares the rooms anew, with some words changed."""

    def declare(**changes: Any) -> None:
        monkeypatch.setattr(Room, "__screen__", replace(Room.__screen__, **changes))

    return declare


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Adds one more hand-written page to the application."""

    def add(view: type[Any]) -> None:
        monkeypatch.setattr(setup, "PAGES", (*setup.PAGES, view))

    return add


def test_it_starts_as_it_was_shipped() -> None:
    assert start().extensions["clinic_policy"].subjects["Room"].model is Room


@pytest.mark.parametrize("grant", [READ.hiding("colour"), READ.only("colour"), READ.own("colour")])
def test_a_grant_that_names_an_unknown_column_is_refused(room: Any, grant: Any) -> None:
    room(grants={Role.NURSE: grant})
    with pytest.raises(DeclarationError, match=r"Room .*'colour'"):
        start()


def test_an_own_column_that_leads_to_nobody_is_refused(room: Any) -> None:
    room(grants={Role.NURSE: READ.own("status")})
    with pytest.raises(DeclarationError, match=r"Room: \.own\('status'\) leads to no"):
        start()


def test_an_own_column_that_leads_to_another_table_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = replace(Appointment.__screen__, grants={Role.NURSE: READ.own("room_id")})
    monkeypatch.setattr(Appointment, "__screen__", screen)
    with pytest.raises(DeclarationError, match=r"Appointment: \.own\('room_id'\)"):
        start()


@pytest.mark.parametrize("role", ["nurse", "janitor"])
def test_a_grant_to_what_is_no_role_is_refused(room: Any, role: str) -> None:
    room(grants={role: READ})
    with pytest.raises(DeclarationError, match=f"Room grants something to '{role}'"):
        start()


@pytest.mark.parametrize(
    "words",
    [
        {"columns": ["name", "colour"]},
        {"search": ["colour"]},
        {"form": ["name", "colour"]},
        {"optional": ["colour"]},
        {"detail": ["colour"]},
        {"order": "-colour"},
        {"labels": {"colour": "Colour"}},
        {"help": {"colour": "Of the walls."}},
    ],
    ids=lambda words: next(iter(words)),
)
def test_a_screen_that_names_an_unknown_column_is_refused(room: Any, words: dict[str, Any]) -> None:
    room(**words)
    with pytest.raises(DeclarationError, match=r"Room names the column 'colour'"):
        start()


def test_a_list_cannot_be_sorted_by_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = replace(Appointment.__screen__, order="patient")
    monkeypatch.setattr(Appointment, "__screen__", screen)
    with pytest.raises(DeclarationError, match=r"Appointment .*'patient'"):
        start()


def test_a_table_of_contents_with_a_table_without_screen_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(Room, "__screen__")
    with pytest.raises(DeclarationError, match="Room has no __screen__; write None"):
        start()


def test_a_table_whose_screen_is_none_has_no_route_and_no_permission(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(VisitType, "__screen__", None)
    app = start()
    assert [rule.rule for rule in app.url_map.iter_rules() if "visit_type" in rule.rule] == []
    granted = app.extensions["clinic_policy"].permissions.values()
    assert "VisitType" not in {view for pairs in granted for _, view in pairs}


class Visitor(Entity):
    """A table whose form would take any patient's key, because no link guards it."""

    __tablename__ = "visitor"
    visitor_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    __screen__ = Screen(title="Visitors", columns=["patient_id"], grants={Role.NURSE: EDIT})


configure_mappers()
Entity.metadata.remove(Visitor.__table__)


def test_a_foreign_key_in_a_form_without_a_relationship_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "ALL", (*models.ALL, Visitor))
    with pytest.raises(DeclarationError, match=r"Visitor\.patient_id has no relationship"):
        start()


class OpenView(BaseView):
    route_base = "/open"
    class_permission_name = "Open"
    may: dict[str, Any] = {}

    @expose("/door")
    def door(self) -> str:
        return "in"


class NamedOnlyView(OpenView):
    @expose("/door")
    @permission_name("door")
    def door(self) -> str:
        return "in"


class GuardedView(OpenView):
    may = {"door": (Role.NURSE,)}

    @expose("/door")
    @has_access
    def door(self) -> str:
        return "in"


class MisspelledView(GuardedView):
    may = {"dor": (Role.NURSE,)}


class OpenApi(BaseApi):
    resource_name = "open"
    class_permission_name = "Open"
    may: dict[str, Any] = {}

    @expose("/door", methods=["GET"])
    def door(self) -> Any:
        return self.response(200)


@pytest.mark.parametrize("view", [OpenView, NamedOnlyView, OpenApi])
def test_a_route_that_asks_for_no_permission_is_refused(page: Any, view: type[Any]) -> None:
    page(view)
    with pytest.raises(DeclarationError, match=r"/open/door .* asks for no permission"):
        start()


def test_a_plain_flask_route_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    original = setup.init_app

    def init_app(app: Flask) -> None:
        original(app)
        app.add_url_rule("/open/door", "door", lambda: "in")

    monkeypatch.setattr(setup, "init_app", init_app)
    with pytest.raises(DeclarationError, match=r"/open/door \(door\)"):
        start()


def test_a_route_that_asks_for_a_permission_is_taken(page: Any) -> None:
    page(GuardedView)
    assert "/open/door" in {rule.rule for rule in start().url_map.iter_rules()}


def test_a_page_grant_that_no_route_asks_for_is_refused(page: Any) -> None:
    page(MisspelledView)
    with pytest.raises(DeclarationError, match="can_dor on Open"):
        start()


def test_a_grant_opens_no_table_whose_name_only_begins_alike(sqlite_app: Flask) -> None:
    for granted in sqlite_app.config["FAB_ROLES"].values():
        opened = [view for view, _ in granted if re.match(view, "PatientNote")]
        assert opened == []


def test_a_permission_opens_none_whose_name_only_begins_alike(sqlite_app: Flask) -> None:
    for granted in sqlite_app.config["FAB_ROLES"].values():
        assert [p for _, p in granted if re.match(p, "can_list_everything")] == []


def test_the_security_manager_asks_for_the_whole_name(sqlite_cast: Cast) -> None:
    sm = sqlite_cast.app.extensions["appbuilder"].sm
    with sqlite_cast.client("amina") as client:
        client.get("/")
        assert sm.has_access("can_list", "Patient")
        assert not sm.has_access("can_list", "PatientNote")
        assert not sm.has_access("can_list", "Pati")


def test_no_role_is_granted_everything(sqlite_app: Flask) -> None:
    for granted in sqlite_app.config["FAB_ROLES"].values():
        assert [view for view, _ in granted if re.match(view, "Unheard")] == []


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"DATABASE_URL": "nowhere"}, "DATABASE_URL is no database address"),
        ({"DATABASE_URL": "mysql://localhost/clinic"}, "DATABASE_URL must name a PostgreSQL or"),
        ({"CLINIC_TIMEZONE": "Europe/Madird"}, "CLINIC_TIMEZONE='Europe/Madird' is no time zone"),
        ({"CLINIC_TIMEZONE": "../etc/passwd"}, "is no time zone"),
        ({"MAIL_PORT": "twentyfive"}, "MAIL_PORT='twentyfive' must be a whole number"),
        ({"CLINIC_SESSION_MINUTES": "-5"}, "CLINIC_SESSION_MINUTES='-5' must be a whole number"),
        ({"CLINIC_SESSION_MINUTES": "0"}, "CLINIC_SESSION_MINUTES=0 must be between 1 and"),
        ({"CLINIC_SESSION_MINUTES": "9" * 5000}, "must be between 1 and"),
        ({"CLINIC_IDLE_MINUTES": "0"}, "CLINIC_IDLE_MINUTES=0 must be between 1 and"),
        ({"PORTAL_CUTOFF_HOURS": "99999999"}, "PORTAL_CUTOFF_HOURS=99999999 must be between 0"),
        ({"PORTAL_LEAD_HOURS": "99999999"}, "PORTAL_LEAD_HOURS=99999999 must be between 0"),
        ({"PORTAL_HORIZON_DAYS": "99999999"}, "must be between 1 and 366"),
        ({"REDIS_URL": "foo"}, "REDIS_URL is no address of Redis"),
        ({"SMS_URL": "foo"}, "SMS_URL is no address of a text message provider"),
        ({"CLINIC_INSTANCE": "/proc/x"}, "CLINIC_INSTANCE='/proc/x' is no folder"),
        ({"CLINIC_INSTANCE": "/proc", "SECRET_KEY": ""}, "CLINIC_INSTANCE='/proc' is no folder"),
        ({"CLINIC_HTTPS": "maybe"}, "CLINIC_HTTPS='maybe' must be yes or no"),
        ({"DATABASE_URL": "postgresql://u:p@h:x/y"}, "DATABASE_URL is no database address"),
        ({"CLINIC_URL": "clinic.example.org"}, "CLINIC_URL='clinic.example.org' is no address"),
        ({"CLINIC_URL": "https://"}, "CLINIC_URL='https://' is no address"),
        ({"CLINIC_HOSTS": "a.org,https://b.org"}, "CLINIC_HOSTS names 'https://b.org'"),
        ({"CLINIC_BACKUPS": __file__}, "is no folder"),
        ({"CLINIC_SEALS": __file__}, "is no folder"),
        ({"MAIL_SERVER": "mail:25"}, "MAIL_SERVER='mail:25' is no name of a machine"),
        ({"MAIL_SENDER": "nobody"}, "MAIL_SENDER='nobody' is no e-mail address"),
        ({"MAIL_SENDER": "a@b.org\nBcc: c@d.org"}, "is no e-mail address"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], sentence: str
) -> None:
    for name, value in (SECRET | environ).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(config.ConfigError, match=re.escape(sentence)):
        create_app()


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"CLINIC_LISTEN": "999.1.1.1"}, "CLINIC_LISTEN='999.1.1.1' is no address"),
        ({"CLINIC_DEMO": "never"}, "CLINIC_DEMO='never' must be yes or no"),
        (
            {"DATABASE_URL": "sqlite:////proc/x/y.db"},
            "DATABASE_URL does not answer: unable to open",
        ),
    ],
)
def test_what_only_the_program_reads_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    for name, value in ({"CLINIC_INSTANCE": str(tmp_path)} | environ).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=re.escape(sentence)):
        run.main()
    assert not (tmp_path / "clinic.db").exists()


def test_a_backup_into_a_folder_that_cannot_be_is_refused_in_a_sentence(sqlite_app: Flask) -> None:
    said = sqlite_app.test_cli_runner().invoke(args=["clinic", "backup", "/proc/x"])
    assert (said.exit_code, said.output) == (
        1,
        "Error: No backup can be made in /proc/x: No such file or directory.\n",
    )


def test_a_command_says_the_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PORT", "0")
    said = CliRunner().invoke(FlaskGroup(create_app=lambda: create_app()), ["clinic", "check"])
    assert (said.exit_code, said.output) == (1, "Error: MAIL_PORT=0 must be between 1 and 65535.\n")


def test_a_command_says_that_the_database_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////proc/x/y.db")
    said = CliRunner().invoke(FlaskGroup(create_app=lambda: create_app()), ["clinic", "verify"])
    assert said.exit_code == 1
    assert said.output.startswith("Error: The database of DATABASE_URL does not answer: unable to")


def test_every_variable_that_is_read_is_described() -> None:
    described = (config.ROOT / "README.md").read_text() + (
        config.ROOT / "CONTRIBUTING.md"
    ).read_text()
    asked: set[str] = set()

    class Asked(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            asked.add(name)
            return super().get(name, default)

    config.load(Asked(SECRET))
    read = re.compile(r'environ(?:\.get\(\s*|\[|, )"([A-Z_]+)"(?!\] =)')
    for folder in ("app", "tests", "tools"):
        for file in (config.ROOT / folder).rglob("*.py"):
            asked |= set(read.findall(file.read_text()))
    asked |= set(read.findall((config.ROOT / "run.py").read_text()))
    assert [name for name in sorted(asked) if f"`{name}`" not in described] == []


def test_an_address_of_a_database_never_shows_its_password() -> None:
    with pytest.raises(config.ConfigError) as refused:
        config.load(SECRET | {"DATABASE_URL": "mysql://clinic:hunter2@localhost/clinic"})
    assert "hunter2" not in str(refused.value)


def test_what_create_app_is_told_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_NAME", "Of the environment")
    monkeypatch.setenv("CLINIC_TIMEZONE", "Asia/Tokyo")
    app = start(CLINIC_NAME="Of the call")
    assert (app.config["CLINIC_NAME"], app.config["CLINIC_TIMEZONE"]) == (
        "Of the call",
        "Asia/Tokyo",
    )


def test_starting_creates_no_table(tmp_path: Any) -> None:
    start(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'new.db'}")
    assert not (tmp_path / "new.db").exists() or (tmp_path / "new.db").stat().st_size == 0


def test_a_new_database_is_nobody_elses_to_read_nor_are_the_files_beside_it(tmp_path: Path) -> None:
    app = start(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'new.db'}")
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE one (number INTEGER)"))
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        db.engine.dispose()
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_the_patients_grid_is_still_the_patients() -> None:
    """No test above left a declaration changed."""
    assert Patient.__screen__.title == "Patients"


def test_processes_that_start_together_share_one_secret_key(tmp_path: Path) -> None:
    code = "import config, sys; print(config.load({'CLINIC_INSTANCE': sys.argv[1]})['SECRET_KEY'])"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "new")],
            cwd=config.ROOT, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(6)
    ]  # fmt: skip
    keys = {process.communicate(timeout=60)[0].strip() for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) > 40


def test_an_npm_that_fails_is_told_in_a_sentence(tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexit 7\n")
    npm.chmod(0o755)
    done = subprocess.run(
        [sys.executable, config.ROOT / "tools" / "vendor.py"],
        env={"PATH": f"{tmp_path}:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "npm could not fetch the front-end packages" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_clinic_says_how_to_get_the_first_login(sqlite_app: Flask) -> None:
    said = run.welcome(sqlite_app, "127.0.0.1", 8000)
    assert "flask fab create-admin" in said


def test_a_clinic_with_a_login_says_nothing_of_a_first_one(sqlite_cast: Cast) -> None:
    assert "create-admin" not in run.welcome(sqlite_cast.app, "127.0.0.1", 8000)


@pytest.mark.parametrize("password", ["short", "password1234", "ada lovelace 1"])
def test_the_shell_takes_no_weaker_password_than_a_page(sqlite_app: Flask, password: str) -> None:
    person = ("--username=ada", "--firstname=Ada", "--lastname=Lovelace", "--email=ada@example.org")
    run_it = sqlite_app.test_cli_runner().invoke
    refused = run_it(fab, ["create-admin", *person, f"--password={password}"])
    assert (refused.exit_code, refused.output.count("Error: ")) == (1, 1)
    good = run_it(fab, ["create-admin", *person, "--password=violet tractor omelette"])
    assert "Admin User ada created" in good.output


def test_the_shell_takes_no_name_that_reads_like_another(sqlite_app: Flask) -> None:
    said = sqlite_app.test_cli_runner().invoke(
        fab,
        ["create-admin", "--username=a\u200bda", "--firstname=Ada", "--lastname=Lovelace",
         "--email=ada@example.org", "--password=violet tractor omelette"],
    )  # fmt: skip
    assert (said.exit_code, "no invisible characters" in said.output) == (1, True)
