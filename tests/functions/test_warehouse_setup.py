"""The warehouse's set-up (row P20) as CloudFormation calls it, and as the rule after the nightly job does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from retail import clients
from tests.functions.cloudformation import CloudFormation
from tests.functions.invocation import Context
from tests.functions.redshift import DataApi, client
from warehouse_setup import handler as warehouse_setup
from warehouse_setup import statements
from warehouse_setup.statements import WarehouseError
from warehouse_setup.views import View, views

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


VIEWS = {view.name for view in views()}
MAY_BE_READ = {"USAGE dashboard", *(f"SELECT dashboard.{name}" for name in VIEWS)}


class Redshift:
    """Redshift's two APIs: what is asked of Serverless has to be asked for in order, the Data API is there to use."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        serverless, self.data = client("redshift-serverless"), DataApi()
        monkeypatch.setattr(clients, "redshift_serverless", lambda: serverless)
        monkeypatch.setattr(clients, "redshift_data", lambda: self.data)
        monkeypatch.setattr(statements, "POLL_SECONDS", 0)
        self.serverless = Stubber(serverless)

    def has_limits(self, *limits: dict[str, Any]) -> None:
        asked = {"resourceArn": PROPERTIES["WorkgroupArn"], "usageType": "serverless-compute"}
        self.serverless.add_response("list_usage_limits", {"usageLimits": list(limits)} if limits else {}, asked)

    def lets_create_the_limit(self) -> None:
        asked = {"resourceArn": PROPERTIES["WorkgroupArn"], "amount": 100, **LIMIT}
        self.serverless.add_response("create_usage_limit", {}, asked)

    def tells_its_secret(self) -> None:
        namespace = {"namespace": {"adminPasswordSecretArn": SECRET}}
        self.serverless.add_response("get_namespace", namespace, {"namespaceName": "retail-test"})

    def is_new(self) -> None:
        self.has_limits()
        self.lets_create_the_limit()
        self.tells_its_secret()

    def is_there(self) -> None:
        self.has_limits({**LIMIT, "usageLimitId": "ours"})
        self.serverless.add_response("update_usage_limit", {}, {"usageLimitId": "ours", "amount": 100})
        self.tells_its_secret()


@pytest.fixture
def redshift(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redshift]:
    redshift = Redshift(monkeypatch)
    with redshift.serverless:
        yield redshift
    redshift.serverless.assert_no_pending_responses()


def answer(cloudformation: CloudFormation, request_type: str, request_id: str = "request", **changed: str) -> Any:
    """What CloudFormation is told."""
    properties = {**PROPERTIES, **changed}
    event = cloudformation.request(request_type, ResourceProperties=properties, RequestId=request_id)
    warehouse_setup.handler(event, Context())
    return cloudformation.answers[-1]


def refresh() -> None:
    """What the rule does after the nightly job."""
    warehouse_setup.handler({"RequestType": "Refresh", "ResourceProperties": PROPERTIES}, Context())


