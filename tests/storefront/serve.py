"""The storefront in a process of its own, for tests that need one: DATABASE, CACHE and PORT in the environment."""

import os
from uuid import UUID

import uvicorn

from retail.bus import BusEntry
from storefront.application import create_application
from tests.storefront.published import plain_resources, published


class PatientBus:
    """Takes everything."""

    def put(self, _: list[BusEntry]) -> dict[UUID, str]:
        return {}


resources = plain_resources(published(os.environ["DATABASE"], os.environ["CACHE"]))
resources.bus = PatientBus()
uvicorn.run(create_application(resources), port=int(os.environ["PORT"]), access_log=False, log_level="warning")
