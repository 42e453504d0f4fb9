"""Discovery over SSM."""

import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_ssm import SSMClient

from storefront import discovery
from storefront.discovery import NAMES, DiscoveryIncompleteError, ParameterDiscovery

PREFIX = "/retail/dev"
ASKED = {"Names": [f"{PREFIX}/{name}" for name in NAMES]}


@pytest.fixture
def client() -> SSMClient:
    return boto3.client("ssm", region_name="us-east-2", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "SECONDS_BETWEEN_TRIES", 0.0)


def _answer(*names: str) -> dict[str, object]:
    return {"Parameters": [{"Name": f"{PREFIX}/{name}", "Value": f"value of {name}"} for name in names]}


def test_all_parameters_are_read_in_one_call_and_never_again(client: SSMClient) -> None:
    with Stubber(client) as ssm:
        ssm.add_response("get_parameters", _answer(*NAMES), ASKED)
        found = ParameterDiscovery(client, PREFIX)
        assert [found.value(name) for name in NAMES] == [f"value of {name}" for name in NAMES]
        assert found.missing() == []
        ssm.assert_no_pending_responses()


@pytest.mark.usefixtures("impatient")
def test_what_is_published_later_is_found_later(client: SSMClient) -> None:
    with Stubber(client) as ssm:
        ssm.add_response("get_parameters", _answer("events/bus"), ASKED)
        ssm.add_client_error("get_parameters", "ThrottlingException")
        ssm.add_response("get_parameters", _answer(*NAMES), ASKED)
        found = ParameterDiscovery(client, PREFIX)
        with pytest.raises(DiscoveryIncompleteError, match="/retail/dev/cache/endpoint is not published yet"):
            found.value("cache/endpoint")
        assert found.value("events/bus") == "value of events/bus"
        assert len(found.missing()) == len(NAMES) - 1
        assert found.missing() == []


def test_a_missing_parameter_is_not_asked_for_at_every_request(
    client: SSMClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "SECONDS_BETWEEN_TRIES", 60.0)  # however slow this machine is
    with Stubber(client) as ssm:
        ssm.add_response("get_parameters", _answer(), ASKED)
        found = ParameterDiscovery(client, PREFIX)
        assert len(found.missing()) == len(found.missing()) == len(NAMES)