def test_new_warehouse_gets_its_limit_sees_the_lake_and_has_the_views(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()

    assert answer(cloudformation, "Create")["Status"] == "SUCCESS"
    assert redshift.data.ran[0] == (
        "CREATE EXTERNAL SCHEMA IF NOT EXISTS lake FROM DATA CATALOG DATABASE 'retail_test' IAM_ROLE default"
    )
    assert redshift.data.views() == VIEWS
    assert redshift.data.ledger() == [(view.name, view.fingerprint) for view in views()]
    for request in redshift.data.requests:
        assert (request["WorkgroupName"], request["Database"]) == ("retail-test", "warehouse")
        assert request["SecretArn"] == SECRET


def test_repeated_setup_changes_the_limit_it_made_and_no_other(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.has_limits({**LIMIT, "usageLimitId": "a-persons", "period": "daily"}, {**LIMIT, "usageLimitId": "ours"})
    redshift.serverless.add_response("update_usage_limit", {}, {"usageLimitId": "ours", "amount": 100})
    redshift.tells_its_secret()

    assert answer(cloudformation, "Update")["Status"] == "SUCCESS"


def test_views_whose_text_is_as_it_was_are_left_alone(redshift: Redshift, cloudformation: CloudFormation) -> None:
    redshift.is_new()
    answer(cloudformation, "Create")
    redshift.data.ran.clear()
    redshift.is_there()

    assert answer(cloudformation, "Update", request_id="another")["Status"] == "SUCCESS"
    assert [sql for sql in redshift.data.ran if "MATERIALIZED" in sql] == []


def test_only_the_view_whose_text_changed_is_made_anew_and_what_nobody_wants_goes(
    redshift: Redshift, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    redshift.is_new()
    answer(cloudformation, "Create")
    redshift.data.ran.clear()
    redshift.is_there()
    first, second, *_ = views()
    changed = View(first.name, first.query + " ")
    monkeypatch.setattr(warehouse_setup, "views", lambda: [changed, second])

    assert answer(cloudformation, "Update", request_id="another")["Status"] == "SUCCESS"
    assert redshift.data.views() == {first.name, second.name}
    assert redshift.data.ledger() == [(view.name, view.fingerprint) for view in (changed, second)]
    assert [sql for sql in redshift.data.ran if sql.startswith("CREATE MAT")] == [changed.creation]


@pytest.mark.parametrize("stopped_at", range(4 + 4 * len(VIEWS) + 4))
def test_setup_that_was_stopped_anywhere_is_completed_by_the_next_one(
    stopped_at: int, redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()
    redshift.data.fails = lambda _sql: "power cut" if len(redshift.data.ran) == stopped_at else None
    assert "power cut" in answer(cloudformation, "Create")["Reason"]
    redshift.data.fails = lambda _sql: None
    redshift.is_there()

    assert answer(cloudformation, "Create", request_id="again")["Status"] == "SUCCESS"
    assert redshift.data.views() == VIEWS
    assert redshift.data.ledger() == [(view.name, view.fingerprint) for view in views()]
    assert redshift.data.granted == {"analyst": MAY_BE_READ}


def test_analysts_may_read_the_views_and_nothing_else(redshift: Redshift, cloudformation: CloudFormation) -> None:
    redshift.is_new()
    answer(cloudformation, "Create")

    assert redshift.data.granted == {"analyst": MAY_BE_READ}


def test_analysts_may_still_read_a_view_that_was_made_anew(
    redshift: Redshift, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    redshift.is_new()
    answer(cloudformation, "Create")
    redshift.is_there()
    first, *others = views()
    monkeypatch.setattr(warehouse_setup, "views", lambda: [View(first.name, first.query + " "), *others])

    assert answer(cloudformation, "Update", request_id="another")["Status"] == "SUCCESS"
    assert redshift.data.granted == {"analyst": MAY_BE_READ}
    assert len([sql for sql in redshift.data.ran if sql.startswith("CREATE ROLE")]) == 1


def test_refused_statement_fails_the_deployment_with_redshifts_reason_and_is_not_tried_again(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()
    redshift.data.fails = lambda _sql: "permission denied for database"

    told = answer(cloudformation, "Create")
    assert (told["Status"], told["Reason"]) == ("FAILED", "schema lake: permission denied for database")
    assert len(redshift.data.requests) == 1


def test_statement_that_met_another_one_is_tried_again_as_a_statement_of_its_own(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()
    redshift.data.fails = lambda _sql: (
        "ERROR: 1023 Serializable isolation violation on table" if len(redshift.data.requests) in (2, 3) else None
    )

    assert answer(cloudformation, "Create")["Status"] == "SUCCESS"
    tried = [request for request in redshift.data.requests if "CREATE SCHEMA IF NOT" in request["Sql"]]
    assert len({request["ClientToken"] for request in tried}) == 3


def test_statement_that_keeps_meeting_others_fails_after_three_times(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()
    redshift.data.fails = lambda sql: (
        "Serializable isolation violation" if "LEDGER" in sql or "deployed" in sql else None
    )

    assert answer(cloudformation, "Create")["Reason"] == "ledger of views: Serializable isolation violation"
    assert len(redshift.data.requests) == 2 + 3


def test_request_that_is_delivered_twice_runs_the_same_statements(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()
    answer(cloudformation, "Create")
    before = {request["Sql"]: request["ClientToken"] for request in redshift.data.requests}
    redshift.is_there()
    answer(cloudformation, "Create")
    after = {request["Sql"]: request["ClientToken"] for request in redshift.data.requests}

    assert before == after
    assert all(len(token) <= 64 for token in after.values())


def test_statement_that_does_not_end_is_cancelled_and_told_before_the_function_ends(
    redshift: Redshift, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse_setup, "SECONDS_TO_ANSWER", 60)  # of the sixty that are left
    redshift.is_new()
    redshift.data.stuck = lambda _sql: True

    assert "schema lake: still STARTED" in answer(cloudformation, "Create")["Reason"]
    assert len(redshift.data.cancelled) == 1


def test_identifier_that_could_end_a_statement_never_becomes_one(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    told = answer(cloudformation, "Create", CatalogDatabase="retail'; DROP SCHEMA lake; --")

    assert told["Status"] == "FAILED"
    assert "CatalogDatabase" in told["Reason"]
    assert redshift.data.requests == []


def test_deletion_touches_nothing(redshift: Redshift, cloudformation: CloudFormation) -> None:
    assert answer(cloudformation, "Delete")["Status"] == "SUCCESS"
    assert redshift.data.requests == []


def test_after_the_nightly_job_every_view_is_refreshed_and_nothing_else_happens(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()
    answer(cloudformation, "Create")
    redshift.data.ran.clear()
    redshift.tells_its_secret()

    refresh()
    assert redshift.data.ran == [f"REFRESH MATERIALIZED VIEW dashboard.{view.name}" for view in views()]
    assert len(cloudformation.answers) == 1


def test_view_that_cannot_be_refreshed_keeps_no_other_and_calls_a_person(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()
    answer(cloudformation, "Create")
    redshift.data.ran.clear()
    redshift.tells_its_secret()
    broken = views()[0].name
    redshift.data.fails = lambda sql: "Spectrum Scan Error" if broken in sql else None

    with pytest.raises(WarehouseError, match=f"view {broken}: Spectrum Scan Error"):
        refresh()
    assert len(redshift.data.ran) == len(VIEWS) - 1


def test_refresh_that_failed_is_really_tried_again_when_lambda_delivers_it_again(
    redshift: Redshift, cloudformation: CloudFormation
) -> None:
    redshift.is_new()
    answer(cloudformation, "Create")
    context = Context()
    event = {"RequestType": "Refresh", "ResourceProperties": PROPERTIES}
    redshift.data.fails = lambda _sql: "Spectrum Scan Error"
    redshift.tells_its_secret()
    with pytest.raises(WarehouseError):
        warehouse_setup.handler(event, context)
    redshift.data.fails = lambda _sql: None
    redshift.data.ran.clear()
    redshift.tells_its_secret()

    warehouse_setup.handler(event, context)
    assert len(redshift.data.ran) == len(VIEWS)


def test_request_that_is_delivered_again_after_a_crash_ends_as_the_first_would_have(
    redshift: Redshift, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    redshift.is_new()
    run = redshift.data.execute_statement

    def crash_at_the_tenth(**request: Any) -> dict[str, Any]:
        if len(redshift.data.requests) == 10:
            raise KeyboardInterrupt  # what nobody catches, like Lambda's time-out
        return run(**request)

    monkeypatch.setattr(redshift.data, "execute_statement", crash_at_the_tenth)
    with pytest.raises(KeyboardInterrupt):
        answer(cloudformation, "Create")
    monkeypatch.setattr(redshift.data, "execute_statement", run)
    redshift.is_there()

    assert answer(cloudformation, "Create")["Status"] == "SUCCESS"
    assert redshift.data.views() == VIEWS
    assert redshift.data.ledger() == [(view.name, view.fingerprint) for view in views()]
