"""A PostgreSQL of one's own goes as it came: whole, and without a trace."""

from __future__ import annotations

from pathlib import Path

import psycopg

from local.postgres import start_postgres
from local.run_directory import RunDirectory


def test_the_server_shuts_down_in_order_though_a_client_stays(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    server = start_postgres(run, durable=False)
    with psycopg.connect(server.conninfo, autocommit=True) as client:
        client.execute("SELECT 1")
        run.stop_all()
    assert "database system is shut down" in run.log("postgres").read_text()
    assert not server.data.exists()
