"""CloudFormation custom resource `Custom::WarehouseSetup`: usage limit first, then the external schema."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from retail.custom_resource import Answer, send
from retail.observability import describe, logger
from warehouse_setup.warehouse import Warehouse

PHYSICAL_ID = "warehouse-setup"
SECONDS_TO_ANSWER = 20


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Answer CloudFormation in every case; a failure is the answer FAILED with its reason, never a silent hour."""
    logger.info("warehouse set-up requested", request_type=event["RequestType"])
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
    patience = context.get_remaining_time_in_millis() / 1000 - SECONDS_TO_ANSWER
    warehouse.create_external_schema(token=event["RequestId"], patience_seconds=patience)
    logger.info("warehouse set up", workgroup=warehouse.workgroup, schema=warehouse.external_schema)
