"""Alive, and ready: two different questions."""

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from retail.observability import describe, logger
from storefront.resources import Resources

router = APIRouter(include_in_schema=False)


@router.get("/health")
async def health() -> dict[str, str]:
    """The process serves requests; nothing outside of it matters here, nor whether every thread waits for something."""
    return {"status": "alive"}


@router.get("/ready")
def ready(request: Request) -> Response:
    """Everything a customer needs is there, else 503 with the names of what is missing.

    The cache is not among it: without one the shop is slower, but it is open.
    """
    resources: Resources = request.app.state.resources
    missing = resources.discovery.missing() or _missing_in_database(resources)
    body = {"status": "not ready" if missing else "ready", "missing": missing}
    return JSONResponse(body, 503 if missing else 200)


def _missing_in_database(resources: Resources) -> list[str]:
    try:
        with resources.writer.transaction() as connection:
            connection.execute("SELECT FROM products LIMIT 1")
    except psycopg.errors.UndefinedTable:
        return ["database schema"]
    except psycopg.Error as error:
        logger.warning("the database does not answer", error=describe(error))
        return ["database"]
    return []
