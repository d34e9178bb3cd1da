"""Role × route × method: generated from the declarations, for all of the application's routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import models
from app.models import Action, Role
from app.security.routes import guarded_routes
from tests.cast import ONE_OF, Cast

ANONYMOUS = "anonymous"
EVERYONE = frozenset(Role)
STAFF = EVERYONE - {Role.PATIENT}
ANYONE = EVERYONE | {ANONYMOUS}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
NO_ROW = "2147483646"  # one that is not there: what the role opens answers 404, never 403

GRID = {
    "/{}/list/": {"GET": Action.LIST},
    "/{}/export": {"GET": Action.LIST},
    "/{}/pick": {"GET": Action.LIST},
    "/{}/show/<pk>": {"GET": Action.SHOW},
    "/{}/add": {"GET": Action.ADD, "POST": Action.ADD},
    "/{}/edit/<pk>": {"GET": Action.EDIT, "POST": Action.EDIT},
    "/{}/delete/<pk>": {"POST": Action.DELETE},
}
API = {
    "/api/v1/{}/": {"GET": Action.LIST, "POST": Action.ADD},
    "/api/v1/{}/_info": {"GET": Action.LIST},
    "/api/v1/{}/<int:pk>": {"GET": Action.SHOW},
    "/api/v1/{}/<pk>": {"PUT": Action.EDIT, "DELETE": Action.DELETE},
}
BY_HAND: dict[tuple[str, str], Iterable[str]] = {
    ("/static/<path:filename>", "GET"): ANYONE,
    ("/static/appbuilder/<path:filename>", "GET"): ANYONE,
    ("/health", "GET"): ANYONE,
    ("/ready", "GET"): ANYONE,
    ("/language/", "POST"): ANYONE,
    ("/language/<code>.js", "GET"): ANYONE,
    ("/feed/<token>.ics", "GET"): ANYONE,  # the secret is in the address; a wrong one is 404
    ("/portal/join/<secret>", "GET"): ANYONE,  # as with a feed: a wrong secret is 404
    ("/portal/join/<secret>", "POST"): ANYONE,
    ("/portal/forgot", "GET"): ANYONE,
    ("/portal/forgot", "POST"): ANYONE,
    ("/portal/register", "GET"): ANYONE,
    ("/portal/register", "POST"): ANYONE,
    ("/visit/<purpose>/<token>", "GET"): ANYONE,  # signed; opens its one visit, for one purpose
    ("/visit/<purpose>/<token>", "POST"): ANYONE,
    ("/messages/stop/<token>", "GET"): ANYONE,
    ("/messages/stop/<token>", "POST"): ANYONE,
    ("/messages/reply/<token>", "POST"): ANYONE,
    ("/login/", "GET"): ANYONE,
    ("/login/", "POST"): ANYONE,
    ("/api/v1/security/login", "POST"): ANYONE,
    ("/api/v1/security/refresh", "POST"): (),  # a refresh token opens it, a cookie never
    **{
        (f"/login/{step}", method): ()  # lead everyone to the login page who has no password yet
        for step in ("code", "enrol", "password")
        for method in ("GET", "POST")
    },
    ("/api/v1/security/logout", "POST"): (),
    ("/logout/", "POST"): (),  # leads everyone to the login page
    ("/", "GET"): EVERYONE,
    ("/account/", "GET"): EVERYONE,
    ("/account/", "POST"): EVERYONE,
    ("/search/patients", "GET"): STAFF,
    ("/swagger/v1", "GET"): STAFF,
    ("/api/<version>/_openapi", "GET"): STAFF,
    ("/api/v1/menu/", "GET"): STAFF,
}
"""Who opens the pages that no declaration brings; a later page says so in its own `may`."""

ROLES_PAGE = {"/{}/list/", "/{}/export", "/{}/pick", "/{}/show/<pk>"}

MATRIX = {
    # table:             (list, add, edit, delete); design.md, “Who may”
    "patient": ("admin doctor nurse receptionist", "admin receptionist", "admin receptionist", "admin"),
    "appointment": (
        "admin doctor nurse receptionist", "admin doctor receptionist", "admin doctor receptionist",
        "admin",
    ),
    "doctor": ("admin doctor nurse receptionist", "admin", "admin", "admin"),
    "staff": ("admin doctor nurse receptionist", "admin", "admin", "admin"),
    "shift": ("admin doctor nurse receptionist", "admin", "admin", "admin"),
    "visit_type": ("admin doctor nurse receptionist", "admin", "admin", "admin"),
    "room": ("admin doctor nurse receptionist", "admin", "admin nurse receptionist", "admin"),
    "medical_record": ("doctor nurse", "doctor nurse", "doctor nurse", ""),
    "medication_request": ("doctor nurse", "", "", ""),
    "condition": ("doctor nurse", "doctor nurse", "doctor nurse", ""),
    "observation": ("doctor nurse", "doctor nurse", "doctor nurse", ""),
    "allergy_intolerance": ("doctor nurse receptionist", "doctor nurse", "doctor nurse", ""),
}  # fmt: skip


def granted(table: type[Any], action: Action) -> frozenset[Role]:
    """The roles that the declaration gives an action, read off without the policy."""
    return frozenset(
        role
        for role, grant in table.__screen__.grants.items()
        if any(action in rule.actions for rule in grant.rules)
    )


def routes_of_tables(tables: Iterable[type[Any]]) -> dict[tuple[str, str], frozenset[str]]:
    """What each declared table brings, with those whom it lets in."""
    return {
        (rule.format(table.__tablename__), method): granted(table, action)
        for table in tables
        if table.__screen__ is not None
        for rule, methods in (GRID | API).items()
        for method, action in methods.items()
    }


def routes_of_users() -> dict[tuple[str, str], frozenset[str]]:
    """The framework's own tables are the admin's; roles are read only."""
    users = {(rule.format("users"), method) for rule, ways in GRID.items() for method in ways}
    users |= {(f"/users/{way}/<pk>", "POST") for way in ("unlock", "reset-factor")}
    roles = {(rule.format("roles"), "GET") for rule in ROLES_PAGE}
    return dict.fromkeys(users | roles, frozenset({Role.ADMIN}))


def routes_by_hand(app: Flask) -> dict[tuple[str, str], frozenset[str]]:
    """What a hand-written method brings: its page's `may`, or its table's grants."""
    views = {view.endpoint: view for view in app.extensions["appbuilder"].baseviews}
    found = {}
    for rule in app.url_map.iter_rules():
        endpoint, _, name = rule.endpoint.rpartition(".")
        view = views.get(endpoint)
        if isinstance(getattr(view, "may", None), dict):
            who = _said_by_pages(views.values(), view, view.get_method_permission(name))
        elif name in getattr(view, "more_methods", {}):
            who = granted(view.datamodel.obj, Action(view.more_methods[name]))
        else:
            continue
        found |= {(rule.rule, method): who for method in rule.methods & METHODS}
    return found


def routes_of_console(app: Flask) -> dict[tuple[str, str], frozenset[str]]:
    """What Flask-Admin's views bring: the admin's, all of them."""
    (admin,) = app.extensions["admin"]
    endpoints = {view.endpoint for view in admin._views}
    return {
        (rule.rule, method): frozenset({Role.ADMIN})
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in endpoints
        for method in rule.methods & METHODS
    }


def _said_by_pages(views: Iterable[Any], page: Any, permission: str) -> frozenset[str]:
    """Pages of one name share what each of them says."""
    named = [view for view in views if view.class_permission_name == page.class_permission_name]
    return frozenset(role for view in named for role in view.may.get(permission, ()))


def expected_routes(app: Flask) -> dict[tuple[str, str], frozenset[str]]:
    """Every route and method of the application, with those whom it lets in."""
    written = {route: frozenset(who) for route, who in BY_HAND.items()}
    tables = routes_of_tables(models.ALL) | routes_of_users()
    return routes_by_hand(app) | tables | routes_of_console(app) | written


def address(rule: str) -> str:
    path = rule.replace("<version>", "v1").replace("<path:filename>", "css/base.css")
    path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", path)
    return re.sub(r"<(\w+:)?\w+>", NO_ROW, path)


def call(cast: Cast, who: str, rule: str, method: str, **kwargs: Any) -> TestResponse:
    """Send one request; a body that says nothing, and a key that leads nowhere."""
    path = address(rule)
    body: dict[str, Any] = {"json": {}} if "/api/" in path and method != "GET" else {}
    answer = cast.client(who).open(path, method=method, **body, **kwargs)
    answer.close()  # a static file stays open else
    return answer


def lets_in(answer: TestResponse) -> bool:
    assert answer.status_code < 500, answer.request.path
    to_login = answer.status_code == 302 and answer.location.startswith("/login/")
    return answer.status_code not in {401, 403} and not to_login


def person(role: str) -> str:
    return ONE_OF[Role(role)] if role != ANONYMOUS else ANONYMOUS


def routes_of(app: Flask) -> set[tuple[str, str]]:
    return {(r.rule, method) for r in app.url_map.iter_rules() for method in r.methods & METHODS}


def test_the_table_names_every_route_of_the_application(sqlite_app: Flask) -> None:
    assert set(expected_routes(sqlite_app)) == routes_of(sqlite_app)


@pytest.mark.parametrize("role", sorted(ANYONE))
def test_a_route_lets_in_the_roles_of_its_grants_and_nobody_else(
    sqlite_cast: Cast, role: str
) -> None:
    wrong = [
        (rule, method, "expected in" if role in who else "expected out")
        for (rule, method), who in expected_routes(sqlite_cast.app).items()
        if lets_in(call(sqlite_cast, person(role), rule, method)) != (role in who)
    ]
    assert wrong == []


@pytest.mark.parametrize("role", sorted(EVERYONE))
def test_a_bearer_token_opens_what_the_cookie_opens(sqlite_cast: Cast, role: str) -> None:
    token = sqlite_cast.token(person(role))
    wrong = [
        (rule, method)
        for (rule, method), who in expected_routes(sqlite_cast.app).items()
        if rule.startswith("/api/") and "security" not in rule
        and lets_in(call(sqlite_cast, ANONYMOUS, rule, method, headers=token)) != (role in who)
    ]  # fmt: skip
    assert wrong == []


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_method_that_a_route_does_not_name_is_never_taken(sqlite_cast: Cast, method: str) -> None:
    routes = routes_of(sqlite_cast.app)
    taken = {(address(rule), method) for rule, method in routes}
    wrong = [
        rule
        for rule in {rule for rule, _ in routes}
        if (address(rule), method) not in taken
        and call(sqlite_cast, "amina", rule, method).status_code not in {403, 404, 405}
    ]
    assert wrong == []


def test_anonymous_reaches_login_static_files_and_health_only(sqlite_app: Flask) -> None:
    endpoints = {
        rule.endpoint
        for rule in sqlite_app.url_map.iter_rules()
        if any(lets_in(call(Cast(sqlite_app, {}), ANONYMOUS, rule.rule, m))
               for m in rule.methods & METHODS)
    }  # fmt: skip
    assert endpoints == {
        "static", "appbuilder.static", "LoginView.login", "LoginApi.login", "HealthView.health",
        "HealthView.ready", "FeedFileView.ics", "PortalJoinView.join", "PortalJoinView.forgot",
        "PortalJoinView.register",
        "VisitLinkView.show", "VisitLinkView.act",
        "StopLinkView.show", "StopLinkView.act", "TextReplyView.take",
        "LanguageView.choose", "LanguageView.texts",
    }  # fmt: skip


def test_every_page_sends_anonymous_to_the_login_page_and_the_api_says_401(
    sqlite_app: Flask,
) -> None:
    cast = Cast(sqlite_app, {})
    assert call(cast, ANONYMOUS, "/patient/list/", "GET").location.startswith("/login/")
    assert call(cast, ANONYMOUS, "/api/v1/patient/", "GET").status_code == 401


def test_the_compiled_policy_says_the_same_as_the_declarations(sqlite_app: Flask) -> None:
    policy, expected = sqlite_app.extensions["clinic_policy"], expected_routes(sqlite_app)
    wrong = [
        (route.rule.rule, role)
        for route in guarded_routes(sqlite_app)
        for method in route.rule.methods & METHODS
        for role in Role
        if policy.allows([role], route.permission, route.view)
        != (role in expected[route.rule.rule, method])
    ]
    assert wrong == []


@pytest.mark.parametrize("table", MATRIX)
def test_the_starting_matrix_holds_on_grid_and_api(sqlite_cast: Cast, table: str) -> None:
    grid = [
        ("list/", "GET"),
        ("add", "GET"),
        (f"edit/{NO_ROW}", "GET"),
        (f"delete/{NO_ROW}", "POST"),
    ]
    api = [("", "GET"), ("", "POST"), (NO_ROW, "PUT"), (NO_ROW, "DELETE")]
    for start, ways in ((f"/{table}/", grid), (f"/api/v1/{table}/", api)):
        inside = tuple(
            {r for r in ANYONE if lets_in(call(sqlite_cast, person(r), start + path, method))}
            for path, method in ways
        )
        assert inside == tuple(set(names.split()) for names in MATRIX[table])


@pytest.mark.parametrize("who", ["amina", "rosa", "paula"])
@pytest.mark.parametrize("path", ["/medical_record/list/", "/api/v1/medical_record/"])
def test_admin_reception_and_patients_are_refused_clinical_text(
    sqlite_cast: Cast, who: str, path: str
) -> None:
    answer = sqlite_cast.client(who).get(path)
    assert answer.status_code == 403
    assert "secret diagnosis" not in answer.text


def test_a_patient_is_granted_no_table(sqlite_app: Flask) -> None:
    policy = sqlite_app.extensions["clinic_policy"]
    assert not policy.permissions[Role.PATIENT] & {
        (f"can_{action}", name) for action in Action for name in policy.subjects
    }
