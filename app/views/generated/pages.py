"""What the generated templates are given: plain facts, no models and no questions to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

NEIGHBOURS = 2


@dataclass
class Cell:
    """One value as it is shown; `kind` is how, `url` where it leads."""

    text: str
    kind: str = "text"
    url: str | None = None


@dataclass
class Column:
    """The head of a column, with the address that sorts by it."""

    key: str
    label: str
    sort_url: str | None = None
    direction: str | None = None
    numeric: bool = False


@dataclass
class Act:
    """A button that posts: what it says, where it goes, and what it asks first."""

    label: str
    url: str
    icon: str
    asks: str


@dataclass
class Link:
    """A button beside the title."""

    label: str
    url: str
    icon: str


@dataclass
class Row:
    """A row of a list; an address that is None is not open to this person."""

    pk: Any
    cells: list[Cell]
    show_url: str | None = None
    edit_url: str | None = None
    delete_url: str | None = None
    acts: Sequence[Act] = ()


@dataclass
class FilterInput:
    """One field of the search form; `name` is its query argument."""

    name: str
    label: str
    kind: str
    value: str = ""
    value_text: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    pick_url: str | None = None

    @property
    def id(self) -> str:
        """The id of the field in the page."""
        return f"filter-{self.name.strip('_')}"


@dataclass
class ListPage:
    """`more` says that there are rows beyond `count`, which were not counted."""

    title: str
    one: str
    icon: str
    columns: list[Column]
    rows: list[Row]
    count: int
    page: int
    page_size: int
    filters: list[FilterInput]
    active_filters: int
    empty: str
    clear_url: str
    urls: dict[int, str]
    export_url: str | None = None
    add_url: str | None = None
    more: bool = False
    links: list[Link] = field(default_factory=list)
    order_fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.count // self.page_size))

    @property
    def first(self) -> int:
        """The number of the first row on the page; 0 where there is none."""
        return min(self.count, self.page * self.page_size + 1)

    @property
    def last(self) -> int:
        """The number of the last row on the page."""
        return min(self.count, (self.page + 1) * self.page_size)

    @property
    def prev_url(self) -> str | None:
        """The page before; None on the first."""
        return self.urls.get(self.page - 1)

    @property
    def next_url(self) -> str | None:
        """The page after; None on the last."""
        return self.urls.get(self.page + 1)

    @property
    def page_urls(self) -> list[tuple[int, str, bool]]:
        """Number (from 1), address, and whether it is this page."""
        return [(n + 1, url, n == self.page) for n, url in sorted(self.urls.items())]


@dataclass
class RelatedCard:
    """The first rows of another table that lead to the one shown."""

    title: str
    one: str
    icon: str
    columns: list[Column]
    rows: list[Row]
    all_url: str | None = None
    add_url: str | None = None


def pages_near(number: int, pages: int) -> list[int]:
    """The pages that a list leads to: the first, the last, and those beside this one; from 0 on."""
    near = {0, pages - 1, *range(number - NEIGHBOURS, number + NEIGHBOURS + 1)}
    return sorted(n for n in near if 0 <= n < pages)


@dataclass
class ShowPage:
    """One row with all that this person may see of it."""

    title: str
    one: str
    icon: str
    pk: Any
    facts: Sequence[tuple[str, Cell]]
    list_title: str
    list_url: str | None = None
    edit_url: str | None = None
    delete_url: str | None = None
    related: list[RelatedCard] = field(default_factory=list)
    acts: Sequence[Act] = ()
    links: Sequence[Link] = ()


@dataclass
class FormPage:
    """A form with what was typed; `conflict` are the texts of both where another changed the row:
    label, typed, theirs. `told` stands above the form and is not changed by it."""

    title: str
    one: str
    icon: str
    fields: list[Any]
    cancel_url: str
    submit_label: str
    problem: str | None = None
    conflict: list[tuple[str, str, str]] | None = None
    told: Sequence[tuple[str, Cell]] = ()
