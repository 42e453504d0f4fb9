"""A web ACL before the shop: five rules, all blocking, logged."""

from __future__ import annotations

from typing import Literal

from aws_cdk import Fn, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from retail_constructs.function import retention

REQUESTS_PER_FIVE_MINUTES = 2000  # row P2

# In the order of row P2. Capacity 25 + 700 + 200 + 200, 2 for the rate limit and 25 for oversized bodies:
# 1,152 of the 1,500 units that the basic price includes.
_MANAGED_GROUPS = {
    "IpReputation": "AWSManagedRulesAmazonIpReputationList",
    "Common": "AWSManagedRulesCommonRuleSet",
    "KnownBadInputs": "AWSManagedRulesKnownBadInputsRuleSet",
    "SqlInjection": "AWSManagedRulesSQLiRuleSet",
}

# Kept for what people of the shop send: pictures and price lists. Everything else that it takes is far below 8 KB.
UPLOAD_ROUTES = ("/admin/", "/api/admin/")
_OVERSIZED = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"

# What a group does of itself, changed: a list that counts unless told to block, and the size limit, which would
# cut off uploads. That one only marks the request here, and the rule after the group blocks it on all other routes.
_CHANGED = {
    "IpReputation": ("AWSManagedIPDDoSList", wafv2.CfnWebACL.RuleActionProperty(block={})),
    "Common": ("SizeRestrictions_BODY", wafv2.CfnWebACL.RuleActionProperty(count={})),
}


class WebAcl(Construct):
    """A web ACL: reputation, common, bad inputs, SQL injection and rate limit by address, each blocking.

    Of `reach` CLOUDFRONT it must stand in us-east-1, of REGIONAL where the load balancer is. A body over 8 KB is
    blocked but on upload routes, where the groups still look at its beginning (64 KB of it at CloudFront). Requests
    are logged for `log_days`, without cookies and credentials.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        reach: Literal["CLOUDFRONT", "REGIONAL"],
        log_group_name: str,
        log_days: int,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, id)
        self.web_acl = wafv2.CfnWebACL(
            self,
            "Default",
            scope=reach,
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility("WebAcl"),
            association_config=_look_at_64_kilobytes() if reach == "CLOUDFRONT" else None,
            rules=_rules(),
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


def _rules() -> list[wafv2.CfnWebACL.RuleProperty]:
    rules: list[wafv2.CfnWebACL.RuleProperty] = []
    for name, group in _MANAGED_GROUPS.items():
        rules.append(_managed(name, group, priority=len(rules)))
        if name == "Common":
            rules.append(_oversized_bodies(priority=len(rules)))
    return [*rules, _rate_limit(priority=len(rules))]


def _managed(name: str, group: str, *, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    overrides = None
    if name in _CHANGED:
        rule, action = _CHANGED[name]
        overrides = [wafv2.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=action)]
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


def _oversized_bodies(*, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    """Blocks what the common group marked as oversized, unless it goes to an upload route."""
    statement = wafv2.CfnWebACL.StatementProperty
    marked = statement(label_match_statement=wafv2.CfnWebACL.LabelMatchStatementProperty(scope="LABEL", key=_OVERSIZED))
    uploads = [
        statement(
            byte_match_statement=wafv2.CfnWebACL.ByteMatchStatementProperty(
                field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}),
                positional_constraint="STARTS_WITH",
                search_string=route,
                # So that `/admin/../checkout` is no upload route.
                text_transformations=[wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NORMALIZE_PATH")],
            )
        )
        for route in UPLOAD_ROUTES
    ]
    to_upload_route = statement(or_statement=wafv2.CfnWebACL.OrStatementProperty(statements=uploads))
    elsewhere = statement(not_statement=wafv2.CfnWebACL.NotStatementProperty(statement=to_upload_route))
    return wafv2.CfnWebACL.RuleProperty(
        name="OversizedBodies",
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        statement=statement(and_statement=wafv2.CfnWebACL.AndStatementProperty(statements=[marked, elsewhere])),
        visibility_config=_visibility("OversizedBodies"),
    )


def _look_at_64_kilobytes() -> wafv2.CfnWebACL.AssociationConfigProperty:
    """The most that WAF looks at; more than 16 KB costs only where a body is that long."""
    limit = wafv2.CfnWebACL.RequestBodyAssociatedResourceTypeConfigProperty(default_size_inspection_limit="KB_64")
    return wafv2.CfnWebACL.AssociationConfigProperty(request_body={"CLOUDFRONT": limit})


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
