"""What is measured, as a process: `python -m bench.shop.serve storefront|bare PORT`, settings in the environment.

Both are served by `storefront.__main__.serve`: the same server with the same settings. `bare` is the framework the
storefront is built on, with one endpoint that answers the bytes of the file PAGE and nothing around it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.types import ASGIApp

from retail.bus import BusEntry
from storefront.__main__ import serve
from storefront.application import create_application
from tests.storefront.published import plain_resources, published

UNLIMITED = {"session_requests_per_minute": 10**9, "address_requests_per_minute": 10**9}  # the load is one address


class PatientBus:
    """Takes everything."""

    def put(self, _: list[BusEntry]) -> dict[UUID, str]:
        """Refuse nothing."""
        return {}


def storefront() -> ASGIApp:
    """The storefront over DATABASE and CACHE."""
    resources = plain_resources(published(os.environ["DATABASE"], os.environ["CACHE"]), limits=UNLIMITED)
    resources.bus = PatientBus()
    return create_application(resources)


def bare() -> ASGIApp:
    """FastAPI with one page."""
    page = Path(os.environ["PAGE"]).read_bytes()
    application = FastAPI()

    @application.get("/page", response_class=HTMLResponse)
    async def answer() -> HTMLResponse:
        return HTMLResponse(page)

    return application


if __name__ == "__main__":
    serve({"storefront": storefront, "bare": bare}[sys.argv[1]](), host="127.0.0.1", port=int(sys.argv[2]))
