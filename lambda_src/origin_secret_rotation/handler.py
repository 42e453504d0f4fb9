"""The four steps in which Secrets Manager changes what CloudFront proves itself with, without refusing one request.

The load balancer first accepts old and new, then CloudFront changes over, and once every edge location has, the old
value is dropped. Every step may come twice, and again after any crash.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from origin_secret_rotation.front_door import ListenerRule, SendingDistribution
from retail import clients
from retail.observability import logger
from retail.secret_versions import CURRENT, PENDING, SecretVersions
from retail.settings import FunctionSettings

SECRET_BYTES = 36  # 48 characters, none of which a listener rule takes for a wildcard


class Settings(FunctionSettings):
    """The environment variables of this function."""

    origin_secret_arn: str
    origin_header: str
    listener_rule_arn: str
    distribution_id: str


class RotationError(Exception):
    """Why the secret stays as it is; Secrets Manager tries again."""


class Rotation:
    """One rotation: the secret's versions, and the two sides that have to agree with them."""

    def __init__(
        self,
        versions: SecretVersions,
        rule: ListenerRule,
        distribution: SendingDistribution,
        seconds_left: Callable[[], float],
    ) -> None:
        self._versions = versions
        self._rule = rule
        self._distribution = distribution
        self._seconds_left = seconds_left

    def create_secret(self) -> None:
        """A pending version. One that is there already stays."""
        if self._versions.read(PENDING) is None:
            self._versions.put_pending(json.dumps({"value": secrets.token_urlsafe(SECRET_BYTES)}))

    def set_secret(self) -> None:
        """The load balancer accepts old and new; only then CloudFront begins to send the new one.

        Old is what a deployment renders, and whatever an interrupted rotation left CloudFront sending.
        """
        new = self._value(PENDING)
        self._rule.accept(new, self._value(CURRENT), *self._distribution.sent())
        self._distribution.send(new)

    def test_secret(self) -> None:
        """Every edge location sends the new value."""
        self._distribution.wait_until_everywhere(self._seconds_left)

    def finish_secret(self) -> None:
        """The new value becomes the secret's, so that a deployment renders it; then the old one is refused.

        In this order: a crash between the two leaves both accepted, and the next call refuses the old one.
        """
        done = self._versions.is_done()
        new = self._value(CURRENT if done else PENDING)
        if not done:
            self._versions.make_current()
        self._rule.accept(new)

    def _value(self, stage: str) -> str:
        version = self._versions.read(stage)
        if version is None:
            raise RotationError(f"the secret has no version at stage {stage}: createSecret comes first")
        value: str = version["value"]
        return value


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Do the one step that Secrets Manager asks for; an exception makes it try the rotation again."""
    settings = Settings.read()
    if event["SecretId"] != settings.origin_secret_arn:
        raise RotationError(f"{event['SecretId']} is not the secret that this function rotates")
    versions = SecretVersions(clients.secrets_manager(), event["SecretId"], event["ClientRequestToken"])
    rotation = Rotation(
        versions,
        ListenerRule(clients.elbv2(), settings.listener_rule_arn, settings.origin_header),
        SendingDistribution(clients.cloudfront(), settings.distribution_id, settings.origin_header),
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    steps: dict[str, Callable[[], None]] = {
        "createSecret": rotation.create_secret,
        "setSecret": rotation.set_secret,
        "testSecret": rotation.test_secret,
        "finishSecret": rotation.finish_secret,
    }
    step = event["Step"]
    if step not in steps:
        raise RotationError(f"step {step!r} is unknown: Secrets Manager calls {', '.join(steps)}")
    if versions.is_done() and step != "finishSecret":
        logger.info("rotated already", step=step)
        return
    steps[step]()
    logger.info("rotation step done", step=step)
