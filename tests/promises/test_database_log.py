"""Promise: nothing private in any log line, the database's own log included."""

from __future__ import annotations

import psycopg
import pytest

from local.run_directory import RunDirectory
from retail.customers import register
from retail.database import SingleConnection
from retail.schema import migrate
from retail_constructs.aurora_serverless import STATEMENT_LOG
from tests.promises.breakable import BreakablePostgres
from tests.promises.breakable import breakable_postgres as breakable_postgres
from tests.promises.breakable import own_servers as own_servers
from tests.retail.shop import EMAIL, Shop
from tests.storefront.account import PASSWORD

NAME = "Kim Aurelia Example"


def test_slow_and_failing_statements_are_logged_without_what_they_were_about(
    own_servers: RunDirectory, breakable_postgres: BreakablePostgres
) -> None:
    conninfo = breakable_postgres.server.conninfo
    migrate(conninfo)
    with psycopg.connect(conninfo, autocommit=True) as administrator:
        for name, value in (STATEMENT_LOG | {"log_min_duration_statement": "0"}).items():
            administrator.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        administrator.execute("SELECT pg_reload_conf()")
    breakable_postgres.wait_until("current_setting('log_min_duration_statement') = '0'")
    shop = Shop(conninfo)
    shop.order({shop.add_product(): 1})
    database = SingleConnection(lambda: conninfo)
    assert register(database, email="aurelia@example.com", name=NAME, password=PASSWORD)
    with pytest.raises(psycopg.errors.NotNullViolation):
        shop.rows("INSERT INTO orders (email, session_key) VALUES (%s, %s)", EMAIL, "a-session-key")
    shop.database.close()
    database.close()
    log = own_servers.log("postgres").read_text()
    assert "INSERT INTO orders" in log
    assert "null value in column" in log
    for private in (EMAIL, "aurelia@example.com", NAME, PASSWORD, "argon2", "a-session-key", "tok_visa"):
        assert private not in log
