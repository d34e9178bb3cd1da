"""From a form or a JSON body to a kept row: links, ownership, version, rules, audit, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, and_, bindparam, inspect, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, load_only
from sqlalchemy.orm.exc import StaleDataError

from app.language import _, _l
from app.models import Action, ClinicError, Entity, Forbidden, NotFound, Patient, Stale
from app.models.base.refusals import lost_a_race, race, sentence_for
from app.models.people.linked import require_same_person
from app.security import audit
from app.security.actor import Actor
from app.security.scope import as_key, is_key, own_values, require_open, row_scope
from app.security.standing import once_a_person
from app.views.generated.fields import PickField
from app.views.generated.reading import picks
from app.views.generated.values import show

CHANGED = _l(
    "Someone else has changed this since you opened it. Both texts are below; nothing is lost."
)

Answer = TypeVar("Answer")
Written = Iterable[tuple[str, Any]]
"""Which rows were written, each with its action: `("edit", shift)`."""


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    """Commit at the end of the block, or keep nothing of it. What the database refuses becomes a
    ClinicError with its sentence."""
    try:
        yield
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise sentence_for(error) from None
    except StaleDataError:
        session.rollback()
        raise Stale(CHANGED) from None
    except Exception as error:
        session.rollback()
        if lost_a_race(error):
            raise race() from None
        raise


def take_back(session: Session, error: ClinicError) -> None:
    """Forget what a refused form began to write, so that its page comes back with what was typed.
    Raises what no other typing would mend: the row is not there, or not this person's."""
    if isinstance(error, (Forbidden, NotFound)):
        raise error
    session.rollback()


def keep(
    session: Session,
    actor: Actor,
    work: Callable[[], Answer],
    rows: Callable[[Answer], Written],
) -> Answer:
    """Do a piece of work over several rows in one transaction, with an audit event for each row
    that `rows` names. Raises ClinicError and keeps nothing."""
    with transaction(session):
        answer = work()
        session.flush()
        for action, row in rows(answer):
            audit.written(session, actor, action, row)
    return answer


def save(
    session: Session,
    actor: Actor,
    row: Any,
    action: Action,
    before: Callable[[Any], None] = lambda row: None,
    after: Callable[[Any], None] = lambda row: None,
) -> Any:
    """Keep a new or changed row with its audit event, or raise ClinicError and keep nothing.
    `before` asks further rules; `after` has the row's key, in the same transaction."""
    with transaction(session):
        with session.no_autoflush:
            claim(actor, row, action)
            require_open(session, actor, row)
            require_same_person(session, row)
            if isinstance(row, Entity):
                row.check(session, actor, datetime.now(UTC))
            before(row)
        session.add(row)
        audit.written(session, actor, action, row)
        after(row)
    return row


def delete(session: Session, actor: Actor, row: Any) -> None:
    """Remove a row with its audit event, or raise ClinicError and keep it."""
    with transaction(session):
        audit.written(session, actor, "delete", row)
        session.delete(row)


def claim(actor: Actor, row: Any, action: Action) -> None:
    """A person who may write their own rows only writes rows that are theirs: a new one takes
    their key where it names none. Raises Forbidden."""
    own = own_values(actor, type(row), action)
    if not own:
        return
    if action is Action.ADD:
        for column, value in own.items():
            if getattr(row, column) is None:
                setattr(row, column, value)
    if not any(value is not None and _same(getattr(row, c), value) for c, value in own.items()):
        raise Forbidden(_("You can write your own entries only."))


def resolve_links(session: Session, actor: Actor, form: Any) -> None:
    """Check every picked row against the scope of its own table, and look up what was typed
    without being picked. What is not there becomes an error of its field."""
    for field in form:
        if not isinstance(field, PickField):
            continue
        try:
            found = _found(session, actor, field)
        except ClinicError as error:
            field.data = None
            field.process_errors = [error.message]
            continue
        field.process_data(found)


def find_link(session: Session, actor: Actor, model: type[Any], key: Any) -> Any:
    """The row that a key in a body names. Raises ClinicError where the person may not see it."""
    (row,) = find_links(session, actor, {"": (model, key)}).values()
    if row is None:
        raise ClinicError(_("There is no such entry to choose."))
    return row


