"""Alive, and ready: two different questions."""

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from retail.observability import describe, logger
from retail.schema import missing_migrations
from storefront.resources import Resources

router = APIRouter(include_in_schema=False)


@router.get("/health")
async def health() -> dict[str, str]:
    """The process serves requests; nothing outside of it matters here, nor whether every thread waits for something."""
    return {"status": "alive"}


@router.get("/ready")
def ready(request: Request) -> Response:
    """Everything a customer needs is there, and the database as new as this code, else 503 with what is missing.

    It is for people and pipelines: neither load balancer nor ECS asks it, for tasks that are replaced bring no database
    back. The cache is not among it: without one the shop is slower, but it is open.
    """
    resources: Resources = request.app.state.resources
    missing = resources.discovery.missing() or _missing_in_database(resources)
    body = {"status": "not ready" if missing else "ready", "missing": missing}
    return JSONResponse(body, 503 if missing else 200)


def _missing_in_database(resources: Resources) -> list[str]:
    try:
        with resources.writer.transaction() as connection:
            return [f"migration {name}" for name in missing_migrations(connection)]
    except psycopg.errors.UndefinedTable:
        return ["database schema"]
    except psycopg.Error as error:
        logger.warning("the database does not answer", error=describe(error))
        return ["database"]
