"""Starlette: routing and requests only; validation by hand, no OpenAPI."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bench.frameworks.order import PAGE, Order, confirm


async def page(_: Request) -> Response:
    """A page."""
    return HTMLResponse(PAGE)


async def orders(request: Request) -> Response:
    """An order."""
    order = Order.model_validate_json(await request.body())
    return Response(confirm(order).model_dump_json(), media_type="application/json")


app = Starlette(routes=[Route("/page", page), Route("/orders", orders, methods=["POST"])])
