"""The one declaration from which a table's screens, API, permissions and audit follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.models.base.grants import Grant, Role


@dataclass(frozen=True)
class Screen:
    """How a table is shown, and to whom.

    title     its name in the menu and above its list (plural)
    one       what one row is called; the words of the table's name where not said
    columns   the columns of the list, in order; a relation is named by its attribute
    search    what can be searched and filtered
    grants    what each role may do; a role that is not named may do nothing
    menu      the section of the menu; None for a table that is reached from others only
    icon      a Font Awesome name
    form      the fields of the form, in order; all that a person can fill in where not named
    optional  fields of the form that the table fills in itself where they are left empty
    choices   of a column of plain text: the values that its form offers, shown by the words for them
    detail    the fields of the detail page; the list's and the form's where not named
    labels    words for columns whose name does not say it
    help      a sentence below a form field
    order     what the list is sorted by; `-name` for falling
    empty     what an empty list tells a person to do next
    related   tables whose rows lead to this one, shown below its detail page to who may list them
    """

    title: str
    columns: Sequence[str]
    grants: Mapping[Role, Grant]
    one: str = ""
    search: Sequence[str] = ()
    menu: str | None = None
    icon: str = "fa-table"
    form: Sequence[str] | None = None
    optional: Sequence[str] = ()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    detail: Sequence[str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    help: Mapping[str, str] = field(default_factory=dict)
    order: str | None = None
    empty: str = ""
    related: Sequence[str] = ()
