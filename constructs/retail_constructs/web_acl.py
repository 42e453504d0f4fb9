"""The web ACL before the shop: five rules, all blocking, logged."""

from __future__ import annotations

from aws_cdk import Fn, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from retail_constructs.function import retention

REQUESTS_PER_FIVE_MINUTES = 2000  # row P2

# In the order of cost: the cheapest judgement first. Capacity 25 + 700 + 200 + 200, and 2 for the rate limit:
# 1,127 of the 1,500 units that the basic price includes.
_MANAGED_GROUPS = {
    "IpReputation": "AWSManagedRulesAmazonIpReputationList",
    "Common": "AWSManagedRulesCommonRuleSet",
    "KnownBadInputs": "AWSManagedRulesKnownBadInputsRuleSet",
    "SqlInjection": "AWSManagedRulesSQLiRuleSet",
}


class WebAcl(Construct):
    """A web ACL of scope CLOUDFRONT: reputation, common, bad inputs, SQL injection and rate limit, each blocking.

    Must stand in us-east-1. Blocked and counted requests are logged for `log_days`, without cookies and credentials.
    """

    def __init__(self, scope: Construct, id: str, *, log_group_name: str, log_days: int, key: kms.IKey) -> None:
        super().__init__(scope, id)
        self.web_acl = wafv2.CfnWebACL(
            self,
            "Default",
            scope="CLOUDFRONT",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility("WebAcl"),
            rules=[
                *(_managed(name, group, priority) for priority, (name, group) in enumerate(_MANAGED_GROUPS.items())),
                _rate_limit(priority=len(_MANAGED_GROUPS)),
            ],
        )
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=log_group_name,  # WAF writes only to groups whose name starts like this
            encryption_key=key,
            retention=retention(log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.web_acl.attr_arn,
            log_destination_configs=[Fn.select(0, Fn.split(":*", log_group.log_group_arn))],
            redacted_fields=[
                wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": header})
                for header in ("authorization", "cookie")
            ],
        )

    @property
    def arn(self) -> str:
        """What a distribution takes as its web ACL."""
        return self.web_acl.attr_arn


def _managed(name: str, group: str, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    overrides = None
    if name == "IpReputation":  # this one counts unless told to block
        overrides = [
            wafv2.CfnWebACL.RuleActionOverrideProperty(
                name="AWSManagedIPDDoSList", action_to_use=wafv2.CfnWebACL.RuleActionProperty(block={})
            )
        ]
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=group, rule_action_overrides=overrides
            )
        ),
        visibility_config=_visibility(name),
    )


def _rate_limit(*, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="RateLimit",
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                limit=REQUESTS_PER_FIVE_MINUTES, evaluation_window_sec=300, aggregate_key_type="IP"
            )
        ),
        visibility_config=_visibility("RateLimit"),
    )


def _visibility(metric: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=True
    )