def find_links(
    session: Session, actor: Actor, named: Mapping[str, tuple[type[Any], Any]]
) -> dict[str, Any]:
    """The rows that keys name, by any names, each as table and key: None where there is none, or
    none for this person; of a patient who was replaced, who is kept. One statement for all, but
    for tables that are named twice."""
    found: dict[str, Any] = {}
    left = {name: (model, key) for name, (model, key) in named.items() if is_key(key)}
    while left:
        once = {model: name for name, (model, _key) in left.items()}
        keys = {f"key_{n}": as_key(left.pop(name)[1]) for n, name in enumerate(once.values())}
        clinical = any(getattr(model, "__clinical__", False) for model in once)
        query = (_links if clinical else _links_as_ever)(actor, *once)
        found |= zip(once.values(), session.execute(query, keys).one()[1:], strict=True)
    for name, row in found.items():
        if isinstance(row, Patient) and row.replaced_by_id is not None:
            found[name] = find_links(session, actor, {name: (Patient, row.replaced_by_id)})[name]
    return {name: found.get(name) for name in named}


def _links(actor: Actor, *models: type[Any]) -> Select[Any]:
    """A row of each table, or none, by the parameters `key_0`, `key_1`…"""
    one = select(literal(1).label("row")).subquery()  # there is one, whatever is not found
    query = select(one.c.row, *models).select_from(one)
    for number, model in enumerate(models):
        key: Any = inspect(model).primary_key[0]
        is_it = key == bindparam(f"key_{number}", type_=key.type)
        query = query.outerjoin(model, and_(is_it, row_scope(actor, model, Action.LIST)))
    return query.options(load_only(*NAMED)) if Patient in models else query


NAMED = (Patient.name, Patient.dob, Patient.deceased_on, Patient.replaced_by_id)
"""What is asked of a patient who is only named, who has many columns."""

_links_as_ever = once_a_person(_links)


def require_version(row: Any, told: Any) -> None:
    """Compare the version that the edit was made from, a number or its text. Raises Stale; none told
    is not compared."""
    if isinstance(row, Entity) and told not in (None, "") and str(row.version) != str(told):
        raise Stale(CHANGED)


def differences(form: Any, row: Any) -> list[tuple[str, str, str]]:
    """Label, what was typed, and what is kept now, for each field in which the two differ."""
    pairs = [
        (field.label.text, _said(field), show(getattr(row, field.name)))
        for field in form
        if field.name not in {"csrf_token", "version"}
    ]
    return [pair for pair in pairs if pair[1] != pair[2]]


def prefill(session: Session, form: Any, own: dict[str, int | None]) -> None:
    """Open an empty form with the person's own row already picked."""
    for field in form:
        if isinstance(field, PickField) and field.target is not None:
            key = next((v for c, v in own.items() if c == f"{field.name}_id" and v), None)
            if key is not None:
                field.process_data(session.get(field.target, key))


def prefill_links(session: Session, actor: Actor, form: Any, asked: Mapping[str, str]) -> None:
    """Open an empty form with the rows picked that its address names, such as `?patient=5`; one
    that the person may not see stays unpicked."""
    for field in form:
        if isinstance(field, PickField) and field.target is not None and field.name in asked:
            with suppress(ClinicError):
                field.process_data(find_link(session, actor, field.target, asked[field.name]))


def point_at(form: Any, error: ClinicError | None) -> None:
    """Put a rule's sentence beside the field that it speaks of."""
    name = error.details.get("field") if error else None
    if isinstance(name, str) and name in form:
        form[name].errors = [*form[name].errors, error.message if error else ""]


def _found(session: Session, actor: Actor, field: PickField) -> Any:
    if field.data:
        return find_link(session, actor, field.target, field.data)  # type: ignore[arg-type]
    if not field.text.strip():
        return None
    rows = picks(session, actor, field.target, field.text)  # type: ignore[arg-type]
    exact = [row for row in rows if str(row) == field.text.strip()] or rows
    if len(exact) != 1:
        raise ClinicError(_("Choose one from the list."))
    return exact[0]


def _said(field: Any) -> str:
    return field.text if isinstance(field, PickField) else show(field.data)


def _same(left: Any, right: Any) -> bool:
    return str(left) == str(right)
