"""What a warehouse needs that CloudFormation cannot give it: an external schema, and a limit to what it may cost."""

from __future__ import annotations

import dataclasses

from aws_cdk import CustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from retail_constructs.compliance import acknowledge
from retail_constructs.function import Function, FunctionProps
from retail_constructs.warehouse import DATABASE, EXTERNAL_SCHEMA, Warehouse

TIMEOUT = Duration.minutes(5)


class WarehouseSetup(Construct):
    """At deployment: the schema `lake` over the catalog database, and at most `rpu_hours` of computing a month.

    When the month's hours are used up, Redshift turns queries off until the next month. Running it again changes
    nothing; removing it leaves both as they are, for they go with the warehouse.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        warehouse: Warehouse,
        catalog_database: str,
        rpu_hours: int,
        key: kms.IKey,
        function: FunctionProps,
    ) -> None:
        super().__init__(scope, id)
        setup = Function(self, "Function", dataclasses.replace(function, timeout=TIMEOUT))
        self._allow(setup.role, warehouse)
        key.grant_decrypt(setup.role)
        resource = CustomResource(
            self,
            "Default",
            resource_type="Custom::WarehouseSetup",
            service_token=setup.function.function_arn,
            service_timeout=TIMEOUT.plus(Duration.minutes(1)),
            properties={
                "Workgroup": warehouse.workgroup.ref,
                "WorkgroupArn": warehouse.workgroup_arn,
                "Database": DATABASE,
                "Namespace": warehouse.namespace.ref,
                "ExternalSchema": EXTERNAL_SCHEMA,
                "CatalogDatabase": catalog_database,
                "RpuHours": str(rpu_hours),
            },
        )
        resource.node.add_dependency(setup)

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
                actions=["redshift-data:DescribeStatement"],
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
