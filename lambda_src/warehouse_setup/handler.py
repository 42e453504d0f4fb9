"""CloudFormation custom resource `Custom::WarehouseSetup`: usage limit, external schema, the dashboard's views and
who reads them.

After the nightly job a rule calls it with the same properties and the request type `Refresh`.
"""

from typing import Any
from uuid import uuid4

from aws_lambda_powertools.utilities.typing import LambdaContext

from retail.custom_resource import Answer, send
from retail.observability import describe, logger
from warehouse_setup.analysts import admit
from warehouse_setup.views import deploy, refresh, views
from warehouse_setup.warehouse import Warehouse

PHYSICAL_ID = "warehouse-setup"
SECONDS_TO_ANSWER = 20


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Answer CloudFormation in every case; a failure is the answer FAILED with its reason, never a silent hour.

    A refresh answers nobody: it raises what went wrong, so that Lambda tries again and then calls a person.
    """
    logger.info("warehouse set-up requested", request_type=event["RequestType"])
    if event["RequestType"] == "Refresh":
        _refresh(event, context)
        return
    try:
        if event["RequestType"] != "Delete":  # what was set up goes with the warehouse
            _set_up(event, context)
        answer = Answer("SUCCESS")
    except Exception as error:
        logger.error("warehouse not set up", error=describe(error))
        answer = Answer("FAILED", reason=describe(error)["reason"])
    send(event, PHYSICAL_ID, answer)


def _set_up(event: dict[str, Any], context: LambdaContext) -> None:
    warehouse = Warehouse.model_validate(event["ResourceProperties"])
    warehouse.limit_usage()
    statements = warehouse.statements(token=event["RequestId"], patience_seconds=_patience(context))
    warehouse.create_external_schema(statements)
    wanted = views()
    deploy(statements, wanted)
    admit(statements, wanted)
    logger.info("warehouse set up", workgroup=warehouse.workgroup, schema=warehouse.external_schema)


def _refresh(event: dict[str, Any], context: LambdaContext) -> None:
    warehouse = Warehouse.model_validate(event["ResourceProperties"])
    # A token of its own each time: with that of the request, Lambda's next try would get the failure of this one.
    statements = warehouse.statements(token=str(uuid4()), patience_seconds=_patience(context))
    refresh(statements, views())
    logger.info("views refreshed", workgroup=warehouse.workgroup)


def _patience(context: LambdaContext) -> float:
    return context.get_remaining_time_in_millis() / 1000 - SECONDS_TO_ANSWER
