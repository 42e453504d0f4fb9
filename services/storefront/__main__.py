"""`python -m storefront`: serve until told to stop, then finish what is in flight."""

import gc
import os
import sys

import uvicorn
from starlette.types import ASGIApp

os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "storefront")  # read when retail.observability is imported

from retail import clients
from storefront.application import create_application
from storefront.discovery import ParameterDiscovery
from storefront.ending import SECONDS_TO_FINISH
from storefront.http_protocol import BoundedHeads
from storefront.resources import Resources
from storefront.settings import Settings

SECONDS_OF_A_TURN = 0.0005  # of a thread that makes a page, while all other requests wait: Python's own are 5 ms


def serve(application: ASGIApp, *, host: str, port: int) -> None:
    """Listen until told to stop."""
    sys.setswitchinterval(SECONDS_OF_A_TURN)
    gc.freeze()  # what is there by now stays: collections need not look at it while customers wait
    uvicorn.run(
        application,
        host=host,
        port=port,
        access_log=False,
        log_config=None,  # uvicorn's lines are written as ours are
        log_level="warning",
        server_header=False,
        loop="uvloop",
        http=BoundedHeads,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )


def main() -> None:
    """Listen on HOST:PORT."""
    settings = Settings()
    discovery = ParameterDiscovery(clients.ssm(), settings.parameter_prefix)
    serve(create_application(Resources(settings, discovery)), host=settings.host, port=settings.port)


if __name__ == "__main__":
    main()
