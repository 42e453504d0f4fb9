"""What storefront and functions may do in the database, as their connections do it."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from local.postgres import start_postgres
from local.run_directory import RunDirectory
from retail.database import ConnectionSettings
from retail.roles import FUNCTIONS, STOREFRONT
from retail.schema import migrate
from retail.settings import DatabaseSettings
from schema_migrator.handler import Settings as MigratorSettings


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectionSettings]:
    """The owner of a migrated database: no superuser, as on Aurora."""
    directory = RunDirectory(tmp_path_factory.mktemp("owned"))
    server = start_postgres(directory, durable=False)
    with psycopg.connect(server.conninfo, autocommit=True) as administrator:
        administrator.execute("CREATE ROLE retail LOGIN CREATEROLE CREATEDB PASSWORD 'of-these-tests'")
        administrator.execute("CREATE DATABASE retail OWNER retail")
    owner = ConnectionSettings(
        host="127.0.0.1",
        port=server.port,
        name="retail",
        username="retail",
        password="of-these-tests",
        sslmode="disable",
    )
    assert migrate(owner.conninfo)
    assert migrate(owner.conninfo) == []
    yield owner
    directory.stop_all()


def _as(owner: ConnectionSettings, role: str) -> psycopg.Connection:
    return psycopg.connect(
        ConnectionSettings(
            host=owner.host,
            port=owner.port,
            name=owner.name,
            username=owner.username,
            password=owner.password,
            sslmode="disable",
            role=role,
        ).conninfo,
        autocommit=True,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE orders",
        "ALTER TABLE orders ADD COLUMN note text",
        "CREATE TABLE elsewhere (id int)",
        "TRUNCATE outbox",
        "CREATE ROLE somebody LOGIN SUPERUSER",
        "COPY products TO PROGRAM 'cat'",
    ],
)
@pytest.mark.parametrize("role", [STOREFRONT, FUNCTIONS])
def test_nobody_changes_the_schema(owner: ConnectionSettings, role: str, statement: str) -> None:
    with _as(owner, role) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password_hash FROM customers",
        "SELECT email FROM customers",
        "SELECT secret FROM signing_keys",
        "INSERT INTO orders DEFAULT VALUES",
        "DELETE FROM orders",
        "DELETE FROM payments",
    ],
)
def test_a_function_reads_no_passwords_and_no_keys_and_deletes_no_order(
    owner: ConnectionSettings, statement: str
) -> None:
    with _as(owner, FUNCTIONS) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customers SET is_staff = true",
        "INSERT INTO customers (id, email, name, password_hash, is_staff) "
        "VALUES (gen_random_uuid(), 'a@b', 'c', 'd', true)",
        "DELETE FROM orders",
        "DELETE FROM products",
        "INSERT INTO payments DEFAULT VALUES",
        "UPDATE signing_keys SET secret = secret",
        "INSERT INTO schema_migrations VALUES (1, 'a', 'b')",
        "SELECT * FROM handled_events",
    ],
)
def test_the_storefront_makes_nobody_an_employee_and_deletes_no_order(
    owner: ConnectionSettings, statement: str
) -> None:
    with _as(owner, STOREFRONT) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


def test_every_table_is_for_somebody(owner: ConnectionSettings) -> None:
    with psycopg.connect(owner.conninfo) as connection:
        forgotten = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND NOT has_table_privilege(%s, oid, 'SELECT') AND NOT has_table_privilege(%s, oid, 'SELECT')",
            [STOREFRONT, FUNCTIONS],
        ).fetchall()
    assert forgotten == [], "say in grants.sql who uses them"


def test_functions_work_under_their_role_and_only_the_migrator_as_the_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retail.settings.read_credentials", lambda _: ("retail", "of-these-tests"))
    told = {"retail_environment": "test", "database_secret_arn": "arn", "database_host": "h", "database_name": "n"}
    function = DatabaseSettings.model_validate({**told, "database_port": "5432"})
    migrator = MigratorSettings.model_validate({**told, "database_port": "5432"})
    assert f"role={FUNCTIONS}" in function.conninfo()
    assert "role=" not in migrator.conninfo()
