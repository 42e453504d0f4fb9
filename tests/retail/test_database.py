"""A function's one connection."""

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from retail import database
from retail.database import ConnectionSettings, SingleConnection
from tests.retail.shop import Shop


def _cut_all_connections(shop: Shop) -> None:
    with psycopg.connect(shop.conninfo, autocommit=True) as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_lost_while_idle_is_replaced_before_it_is_used(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TRUSTED_SECONDS", 0.0)
    shop.add_product()
    _cut_all_connections(shop)
    assert shop.count("products") == 1


def test_a_connection_lost_within_a_transaction_fails_it_and_is_replaced_by_the_next(shop: Shop) -> None:
    shop.add_product()
    _cut_all_connections(shop)
    with pytest.raises(psycopg.OperationalError):
        shop.count("products")
    assert shop.count("products") == 1


def test_rotated_credentials_are_taken_up_by_the_next_connection(shop: Shop) -> None:
    asked = []

    def conninfo() -> str:
        asked.append("again")
        return shop.conninfo

    connection = SingleConnection(conninfo)
    for _ in range(2):
        with connection.transaction():
            pass
        connection.close()
    assert asked == ["again", "again"]


def test_connections_are_encrypted_unless_told_otherwise_and_settings_never_show_the_password() -> None:
    settings = ConnectionSettings(host="h", port=5432, name="n", username="u", password="p ' q")
    assert conninfo_to_dict(settings.conninfo)["sslmode"] == "require"
    assert conninfo_to_dict(settings.conninfo)["password"] == "p ' q"
    assert "p ' q" not in repr(settings)
