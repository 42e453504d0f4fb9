"""What a warehouse needs that CloudFormation cannot give it: an external schema, views, a role, a limit of its cost."""

from __future__ import annotations

import dataclasses

from aws_cdk import CustomResource, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from retail_constructs.compliance import acknowledge
from retail_constructs.fingerprint import fingerprint
from retail_constructs.function import Function, FunctionProps
from retail_constructs.lake_catalog import LakeCatalog
from retail_constructs.layer_build import ROOT
from retail_constructs.warehouse import DATABASE, EXTERNAL_SCHEMA, Warehouse

TIMEOUT_MINUTES = 14  # a view is computed when it is made, and the warehouse may have to wake up


class WarehouseSetup(Construct):
    """At deployment: the schema `lake` over the catalog database, the dashboard's views over it and the role `analyst`
    that may read them, and a limit of RPU hours.

    When the month's hours are used up, Redshift turns queries off until the next month. It runs again when its code or
    SQL changes, and changes nothing but views whose text changed; removing it leaves all as it is, for it goes with the
    warehouse. Redshift refreshes no view over external tables by itself: a successful run of `job` does.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        warehouse: Warehouse,
        catalog: LakeCatalog,
        job: str,
        rpu_hours: int,
        key: kms.IKey,
        function: FunctionProps,
    ) -> None:
        super().__init__(scope, id)
        setup = Function(self, "Function", dataclasses.replace(function, timeout_seconds=60 * TIMEOUT_MINUTES))
        self._allow(setup.role, warehouse)
        key.grant_decrypt(setup.role)
        properties = {
            "Workgroup": warehouse.workgroup.ref,
            "WorkgroupArn": warehouse.workgroup_arn,
            "Database": DATABASE,
            "Namespace": warehouse.namespace.ref,
            "ExternalSchema": EXTERNAL_SCHEMA,
            "CatalogDatabase": catalog.database_name,
            "RpuHours": str(rpu_hours),
        }
        code = [file for kind in ("py", "sql") for file in (ROOT / "lambda_src" / "warehouse_setup").rglob(f"*.{kind}")]
        resource = CustomResource(
            self,
            "Default",
            resource_type="Custom::WarehouseSetup",
            service_token=setup.function.function_arn,
            service_timeout=Duration.minutes(TIMEOUT_MINUTES + 1),
            properties={**properties, "Code": fingerprint(code)},
        )
        resource.node.add_dependency(setup, warehouse, catalog)  # a view can only be made of what is there
        refresh = events.Rule(
            self,
            "AfterTheJob",
            description="The dashboard's views hold what the nightly job has written",
            event_pattern=events.EventPattern(
                source=["aws.glue"],
                detail_type=["Glue Job State Change"],
                detail={"jobName": [job], "state": ["SUCCEEDED"]},
            ),
            targets=[
                targets.LambdaFunction(
                    setup.function,
                    event=events.RuleTargetInput.from_object(
                        {"RequestType": "Refresh", "ResourceProperties": properties}
                    ),
                )
            ],
        )
        acknowledge(
            refresh,
            "Serverless-EventBusDLQ",
            because="Lambda takes every invocation and then tries it three times; one that keeps failing goes to the "
            "alarm topic. What is missed is a day's freshness, which the next night's run brings.",
        )

    def _allow(self, role: iam.Role, warehouse: Warehouse) -> None:
        for sid, actions, resources in (
            ("RunStatements", ["redshift-data:ExecuteStatement"], [warehouse.workgroup_arn]),
            ("FindSecret", ["redshift-serverless:GetNamespace"], [warehouse.namespace_arn]),
            ("AsAdministrator", ["secretsmanager:GetSecretValue"], [warehouse.admin_secret_arns]),
        ):
            role.add_to_policy(iam.PolicyStatement(sid=sid, actions=actions, resources=resources))
        role.add_to_policy(
            iam.PolicyStatement(
                sid="OwnStatements",
                actions=[
                    f"redshift-data:{action}"
                    for action in ("CancelStatement", "DescribeStatement", "GetStatementResult")
                ],
                resources=["*"],
                conditions={"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}},
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                sid="UsageLimits",
                actions=[
                    f"redshift-serverless:{action}UsageLimit{plural}"
                    for action, plural in (("List", "s"), ("Create", ""), ("Update", ""))
                ],
                resources=["*"],
                conditions={"StringEquals": {"aws:RequestedRegion": Stack.of(self).region}},
            )
        )
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            because="Statements and usage limits have no resource level: statements are limited to the function's own, "
            "limits to this region; only Lambda may assume the role, and only a deployment calls the function.",
        )
