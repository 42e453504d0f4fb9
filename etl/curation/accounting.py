"""What a run did with every record it read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from curation.tables import QUARANTINE


class UnaccountedError(RuntimeError):
    """A run would have lost records, or made some up; it changed nothing."""

    def __init__(self, account: Account) -> None:
        super().__init__(
            f"run {account.run}: {account.read} records read, but {account.curated} curated + "
            f"{account.duplicates} duplicates + {account.quarantined} quarantined; nothing was published, "
            "so start the job again, and look into its log if it fails again"
        )


@dataclass
class Account:
    """One run in numbers. All but `tables` count records of the raw zone, `tables` counts new rows by table."""

    run: str
    started: str
    finished: str | None = None
    read: int = 0
    curated: int = 0
    duplicates: int = 0
    quarantined: int = 0
    misplaced: int = 0
    """Sound, but of an event whose place is another prefix."""
    ahead: int = 0
    """Of a clock that is ahead of ours."""
    tables: dict[str, int] = field(default_factory=dict)

    def add(self, table: str, *, rows: int, events: int, known: int) -> None:
        """Count what was written for a table: new rows, the events they stand for, and those that it had already."""
        self.tables[table] = rows
        self.duplicates += known
        if table == QUARANTINE:
            self.quarantined += events
        else:
            self.curated += events

    @property
    def unaccounted(self) -> int:
        """Records that went nowhere; negative when there are more than were read."""
        return self.read - self.curated - self.duplicates - self.quarantined

    def record(self) -> Mapping[str, Any]:
        """The account as it is kept in the lake."""
        return {**asdict(self), "unaccounted": self.unaccounted}

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Account:
        """The account that `record` keeps."""
        return cls(**{name: value for name, value in record.items() if name != "unaccounted"})
