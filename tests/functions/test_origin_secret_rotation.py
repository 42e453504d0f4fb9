"""Row P3: the secret between CloudFront and the load balancer changes, and no request is refused meanwhile."""

from __future__ import annotations

import time
from typing import Any

import pytest

from origin_secret_rotation.front_door import FrontDoorError
from origin_secret_rotation.handler import RotationError, handler
from retail import clients
from tests.functions.invocation import Context
from tests.functions.rotated_secret import STEPS, SecretsManager

ARN = "arn:aws:secretsmanager:us-east-2:000000000000:secret:origin"
RULE = "arn:aws:elasticloadbalancing:us-east-2:000000000000:listener-rule/app/shop/1/2/3"


class FrontDoor:
    """CloudFront and the load balancer in memory: each edge location sends what it has learnt last."""

    def __init__(self, value: str) -> None:
        self.secret = SecretsManager({"value": value})
        self.accepted = [value]
        self.configured = value
        self.sent_at_the_edge = {value}
        self.looks_until_deployed = 2
        self.updates = 0

    def modify_rule(self, *, RuleArn: str, Conditions: list[dict[str, Any]]) -> None:  # noqa: N803
        assert RuleArn == RULE
        ((condition,),) = [Conditions]
        assert condition["HttpHeaderConfig"]["HttpHeaderName"] == "X-Origin-Verify"
        self.accepted = condition["HttpHeaderConfig"]["Values"]
        self.look()

    def get_distribution_config(self, **_: str) -> dict[str, Any]:
        header = {"HeaderName": "X-Origin-Verify", "HeaderValue": self.configured}
        origins = [
            {"Id": "bucket", "CustomHeaders": {"Quantity": 0}},
            {"Id": "balancer", "CustomHeaders": {"Quantity": 1, "Items": [header]}},
        ]
        return {"ETag": "tag", "DistributionConfig": {"Origins": {"Quantity": 2, "Items": origins}}}

    def update_distribution(self, *, Id: str, IfMatch: str, DistributionConfig: dict[str, Any]) -> None:  # noqa: N803
        assert (Id, IfMatch) == ("E1", "tag")
        self.configured = DistributionConfig["Origins"]["Items"][1]["CustomHeaders"]["Items"][0]["HeaderValue"]
        self.sent_at_the_edge.add(self.configured)
        self.looks_until_deployed, self.updates = 2, self.updates + 1
        self.look()

    def get_distribution(self, **_: str) -> dict[str, Any]:
        self.looks_until_deployed -= 1
        if self.looks_until_deployed <= 0:
            self.sent_at_the_edge = {self.configured}
        self.look()
        return {"Distribution": {"Status": "InProgress" if self.looks_until_deployed > 0 else "Deployed"}}

    def look(self) -> None:
        """The promise: whatever any edge location sends is accepted, at every moment."""
        assert self.sent_at_the_edge <= set(self.accepted)

    def step(self, step: str, token: str) -> None:
        handler({"SecretId": ARN, "ClientRequestToken": token, "Step": step}, Context())
        self.look()

    def rotate(self) -> str:
        token = self.secret.begin()
        for step in STEPS:
            self.step(step, token)
        return token


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> FrontDoor:
    door = FrontDoor("first")
    for client in ("cloudfront", "elbv2"):
        monkeypatch.setattr(clients, client, lambda: door)
    monkeypatch.setattr(clients, "secrets_manager", lambda: door.secret)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    for name, value in {
        "RETAIL_ENVIRONMENT": "test",
        "ORIGIN_SECRET_ARN": ARN,
        "ORIGIN_HEADER": "X-Origin-Verify",
        "LISTENER_RULE_ARN": RULE,
        "DISTRIBUTION_ID": "E1",
    }.items():
        monkeypatch.setenv(name, value)
    return door


def test_p3_after_a_rotation_the_new_value_alone_is_sent_and_accepted(door: FrontDoor) -> None:
    door.rotate()
    new = door.secret.current()["value"]
    assert new != "first"
    assert (door.configured, door.accepted, door.sent_at_the_edge) == (new, [new], {new})


def test_p3_while_cloudfront_changes_over_old_and_new_are_accepted(door: FrontDoor) -> None:
    token = door.secret.begin()
    door.step("createSecret", token)
    door.step("setSecret", token)
    assert set(door.accepted) == {"first", door.configured}
    assert len(door.accepted) == 2
    assert door.secret.current() == {"value": "first"}


def test_p3_every_step_may_come_twice(door: FrontDoor) -> None:
    token = door.secret.begin()
    for step in STEPS:
        door.step(step, token)
        door.step(step, token)
    assert door.accepted == [door.secret.current()["value"]]
    assert door.updates == 1


def test_p3_the_old_value_is_dropped_after_a_crash_between_the_last_two_changes(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = door.secret.begin()
    for step in STEPS[:3]:
        door.step(step, token)
    with monkeypatch.context() as crash:
        crash.setattr(door, "modify_rule", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            door.step("finishSecret", token)
    assert "first" in door.accepted
    door.step("finishSecret", token)
    assert door.accepted == [door.secret.current()["value"]]


def test_p3_the_old_value_stays_accepted_until_every_edge_location_changed(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda *_: 20_000)
    token = door.secret.begin()
    door.step("createSecret", token)
    door.step("setSecret", token)
    door.looks_until_deployed = 5
    with pytest.raises(FrontDoorError, match="still InProgress: the old value stays accepted"):
        door.step("testSecret", token)
    assert "first" in door.accepted


def test_p3_what_an_interrupted_rotation_left_is_accepted_by_the_next(door: FrontDoor) -> None:
    interrupted = door.secret.begin()
    door.step("createSecret", interrupted)
    door.step("setSecret", interrupted)
    left = door.configured
    token = door.secret.begin()
    door.secret.stages[interrupted] = []
    door.step("createSecret", token)
    door.step("setSecret", token)
    assert set(door.accepted) == {"first", left, door.configured}


def test_p3_a_value_holds_nothing_that_a_listener_rule_takes_for_a_wildcard(door: FrontDoor) -> None:
    door.rotate()
    value = door.secret.current()["value"]
    assert len(value) == 48
    assert not set(value) & set("*?")


def test_p3_a_distribution_that_sends_no_header_is_refused(door: FrontDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    without = {"ETag": "tag", "DistributionConfig": {"Origins": {"Items": [{"CustomHeaders": {"Quantity": 0}}]}}}
    monkeypatch.setattr(door, "get_distribution_config", lambda **_: without)
    token = door.secret.begin()
    door.step("createSecret", token)
    with pytest.raises(FrontDoorError, match="no origin of distribution E1 is sent X-Origin-Verify"):
        door.step("setSecret", token)


def test_p3_a_step_or_secret_that_is_not_ours_is_refused(door: FrontDoor) -> None:
    with pytest.raises(RotationError, match="step 'dance' is unknown"):
        door.step("dance", door.secret.begin())
    with pytest.raises(RotationError, match="is not the secret that this function rotates"):
        handler({"SecretId": "another", "ClientRequestToken": "token", "Step": "setSecret"}, Context())
