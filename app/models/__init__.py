"""What is true: the tables, their rules, and who is granted what.

`ALL` is the table of contents. A table that is not in it has no screen, no API and no
permission.
"""

from importlib import import_module  # noqa: F401  (for the line that adds a table)

from app.models import offering, planning, realigning  # noqa: F401  (they listen to what is written)
from app.models.absence import Absence, AbsenceRow
from app.models.amendment import RecordAmendment
from app.models.analytics.speed import AnswerTime
from app.models.analytics.tables import (
    AccessFact,
    FactTouched,
    RoomFact,
    ShiftFact,
    VisitFact,
)
from app.models.appointment import Appointment
from app.models.appointment_series import AppointmentSeries
from app.models.attachment import Attachment
from app.models.audit import AuditEvent
from app.models.audit_seal import AuditSeal
from app.models.clinical import AllergyIntolerance, Condition, MedicationRequest, Observation
from app.models.contact_preference import ContactPreference
from app.models.digest import DigestReader
from app.models.entity import Entity
from app.models.errors import ClinicError, Conflict, DeclarationError, Forbidden, NotFound, Stale
from app.models.feed import CalendarFeed
from app.models.grants import ADD, CHANGE, EDIT, MANAGE, READ, Action, Grant, Role
from app.models.guesses import GuessCount
from app.models.history import AnsweredRequest, AppointmentHistory
from app.models.job_run import JobRun
from app.models.keyring import DataKey
from app.models.login_session import LoginSession
from app.models.login_setting import LoginSetting, RecoveryCode
from app.models.medical_record import MedicalRecord
from app.models.notification import Notification
from app.models.notification_rule import NotificationRule, NotificationTemplate
from app.models.opening import Blocking, OpeningHours, TimeOff
from app.models.patient import Patient
from app.models.portal_access import PortalAccess, PortalToken
from app.models.portal_asks import CorrectionRequest, PatientReport
from app.models.portal_registration import PortalRegistration
from app.models.prescription_tables import AlertAnswer, DrugAlert, MedicationEnd, ReferenceList
from app.models.restriction import CareTeam, ChartRestriction, GlassBreak
from app.models.room import Room
from app.models.rota_tables import RotaPublication, RotaTemplate, RotaTemplateRow, ShiftSwap
from app.models.screen import Screen
from app.models.shift import Shift
from app.models.staff import Doctor, Staff
from app.models.visit_form import VisitAnswer, VisitQuestion
from app.models.visit_type import VisitType
from app.models.waitlist import WaitlistEntry, WaitlistOffer

__all__ = [
    "ADD",
    "ALL",
    "CHANGE",
    "EDIT",
    "MANAGE",
    "READ",
    "Absence",
    "AbsenceRow",
    "AccessFact",
    "Action",
    "AlertAnswer",
    "AllergyIntolerance",
    "AnswerTime",
    "AnsweredRequest",
    "Appointment",
    "AppointmentHistory",
    "AppointmentSeries",
    "Attachment",
    "AuditEvent",
    "AuditSeal",
    "Blocking",
    "CalendarFeed",
    "CareTeam",
    "ChartRestriction",
    "ClinicError",
    "Condition",
    "Conflict",
    "ContactPreference",
    "CorrectionRequest",
    "DataKey",
    "DeclarationError",
    "DigestReader",
    "Doctor",
    "DrugAlert",
    "Entity",
    "FactTouched",
    "Forbidden",
    "GlassBreak",
    "Grant",
    "GuessCount",
    "JobRun",
    "LoginSession",
    "LoginSetting",
    "MedicalRecord",
    "MedicationEnd",
    "MedicationRequest",
    "NotFound",
    "Notification",
    "NotificationRule",
    "NotificationTemplate",
    "Observation",
    "OpeningHours",
    "Patient",
    "PatientReport",
    "PortalAccess",
    "PortalRegistration",
    "PortalToken",
    "RecordAmendment",
    "RecoveryCode",
    "ReferenceList",
    "Role",
    "Room",
    "RoomFact",
    "RotaPublication",
    "RotaTemplate",
    "RotaTemplateRow",
    "Screen",
    "Shift",
    "ShiftFact",
    "ShiftSwap",
    "Staff",
    "Stale",
    "TimeOff",
    "VisitAnswer",
    "VisitFact",
    "VisitQuestion",
    "VisitType",
    "WaitlistEntry",
    "WaitlistOffer",
]

ALL: tuple[type[Entity], ...] = (
    Patient,
    Appointment,
    WaitlistEntry,
    WaitlistOffer,
    PortalAccess,
    PortalRegistration,
    PortalToken,
    Shift,
    ShiftSwap,
    TimeOff,
    Notification,
    ContactPreference,
    Doctor,
    Staff,
    Room,
    Blocking,
    VisitType,
    MedicalRecord,
    RecordAmendment,
    Condition,
    AllergyIntolerance,
    MedicationRequest,
    MedicationEnd,
    DrugAlert,
    AlertAnswer,
    Attachment,
    Observation,
    ChartRestriction,
    CareTeam,
    GlassBreak,
    ReferenceList,
    CorrectionRequest,
    PatientReport,
    VisitAnswer,
    VisitQuestion,
    AppointmentHistory,
    AnsweredRequest,
    AppointmentSeries,
    CalendarFeed,
    RotaTemplate,
    RotaTemplateRow,
    RotaPublication,
    Absence,
    AbsenceRow,
    OpeningHours,
    LoginSession,
    LoginSetting,
    RecoveryCode,
    GuessCount,
    NotificationRule,
    NotificationTemplate,
    DigestReader,
    VisitFact,
    ShiftFact,
    RoomFact,
    AccessFact,
    FactTouched,
    AnswerTime,
    AuditEvent,
    DataKey,
    AuditSeal,
    JobRun,
)
