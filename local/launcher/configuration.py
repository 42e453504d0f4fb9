"""What the emulator is told about this machine."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Configuration:
    """Where the real servers behind the emulated ones are, and where to write what is recorded only."""

    database_port: int
    cache_port: int
    postgres_port: int
    postgres_password: str
    psql: str
    schemas: str
    recorded: str
    task_credentials_port: int
    task_token: str

    def write(self, path: Path) -> None:
        """Writes the configuration for its owner's eyes only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Configuration:
        """The configuration that `write` wrote."""
        return cls(**json.loads(path.read_text()))
