"""What is true: the tables, their rules, and who is granted what.

`ALL` is the table of contents. A table that is not in it has no screen, no API and no
permission. `import_module` stands here for the line by which one's own table is added.
"""

from importlib import import_module

from app.models.analytics.speed import AnswerTime
from app.models.analytics.tables import (
    AccessFact,
    FactTouched,
    RoomFact,
    ShiftFact,
    VisitFact,
)
from app.models.base.entity import Entity
from app.models.base.errors import (
    ClinicError,
    Conflict,
    DeclarationError,
    Forbidden,
    NotFound,
    Stale,
)
from app.models.base.grants import ADD, CHANGE, EDIT, MANAGE, READ, Action, Grant, Role
from app.models.base.guesses import GuessCount
from app.models.base.job_run import JobRun
from app.models.base.keyring import DataKey
from app.models.base.screen import Screen
from app.models.clinic.opening import Blocking, OpeningHours, TimeOff
from app.models.clinic.room import Room
from app.models.clinic.visit_form import VisitAnswer, VisitQuestion
from app.models.clinic.visit_type import VisitType
from app.models.messages import planning, realigning  # they listen to what is written
from app.models.messages.contact_preference import ContactPreference
from app.models.messages.digest import DigestReader
from app.models.messages.notification import Notification
from app.models.messages.notification_rule import NotificationRule, NotificationTemplate
from app.models.people.login_session import LoginSession
from app.models.people.login_setting import LoginSetting, RecoveryCode
from app.models.people.patient import Patient
from app.models.people.patient_apart import PatientApart
from app.models.people.patient_link import PatientLink
from app.models.people.staff import Doctor, Staff
from app.models.portal.portal_access import PortalAccess, PortalToken
from app.models.portal.portal_asks import CorrectionRequest, PatientReport
from app.models.portal.portal_registration import PortalRegistration
from app.models.record.amendment import RecordAmendment
from app.models.record.attachment import Attachment
from app.models.record.clinical import AllergyIntolerance, Condition
from app.models.record.medical_record import MedicalRecord
from app.models.record.medication_request import MedicationRequest
from app.models.record.observation import Observation
from app.models.record.prescription_tables import (
    AlertAnswer,
    DrugAlert,
    MedicationEnd,
    ReferenceList,
)
from app.models.record.restriction import CareTeam, ChartRestriction, GlassBreak
from app.models.rota.absence import Absence, AbsenceRow
from app.models.rota.rota_tables import RotaPublication, RotaTemplate, RotaTemplateRow, ShiftSwap
from app.models.rota.shift import Shift
from app.models.trail.audit import AuditEvent
from app.models.trail.audit_seal import AuditSeal
from app.models.visits import offering  # they listen to what is written
from app.models.visits.appointment import Appointment
from app.models.visits.appointment_series import AppointmentSeries
from app.models.visits.feed import CalendarFeed
from app.models.visits.history import AnsweredRequest, AppointmentHistory
from app.models.visits.waitlist import WaitlistEntry, WaitlistOffer

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
    "PatientApart",
    "PatientLink",
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
    PatientLink,
    PatientApart,
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
