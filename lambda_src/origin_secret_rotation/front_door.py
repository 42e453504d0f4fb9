"""The two sides that share the secret: the distribution, which sends it, and the listener rule, which demands it."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_cloudfront.type_defs import DistributionConfigOutputTypeDef, OriginCustomHeaderTypeDef
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import HttpHeaderConditionConfigTypeDef, RuleConditionTypeDef

SECONDS_BETWEEN_LOOKS = 15


class FrontDoorError(Exception):
    """The front door is not as it should be; the message says what was looked for."""


class ListenerRule:
    """The load balancer's rule that forwards a request with an accepted value in the header, its only condition."""

    def __init__(self, client: "ElasticLoadBalancingv2Client", arn: str, header: str) -> None:
        self._client = client
        self._arn = arn
        self._header = header

    def accept(self, *values: str) -> None:
        """Forward requests with one of these values, of which a rule takes five, and no other."""
        header: HttpHeaderConditionConfigTypeDef = {
            "HttpHeaderName": self._header,
            "Values": list(dict.fromkeys(values)),
        }
        condition: RuleConditionTypeDef = {"Field": "http-header", "HttpHeaderConfig": header}
        self._client.modify_rule(RuleArn=self._arn, Conditions=[condition])


class SendingDistribution:
    """The distribution, whose requests to the load balancer carry the header."""

    def __init__(self, client: "CloudFrontClient", id: str, header: str) -> None:
        self._client = client
        self._id = id
        self._header = header

    def sent(self) -> list[str]:
        """The values that it was told to send, one for each origin with the header."""
        config = self._client.get_distribution_config(Id=self._id)["DistributionConfig"]
        return [header["HeaderValue"] for header in self._headers(config)]

    def send(self, value: str) -> None:
        """Send this value from now on; returns before every edge location does. Raises FrontDoorError if none sends."""
        answer = self._client.get_distribution_config(Id=self._id)
        config = answer["DistributionConfig"]
        headers = self._headers(config)
        if not headers:
            raise FrontDoorError(f"no origin of distribution {self._id} is sent {self._header}")
        if all(header["HeaderValue"] == value for header in headers):
            return  # an update to the same would be rolled out as well, for minutes
        for header in headers:
            header["HeaderValue"] = value
        self._client.update_distribution(Id=self._id, IfMatch=answer["ETag"], DistributionConfig=config)

    def _headers(self, config: "DistributionConfigOutputTypeDef") -> "list[OriginCustomHeaderTypeDef]":
        """The headers of that name, as they stand in `config`, so that changing one changes it there."""
        all_headers = [origin["CustomHeaders"] for origin in config["Origins"]["Items"] if "CustomHeaders" in origin]
        return [
            header
            for headers in all_headers
            for header in headers.get("Items", [])
            if header["HeaderName"].lower() == self._header.lower()
        ]

    def wait_until_everywhere(self, seconds_left: Callable[[], float]) -> None:
        """Return when every edge location has the last change; raises FrontDoorError when the time is up before."""
        while (status := self._client.get_distribution(Id=self._id)["Distribution"]["Status"]) != "Deployed":
            if seconds_left() < 2 * SECONDS_BETWEEN_LOOKS:
                raise FrontDoorError(f"distribution {self._id} is still {status}: the old value stays accepted")
            time.sleep(SECONDS_BETWEEN_LOOKS)
