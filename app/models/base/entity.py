"""The base of every table: a version, a label, its relations, and its rules' place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from flask_appbuilder import Model
from sqlalchemy import Column, inspect
from sqlalchemy.orm import Mapped, RelationshipProperty, Session, declared_attr, mapped_column

from app.models.base.acting import Acting
from app.models.base.screen import Screen


class Entity(Model):
    """A table of the clinic. Its `__screen__` declares how it is shown, and to whom."""

    __abstract__ = True
    __screen__: ClassVar[Screen | None]
    __clinical__: ClassVar[bool] = False
    """Whether it is part of a patient's chart, which can be restricted to the treating team."""
    __table_args__: ClassVar[Any] = ()  # the framework's default would allow a table twice

    version: Mapped[int] = mapped_column(default=1, server_default="1", sort_order=1000)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}

    def __str__(self) -> str:
        """What a person calls this row; reads its own columns only, so that a list of labels
        costs no further statement."""
        return str(getattr(self, "name", None) or f"{type(self).__name__} {self.pk}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pk}>"

    @property
    def pk(self) -> Any:
        """The value of the primary key; None before the row is written."""
        return getattr(self, self.pk_name())

    @property
    def settled(self) -> bool:
        """Whether the row changes no more, so that no page offers its form."""
        return False

    def read(self, name: str) -> Any:
        """A column as a page shows it: what the program wrote itself is said in the language of who
        reads it. What people wrote stays as it is."""
        return getattr(self, name)

    @classmethod
    def pk_name(cls) -> str:
        """The name of the primary key, which is one column."""
        return str(inspect(cls).primary_key[0].key)

    @classmethod
    @cache
    def columns(cls) -> Mapping[str, Column[Any]]:
        """The columns by the name of their attribute, in the order of the table."""
        return dict(inspect(cls).columns.items())

    @classmethod
    @cache
    def links(cls) -> Mapping[str, RelationshipProperty[Any]]:
        """Relations to one other row, by attribute: what a form picks and a list names."""
        mapper = inspect(cls)
        return {r.key: r for r in mapper.relationships if r.direction.name == "MANYTOONE"}

    @classmethod
    @cache
    def foreign_key(cls, link: str) -> str:
        """The column behind a link: `room` → `room_id`."""
        (column,) = cls.links()[link].local_columns
        return str(inspect(cls).get_property_by_column(column).key)

    @classmethod
    def patient_column(cls) -> str | None:
        """The column that says whose record a row belongs to; None for a table about no patient."""
        return "patient_id" if "patient_id" in cls.columns() else None

    def whose(self) -> tuple[int | None, ...]:
        """The patients to whose record this row belongs: mostly one, None for a row about no patient."""
        column = self.patient_column()
        return (getattr(self, column) if column else None,)

    def check(self, session: Session, actor: Acting | None, now: datetime) -> None:
        """The table's own rules before `actor` keeps the row; raises ClinicError with a sentence."""
