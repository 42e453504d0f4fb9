"""The warehouse's set-up (row P20) as CloudFormation calls it; AWS's answers are checked against its API model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from retail import clients
from tests.functions.cloudformation import CloudFormation
from tests.functions.invocation import Context
from warehouse_setup import handler as warehouse_setup
from warehouse_setup import warehouse

PROPERTIES = {
    "ServiceToken": "arn:aws:lambda:us-east-2:000000000000:function:setup",
    "Workgroup": "retail-test",
    "WorkgroupArn": "arn:aws:redshift-serverless:us-east-2:000000000000:workgroup/1",
    "Namespace": "retail-test",
    "Database": "warehouse",
    "ExternalSchema": "lake",
    "CatalogDatabase": "retail_test",
    "RpuHours": "100",
}
SECRET = "arn:aws:secretsmanager:us-east-2:000000000000:secret:redshift!retail-test-administrator-abcdef"
LIMIT = {"period": "monthly", "breachAction": "deactivate", "usageType": "serverless-compute"}


class Redshift:
    """Redshift's two APIs; each answer has to be asked for, in order and with these parameters."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        session = boto3.Session(region_name="us-east-2", aws_access_key_id="-", aws_secret_access_key="-")
        serverless, data = session.client("redshift-serverless"), session.client("redshift-data")
        monkeypatch.setattr(clients, "redshift_serverless", lambda: serverless)
        monkeypatch.setattr(clients, "redshift_data", lambda: data)
        monkeypatch.setattr(warehouse, "POLL_SECONDS", 0)
        self.serverless, self.data = Stubber(serverless), Stubber(data)
        self.serverless.activate()
        self.data.activate()

    def has_limits(self, *limits: dict[str, Any]) -> None:
        asked = {"resourceArn": PROPERTIES["WorkgroupArn"], "usageType": "serverless-compute"}
        self.serverless.add_response("list_usage_limits", {"usageLimits": list(limits)} if limits else {}, asked)

    def lets_create_the_limit(self) -> None:
        asked = {"resourceArn": PROPERTIES["WorkgroupArn"], "amount": 100, **LIMIT}
        self.serverless.add_response("create_usage_limit", {}, asked)

    def runs_the_statement(self, *states: dict[str, str]) -> None:
        self.serverless.add_response(
            "get_namespace", {"namespace": {"adminPasswordSecretArn": SECRET}}, {"namespaceName": "retail-test"}
        )
        sql = "CREATE EXTERNAL SCHEMA IF NOT EXISTS lake FROM DATA CATALOG DATABASE 'retail_test' IAM_ROLE default"
        asked = {"WorkgroupName": "retail-test", "Database": "warehouse", "SecretArn": SECRET, "Sql": sql}
        self.data.add_response("execute_statement", {"Id": "s" * 36}, {**asked, "ClientToken": ANY})
        for state in states:
            self.data.add_response("describe_statement", {"Id": "s" * 36, **state}, {"Id": "s" * 36})


@pytest.fixture
def redshift(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redshift]:
    redshift = Redshift(monkeypatch)
    yield redshift
    redshift.serverless.assert_no_pending_responses()
    redshift.data.assert_no_pending_responses()


def answer(cloudformation: CloudFormation, request_type: str, **changed: str) -> dict[str, Any]:
    """What CloudFormation is told."""
    event = cloudformation.request(request_type, ResourceProperties={**PROPERTIES, **changed})
    warehouse_setup.handler(event, Context())
    (told,) = cloudformation.answers
    return told


def test_new_warehouse_gets_its_limit_and_sees_the_lake(redshift: Redshift, cloudformation: CloudFormation) -> None:
    redshift.has_limits()
    redshift.lets_create_the_limit()
    redshift.runs_the_statement({"Status": "STARTED"}, {"Status": "FINISHED"})

    assert answer(cloudformation, "Create")["Status"] == "SUCCESS"


def test_repeated_setup_changes_the_limit_it_made_and_no_other(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.has_limits({**LIMIT, "usageLimitId": "a-persons", "period": "daily"}, {**LIMIT, "usageLimitId": "ours"})
    redshift.serverless.add_response("update_usage_limit", {}, {"usageLimitId": "ours", "amount": 100})
    redshift.runs_the_statement({"Status": "FINISHED"})

    assert answer(cloudformation, "Update")["Status"] == "SUCCESS"


def test_refused_statement_fails_the_deployment_with_redshifts_reason(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.has_limits()
    redshift.lets_create_the_limit()
    redshift.runs_the_statement({"Status": "FAILED", "Error": "permission denied for database"})

    told = answer(cloudformation, "Create")
    assert (told["Status"], told["Reason"]) == ("FAILED", "schema lake: permission denied for database")


def test_statement_that_does_not_end_is_told_before_the_function_does(
    redshift: Redshift, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse_setup, "SECONDS_TO_ANSWER", 60)  # of the sixty that are left
    redshift.has_limits()
    redshift.lets_create_the_limit()
    redshift.runs_the_statement({"Status": "SUBMITTED"})

    assert "still SUBMITTED" in answer(cloudformation, "Create")["Reason"]


def test_identifier_that_could_end_a_statement_never_becomes_one(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    told = answer(cloudformation, "Create", CatalogDatabase="retail'; DROP SCHEMA lake; --")

    assert told["Status"] == "FAILED"
    assert "CatalogDatabase" in told["Reason"]


def test_deletion_touches_nothing(redshift: Redshift, cloudformation: CloudFormation) -> None:
    assert answer(cloudformation, "Delete")["Status"] == "SUCCESS"
