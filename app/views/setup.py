"""Registers every view with the framework, and says which pages are written by hand."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder
from flask_appbuilder.menu import MenuApi

from app.models import (
    Appointment,
    CorrectionRequest,
    Entity,
    LoginSession,
    NotificationRule,
    NotificationTemplate,
    Patient,
    PatientReport,
    PortalRegistration,
)
from app.models.base.grants import STAFF
from app.security import console
from app.security.policy import Policy
from app.views.analytics import AnalyticsView
from app.views.chart.alert_report import AlertReportView
from app.views.chart.chart import ChartView
from app.views.chart.chart_access import ChartAccessView
from app.views.chart.chart_entries import ChartEntriesView
from app.views.chart.chart_export import ChartApi, ChartExportView
from app.views.chart.chart_files import ChartFilesView
from app.views.chart.chart_notes import ChartNotesView
from app.views.chart.chart_prescribe import ChartPrescribeView
from app.views.chart.chart_prints import ChartPrintsView
from app.views.chart.chart_vitals import ChartVitalsView
from app.views.frame import (
    addresses,
    answers,
    browser,
    csrf,
    errors,
    kept,
    macros,
    marks,
    requests,
    shell,
    timing,
)
from app.views.frame.health import HealthView
from app.views.frame.languages import LanguageView
from app.views.frame.search import SearchView
from app.views.generated import generate
from app.views.generated.api import EntityApi
from app.views.generated.openapi import ClinicOpenApi, SwaggerPage
from app.views.home.home import HomeView
from app.views.home.inbox import InboxView
from app.views.login.account import AccountView
from app.views.login.factor_pages import FactorView
from app.views.login.login import LoginView, login_page
from app.views.login.login_api import LoginApi
from app.views.login.login_steps import SignInStepsView
from app.views.login.session_pages import SessionGrid
from app.views.login.users import GRANTS, RoleView, UserView
from app.views.people.merging import DuplicatesView
from app.views.people.registering import PatientGrid
from app.views.people.telling_apart import TwoPeopleView
from app.views.portal.portal import PortalView
from app.views.portal.portal_answering import CorrectionGrid, ReportGrid
from app.views.portal.portal_booking import PortalBookingView
from app.views.portal.portal_family import PortalFamilyView
from app.views.portal.portal_inviting import (
    PortalInviteView,
    RegistrationGrid,
    RegistrationRest,
)
from app.views.portal.portal_joining import PortalJoinView
from app.views.portal.portal_more import PortalMoreView
from app.views.portal.portal_record import PortalRecordView
from app.views.portal.portal_take import PortalTakeView
from app.views.portal.portal_visit import PortalVisitView
from app.views.rota.absence import AbsenceView
from app.views.rota.rota import RotaView
from app.views.rota.rota_plan import RotaPlanView
from app.views.rota.rota_requests import RotaRequestsView
from app.views.visits.board import BoardView
from app.views.visits.calendar import CalendarView
from app.views.visits.feeds import CalendarGrid, FeedFileView, FeedView
from app.views.visits.holds import HoldingRest
from app.views.visits.links import StopLinkView, TextReplyView, VisitLinkView
from app.views.visits.message_texts import MessageRuleGrid, MessageTextGrid
from app.views.visits.series import SeriesApi
from app.views.visits.series_page import SeriesView
from app.views.visits.slots import SlotApi
from app.views.visits.waiting import WaitingView
from app.views.visits.waitlist import WaitlistApi

BASES: generate.Bases = {
    Patient: (PatientGrid, EntityApi),
    PortalRegistration: (RegistrationGrid, RegistrationRest),
    Appointment: (CalendarGrid, HoldingRest),
    CorrectionRequest: (CorrectionGrid, EntityApi),
    PatientReport: (ReportGrid, EntityApi),
    LoginSession: (SessionGrid, EntityApi),
    NotificationRule: (MessageRuleGrid, EntityApi),
    NotificationTemplate: (MessageTextGrid, EntityApi),
}
"""Tables whose rows are kept by hand-written rules."""

PAGES: tuple[type[Any], ...] = (
    HomeView,
    CalendarView,
    RotaView,
    RotaPlanView,
    RotaRequestsView,
    BoardView,
    WaitingView,
    SeriesView,
    AbsenceView,
    InboxView,
    AnalyticsView,
    ChartView,
    ChartNotesView,
    ChartVitalsView,
    ChartPrescribeView,
    ChartPrintsView,
    ChartExportView,
    ChartAccessView,
    ChartApi,
    ChartEntriesView,
    ChartFilesView,
    AlertReportView,
    DuplicatesView,
    TwoPeopleView,
    SearchView,
    PortalView,
    PortalBookingView,
    PortalVisitView,
    PortalRecordView,
    PortalTakeView,
    PortalMoreView,
    PortalFamilyView,
    PortalInviteView,
    SlotApi,
    AccountView,
    FactorView,
    FeedView,
    SeriesApi,
    WaitlistApi,
    ClinicOpenApi,
    SwaggerPage,
)
"""Hand-written pages; each says in `may` which roles hold which of its permissions, and in `menu`,
where it has a place there, its section, name and icon."""


class ClinicMenuApi(MenuApi):
    """`/api/v1/menu/`: the menu of one's role."""

    class_permission_name = "MenuApi"
    may = {"get": STAFF}


class ClinicBuilder(AppBuilder):
    """The framework without the views of its own that the clinic does not have."""

    tables: tuple[type[Entity], ...] = ()

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(HomeView)
        self.sm.auth_view = self.add_view_no_menu(LoginView)
        self.add_api(LoginApi)
        for page in PAGES:
            if hasattr(page, "menu"):  # before the tables, at the top of its section
                section, name, icon = page.menu
                look = generate.SECTION_ICONS[section]
                self.add_view(page, name, icon=icon, category=section, category_icon=look)
        generate.register(self, self.tables, BASES)
        self.add_view(UserView, "Users", icon="fa-users", category="Administration")
        self.add_view(RoleView, "Roles", icon="fa-user-shield", category="Administration")
        anyone = (
            HealthView, FeedFileView, PortalJoinView, SignInStepsView, VisitLinkView, StopLinkView,
            TextReplyView, LanguageView,
        )  # fmt: skip
        for page in (*PAGES, ClinicMenuApi, *anyone):
            if page is not HomeView and not hasattr(page, "menu"):
                self.add_view_no_menu(page)


def grant_pages(policy: Policy) -> None:
    """Take the grants of the framework's tables and of the hand-written pages into `policy`."""
    for model, (name, grants) in GRANTS.items():
        policy.add_table(name, model, grants)
    pages: tuple[Any, ...] = (*PAGES, ClinicMenuApi)
    for page in pages:
        policy.add_page(page.class_permission_name, page.may)
    policy.add_page(console.NAME, console.MAY)


def init_app(app: Flask) -> None:
    """What surrounds every request: its limits, its refusals, its shell."""
    for part in (addresses, answers, timing, requests, browser, csrf, errors, macros, marks, shell):
        part.init_app(app)
    kept.init_app(app, login_page)
