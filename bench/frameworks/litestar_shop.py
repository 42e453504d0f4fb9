"""Litestar: validation and OpenAPI from type hints, through its pydantic plugin."""

from litestar import Litestar, MediaType, get, post

from bench.frameworks.order import PAGE, Confirmation, Order, confirm


@get("/page", media_type=MediaType.HTML)
async def page() -> str:
    """A page."""
    return PAGE


@post("/orders")
async def orders(data: Order) -> Confirmation:
    """An order."""
    return confirm(data)


app = Litestar([page, orders])
