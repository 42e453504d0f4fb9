"""A function's one connection."""

import ssl
import time

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from retail import database
from retail.database import RDS_AUTHORITIES, ConnectionSettings, SingleConnection
from tests.retail.shop import Shop


def _cut_all_connections(shop: Shop) -> None:
    with psycopg.connect(shop.conninfo, autocommit=True) as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_lost_while_idle_is_replaced_before_it_is_used(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TRUSTED_SECONDS", -1.0)  # not even a connection that was used in this very moment
    shop.add_product()
    _cut_all_connections(shop)
    assert shop.count("products") == 1


def test_a_connection_lost_within_a_transaction_fails_it_and_is_replaced_by_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TRUSTED_SECONDS", 3600.0)
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


def test_the_server_is_verified_and_settings_never_show_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)
    settings = ConnectionSettings(host="h", port=5432, name="n", username="u", password="p ' q")
    assert conninfo_to_dict(settings.conninfo)["sslmode"] == "verify-full"
    assert conninfo_to_dict(settings.conninfo)["sslrootcert"] == str(RDS_AUTHORITIES)
    assert conninfo_to_dict(settings.conninfo)["password"] == "p ' q"
    assert "p ' q" not in repr(settings)


def test_the_authorities_are_amazons_for_rds_in_our_regions_and_will_not_expire_for_years() -> None:
    context = ssl.create_default_context(cafile=RDS_AUTHORITIES)
    found = {}
    for authority in context.get_ca_certs():
        names = dict(part[0] for part in authority["subject"])  # type: ignore[misc]  # typeshed is too wide
        assert authority["subject"] == authority["issuer"]
        assert names["organizationName"] == "Amazon Web Services, Inc."
        found[names["commonName"]] = ssl.cert_time_to_seconds(str(authority["notAfter"])) - time.time()
    for kind in ("RSA2048", "RSA4096", "ECC384"):
        for region in ("us-east-1", "us-east-2", "eu-west-1"):
            assert found[f"Amazon RDS {region} Root CA {kind} G1"] > 10 * 365 * 24 * 3600
    assert all(name.startswith("Amazon RDS ") for name in found)
