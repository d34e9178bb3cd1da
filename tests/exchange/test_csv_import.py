"""Synthea CSV folders become the same rows as bundles do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.exchange import import_paths
from app.extensions import db
from app.models import (
    AllergyIntolerance,
    Appointment,
    Condition,
    Doctor,
    MedicalRecord,
    MedicationRequest,
    Observation,
    Patient,
    VisitFact,
)
from tests.exchange import bundles as b
from tests.exchange.bundles import count, only


def test_a_folder_fills_every_table(session, tmp_path):
    report = import_paths(session, [b.csv_folder(tmp_path)])
    assert report.failed == []
    assert only(session, Patient).name == "Ana12 O'Néill7"
    assert only(session, Doctor).specialization == "General practice"
    assert only(session, Appointment).status == "fulfilled"
    assert only(session, MedicalRecord).reason_display == "Sore throat"
    assert only(session, AllergyIntolerance).reaction == "Itching (moderate)"
    assert only(session, Appointment).appointment_datetime == datetime(2020, 1, 2, 10, tzinfo=UTC)


def test_equal_rows_of_one_table_do_not_collapse(session, tmp_path):
    import_paths(session, [b.csv_folder(tmp_path)])
    assert count(session, Condition) == 2


def test_a_second_import_of_a_folder_adds_nothing(session, tmp_path):
    folder = b.csv_folder(tmp_path)
    first, second = import_paths(session, [folder]), import_paths(session, [folder])
    assert (first.new, first.known) == (9, 0)
    assert (second.new, second.known) == (0, 9)


def test_a_measurement_is_a_number_and_a_word_is_a_word(session, tmp_path):
    import_paths(session, [b.csv_folder(tmp_path)])
    height, smoker = session.scalars(select(Observation).order_by(Observation.code))
    assert (height.value, height.unit, height.value_text) == (127.93746152, "cm", None)
    assert (smoker.value, smoker.value_text, smoker.record_id) == (None, "Former smoker", None)


def test_a_prescription_points_at_its_condition(session, tmp_path):
    import_paths(session, [b.csv_folder(tmp_path)])
    reasons = set(session.scalars(select(Condition.identifier)))
    assert only(session, MedicationRequest).reason_identifier in reasons


@pytest.mark.parametrize("name", ["patients", "encounters"])
def test_a_missing_table_is_named(session, tmp_path, name):
    report = import_paths(session, [b.csv_folder(tmp_path, **{name: None})])
    assert report.failed == [(str(tmp_path), f"{name}.csv is missing from the folder.")]


@pytest.mark.parametrize(
    ("table", "column", "named"),
    [("patients", "BIRTHDATE", "BIRTHDATE"), ("observations", "DATE", "START or DATE")],
)
def test_a_missing_column_is_named(session, tmp_path, table, column, named):
    text = b.TABLES[f"{table}.csv"].replace(column, "OTHER", 1)
    report = import_paths(session, [b.csv_folder(tmp_path, **{table: text})])
    assert report.failed == [(str(tmp_path), f"{table}.csv has no column {named}.")]
    assert count(session, Patient) == 0


def test_a_table_that_older_versions_lack_is_noted(session, tmp_path):
    report = import_paths(session, [b.csv_folder(tmp_path, providers=None, allergies=None)])
    assert report.failed == []
    assert "folders have no allergies.csv" in str(report)
    assert only(session, Appointment).doctor.name == "Practitioner not named"


def test_headers_are_read_in_any_case_and_order(session, tmp_path):
    text = "last,First,BirthDate,id\nO'Néill7,Ana12,1950-01-02,p1\n"
    assert import_paths(session, [b.csv_folder(tmp_path, patients=text)]).failed == []
    assert only(session, Patient).name == "Ana12 O'Néill7"


def test_a_shifted_row_is_named_by_its_line(session, tmp_path):
    text = b.TABLES["patients.csv"] + "p2,1950-01-02\n"
    report = import_paths(session, [b.csv_folder(tmp_path, patients=text)])
    assert "patients.csv, line 3, has 2 fields where the header has 10." in report.failed[0][1]


def test_a_row_about_an_unknown_patient_keeps_the_whole_folder_out(session, tmp_path):
    text = b.TABLES["conditions.csv"].replace(",p1,", ",p9,", 1)
    report = import_paths(session, [b.csv_folder(tmp_path, conditions=text)])
    assert "the patient synthea:patient:p9" in report.failed[0][1]
    assert count(session, Patient) == 0


def test_one_table_alone_is_not_importable(session, tmp_path):
    report = import_paths(session, [b.csv_folder(tmp_path) / "patients.csv"])
    assert "Name the folder" in report.failed[0][1]


def test_tables_that_are_not_kept_are_counted(session, tmp_path):
    b.write(tmp_path, "procedures.csv", "START,CODE\n2020-01-01,1\n2020-01-02,2\n")
    report = import_paths(session, [b.csv_folder(tmp_path)])
    assert report["procedures.csv"].skipped == {"not kept": 2}


def test_the_figures_know_at_once_what_the_command_brought_in(sqlite_app, tmp_path):
    folder = b.csv_folder(tmp_path)
    answer = sqlite_app.test_cli_runner().invoke(args=["clinic", "import", str(folder)])
    assert answer.exit_code == 0, answer.output
    with sqlite_app.app_context():
        assert count(db.session(), VisitFact) == count(db.session(), Appointment) > 0
        db.session.remove()
