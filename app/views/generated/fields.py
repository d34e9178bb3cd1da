"""Form fields made from columns; each reads and spells its value by `values`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import wtforms
from sqlalchemy import Column, inspect
from sqlalchemy import types as sa
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from wtforms.validators import DataRequired, InputRequired, Optional

from app.language import LazyText, _l
from app.models import ClinicError
from app.models.base.clock import clinic_zone
from app.models.base.refusals import words
from app.models.base.screen import Screen
from app.models.base.types import FhirDateTime, Words
from app.spelling import several, word
from app.views.generated import parsing, values


class _FromColumn:
    """Reads by the column's own rules, and gives back what was typed where it cannot be meant."""

    column: Column[Any]
    needed = True
    raw_data: list[Any] | None
    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            if not self.needed and not valuelist[0].strip():
                self.data = None
                return
            try:
                self.data = parsing.parse(self.column, valuelist[0])
            except ClinicError as error:
                self.data = None
                raise ValueError(error.message) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if self.data and isinstance(self.column.type, Words):
            return several(self.data)
        if self.data and isinstance(self.column.type, FhirDateTime):
            return values.as_typed(self.data)
        return _for_input(self.data)

    def pre_validate(self, form: wtforms.Form) -> None:
        """What the column refuses is refused while reading."""


class StringField(_FromColumn, wtforms.StringField):
    """A short text."""


class TextAreaField(_FromColumn, wtforms.TextAreaField):
    """A long text."""


class IntegerField(_FromColumn, wtforms.IntegerField):
    """A whole number."""


class FloatField(_FromColumn, wtforms.FloatField):
    """A number."""


class DateField(_FromColumn, wtforms.DateField):
    """A day."""


class TimeField(_FromColumn, wtforms.TimeField):
    """A time on the wall."""


class DateTimeLocalField(_FromColumn, wtforms.DateTimeLocalField):
    """An instant, typed and shown in clinic time."""


class SelectField(_FromColumn, wtforms.SelectField):
    """One of the words that the column allows."""

    def pre_validate(self, form: wtforms.Form) -> None:
        """The column's own choices were asked while reading."""


class PickField(wtforms.Field):
    """One row of another table, found by typing: the key under its name, the text beside it."""

    widget = wtforms.widgets.TextInput()

    def __init__(self, *, pick_url: Any = None, target: type[Any] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._pick_url = pick_url
        self.target = target
        self.text = ""
        self.data: Any = None

    @property
    def pick_url(self) -> str:
        """Where the browser searches as one types."""
        url: str = self._pick_url()
        return url

    def process_data(self, value: Any) -> None:
        self.data = inspect(value).identity[0] if value is not None else None
        self.text = "" if value is None else str(value)

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        """What was typed beside the key comes back with a form that is refused."""
        super().process(formdata, *args, **kwargs)
        if formdata is not None and f"{self.name}-text" in formdata:
            self.text = formdata.get(f"{self.name}-text", "")

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = valuelist[0].strip() or None if valuelist else None

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)

    def populate_obj(self, obj: Any, name: str) -> None:
        setattr(obj, type(obj).foreign_key(name), self.data)


def field_for(table: type[Any], name: str, screen: Screen, pick_url: Any) -> Any:
    """The unbound field of a column or link. `pick_url(model)` answers where a link is looked up."""
    label = screen.labels.get(name) or words(name).capitalize()
    help_text = screen.help.get(name)
    common = {"label": _l(label), "description": _l(help_text) if help_text else ""}
    link = table.links().get(name)
    if link is not None:
        target = link.mapper.class_
        needed = not table.columns()[table.foreign_key(name)].nullable
        validators = (
            [DataRequired(_l("Choose one."))] if needed and name not in screen.optional else []
        )
        return PickField(
            validators=validators, target=target, pick_url=lambda: pick_url(target), **common
        )
    column = table.columns()[name]
    return _column_field(column, screen.choices.get(name, ()), common, name not in screen.optional)


def _column_field(
    column: Column[Any], offered: Sequence[str], common: dict[str, Any], needed: bool
) -> Any:
    needed = needed and not column.nullable
    common |= {"validators": [InputRequired(_l("This is needed."))] if needed else [Optional()]}
    if isinstance(column.default, ScalarElementColumnDefault):
        common |= {"default": column.default.arg}
    if isinstance(column.type, sa.Boolean):
        return wtforms.BooleanField(**common | {"validators": []})
    if isinstance(column.type, sa.Enum):
        offered = column.type.enums
    if offered:
        choices = [wtforms.SelectChoice(stored, LazyText(word, stored)) for stored in offered]
        common |= {"choices": choices if needed else [wtforms.SelectChoice("", "—"), *choices]}
    kind = SelectField if offered else _field_class(column)
    return type(kind.__name__, (kind,), {"column": column, "needed": needed})(**common)


def _field_class(column: Column[Any]) -> type[Any]:
    classes = {
        "instant": DateTimeLocalField, "choice": SelectField, "date": DateField,
        "time": TimeField, "long": TextAreaField, "text": StringField,
    }  # fmt: skip
    if isinstance(column.type, values.NUMBERS):
        return FloatField
    return classes.get(values.kind(column), IntegerField)


def _for_input(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        wall = aware.astimezone(clinic_zone()).replace(tzinfo=None, microsecond=0)
        return wall.isoformat(timespec="seconds" if wall.second else "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat() if isinstance(value, date) else f"{value:%H:%M}"
    return str(value)
