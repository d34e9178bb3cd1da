"""What an import did, for a person to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.exchange.batch import KINDS


@dataclass
class Tally:
    """How many resources of one type were added, were there already, or were left out."""

    new: int = 0
    known: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Reason → how many."""

    def add(self, other: Tally) -> None:
        """Count another in."""
        self.new += other.new
        self.known += other.known
        self.skipped.update(other.skipped)


@dataclass
class Report:
    """The sum over files; `str()` is a table labelled with the FHIR R4 resource types."""

    files: int = 0
    """How many files came in."""
    types: dict[str, Tally] = field(default_factory=lambda: {kind: Tally() for kind in KINDS})
    failed: list[tuple[str, str]] = field(default_factory=list)
    """(file, sentence): these left nothing behind."""
    notes: Counter[str] = field(default_factory=Counter)
    """What a person should know → how often."""

    @property
    def new(self) -> int:
        """How many rows came in."""
        return sum(tally.new for tally in self.types.values())

    @property
    def known(self) -> int:
        """How many rows were there before."""
        return sum(tally.known for tally in self.types.values())

    def __getitem__(self, kind: str) -> Tally:
        return self.types.setdefault(kind, Tally())

    def add(self, other: Report) -> None:
        """Count in what became of another file."""
        self.files += other.files
        self.failed += other.failed
        self.notes.update(other.notes)
        for kind, tally in other.types.items():
            self[kind].add(tally)

    def counts(self) -> dict[str, dict[str, int]]:
        """The figures alone, for the audit trail."""
        return {
            "new": {kind: t.new for kind, t in self.types.items() if t.new},
            "known": {kind: t.known for kind, t in self.types.items() if t.known},
            "skipped": {k: t.skipped.total() for k, t in self.types.items() if t.skipped},
        }

    def lines(self) -> Iterator[str]:
        """The report as a person reads it, a line each."""
        yield f"{'':24}{'new':>9}{'known':>9}"
        for kind in KINDS:
            yield f"{kind:24}{self[kind].new:>9}{self[kind].known:>9}"
        for kind in sorted(self.types):
            for reason, count in sorted(self.types[kind].skipped.items()):
                yield f"{kind:24}{count:>9} {reason}"
        yield from (f"Note: {count} {note}" for note, count in sorted(self.notes.items()))
        yield f"Files: {self.files} came in, {len(self.failed)} did not."
        yield from (f"Not imported: {name}: {sentence}" for name, sentence in self.failed)

    def __str__(self) -> str:
        return "\n".join(self.lines())
