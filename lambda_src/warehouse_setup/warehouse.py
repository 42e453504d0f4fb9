"""A Redshift Serverless workgroup through its API and the Data API; everything here may be repeated."""

import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from retail import clients
from warehouse_setup.statements import Statements

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,126}$")]


class Warehouse(BaseModel):
    """What the template says of the warehouse. Identifiers become part of statements, so they are checked."""

    model_config = ConfigDict(alias_generator=to_pascal, extra="ignore", frozen=True)

    workgroup: str
    workgroup_arn: str
    namespace: str
    database: Identifier
    external_schema: Identifier
    catalog_database: Identifier
    rpu_hours: int = Field(gt=0)

    def limit_usage(self) -> None:
        """At most `rpu_hours` of computing a month; beyond that Redshift turns queries off."""
        serverless = clients.redshift_serverless()
        limits = serverless.list_usage_limits(resourceArn=self.workgroup_arn, usageType="serverless-compute")
        # One of another period or action is a person's, and stays.
        ours = [
            limit
            for limit in limits.get("usageLimits", [])
            if (limit["period"], limit["breachAction"]) == ("monthly", "deactivate")
        ]
        if ours:
            serverless.update_usage_limit(usageLimitId=ours[0]["usageLimitId"], amount=self.rpu_hours)
        else:
            serverless.create_usage_limit(
                resourceArn=self.workgroup_arn,
                usageType="serverless-compute",
                period="monthly",
                amount=self.rpu_hours,
                breachAction="deactivate",
            )

    def statements(self, *, token: str, patience_seconds: float) -> Statements:
        """Runs statements for so many seconds; `token` makes a repeated request the same statements."""
        namespace = clients.redshift_serverless().get_namespace(namespaceName=self.namespace)["namespace"]
        return Statements(
            data=clients.redshift_data(),
            workgroup=self.workgroup,
            database=self.database,
            secret_arn=namespace["adminPasswordSecretArn"],
            token=token,
            deadline=time.monotonic() + patience_seconds,
        )

    def create_external_schema(self, statements: Statements) -> None:
        """The schema over the catalog database; raises WarehouseError with Redshift's reason."""
        statements.run(
            f"schema {self.external_schema}",
            f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {self.external_schema} "
            f"FROM DATA CATALOG DATABASE '{self.catalog_database}' IAM_ROLE default",
        )
