"""The schema migrator as CloudFormation calls it."""

import json

import psycopg
import pytest

from retail.schema import load_migrations
from schema_migrator import handler as schema_migrator
from tests.functions.cloudformation import CloudFormation
from tests.functions.invocation import Context


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "RETAIL_ENVIRONMENT": "test",
        "DATABASE_SECRET_ARN": "arn",
        "DATABASE_HOST": "host",
        "DATABASE_PORT": "5432",
        "DATABASE_NAME": "retail",
        "SAMPLE_CATALOG": "true",
    }.items():
        monkeypatch.setenv(name, value)


def test_a_deployment_brings_schema_and_catalog_and_a_second_one_changes_nothing(
    database_url: str, environment: None, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_migrator.Settings, "conninfo", lambda _: database_url)
    schema_migrator.handler(cloudformation.request("Create"), Context())
    schema_migrator.handler(cloudformation.request("Update", PhysicalResourceId="database-schema"), Context())
    first, second = cloudformation.answers
    assert (first["Status"], first["PhysicalResourceId"]) == ("SUCCESS", "database-schema")
    applied = ", ".join(migration.name for migration in load_migrations())
    assert first["Data"] == {"Applied": applied, "ProductsInserted": "200"}
    assert (second["Status"], second["Data"]) == ("SUCCESS", {"Applied": "", "ProductsInserted": "0"})
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM products").fetchone() == (200,)


def test_a_failure_is_answered_with_its_reason(
    environment: None, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_migrator.Settings, "conninfo", lambda _: "host=127.0.0.1 port=1 connect_timeout=2")
    schema_migrator.handler(cloudformation.request("Create"), Context())
    assert cloudformation.answers[0]["Status"] == "FAILED"
    assert "Connection refused" in cloudformation.answers[0]["Reason"]
    assert len(json.dumps(cloudformation.answers[0])) < 4096


def test_missing_settings_are_answered_with_their_names(
    cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_HOST", raising=False)
    schema_migrator.handler(cloudformation.request("Create"), Context())
    assert cloudformation.answers[0]["Status"] == "FAILED"
    assert "database_host" in cloudformation.answers[0]["Reason"]


def test_a_deletion_touches_nothing(cloudformation: CloudFormation) -> None:
    schema_migrator.handler(cloudformation.request("Delete", PhysicalResourceId="database-schema"), Context())
    assert cloudformation.answers[0]["Status"] == "SUCCESS"
