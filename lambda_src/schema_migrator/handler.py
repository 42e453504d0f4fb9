"""CloudFormation custom resource `Custom::DatabaseSchema`: migrations, then the sample catalog where it is wanted."""

from typing import Any, ClassVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from retail.custom_resource import Answer, send
from retail.observability import describe, logger
from retail.sample_catalog import insert_sample_catalog
from retail.schema import migrate
from retail.settings import DatabaseSettings

PHYSICAL_ID = "database-schema"
SECONDS_TO_ANSWER = 20


class Settings(DatabaseSettings):
    """The environment variables of this function."""

    sample_catalog: bool = False
    _role: ClassVar[str | None] = None  # it makes the tables


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Answer CloudFormation in every case; a failure is the answer FAILED with its reason, never a silent hour."""
    logger.info("schema requested", request_type=event["RequestType"])
    try:
        data = {} if event["RequestType"] == "Delete" else _bring_up_to_date(context)
        answer = Answer("SUCCESS", data=data)
    except Exception as error:
        logger.error("schema not brought up to date", error=describe(error))
        answer = Answer("FAILED", reason=describe(error)["reason"])
    send(event, PHYSICAL_ID, answer)


def _bring_up_to_date(context: LambdaContext) -> dict[str, str]:
    settings = Settings.read()
    conninfo = settings.conninfo()
    patience = context.get_remaining_time_in_millis() // 1000 - SECONDS_TO_ANSWER
    applied = migrate(conninfo, patience_seconds=max(patience, 1))
    inserted = insert_sample_catalog(conninfo) if settings.sample_catalog else 0
    logger.info("schema up to date", applied=applied, products_inserted=inserted)
    return {"Applied": ", ".join(applied), "ProductsInserted": str(inserted)}
