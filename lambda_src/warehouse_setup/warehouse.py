"""A Redshift Serverless workgroup through its API and the Data API; everything here may be repeated."""

import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from retail import clients
from retail.errors import RetailError

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,126}$")]
POLL_SECONDS = 1.0


class WarehouseError(RetailError):
    """Redshift refused a statement, or did not finish it in time."""


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

    def create_external_schema(self, *, token: str, patience_seconds: float) -> None:
        """The schema over the catalog database; raises WarehouseError with Redshift's reason when there is none then.

        `token` makes a repeated request the same statement.
        """
        namespace = clients.redshift_serverless().get_namespace(namespaceName=self.namespace)["namespace"]
        data = clients.redshift_data()
        statement = data.execute_statement(
            WorkgroupName=self.workgroup,
            Database=self.database,
            SecretArn=namespace["adminPasswordSecretArn"],
            ClientToken=token,
            Sql=f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {self.external_schema} "
            f"FROM DATA CATALOG DATABASE '{self.catalog_database}' IAM_ROLE default",
        )["Id"]
        deadline = time.monotonic() + patience_seconds
        while (state := data.describe_statement(Id=statement))["Status"] != "FINISHED":
            if state["Status"] in ("FAILED", "ABORTED"):
                raise WarehouseError(f"schema {self.external_schema}: {state.get('Error', state['Status'])}")
            if time.monotonic() > deadline:
                raise WarehouseError(
                    f"schema {self.external_schema}: still {state['Status']} after {patience_seconds:.0f} s: "
                    "deploy again"
                )
            time.sleep(POLL_SECONDS)
