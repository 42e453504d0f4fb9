"""BlackSheep: binders from type hints, parts of it compiled; OpenAPI by a class of its own."""

from blacksheep import Application, FromJSON, Response, get, html, post
from blacksheep.contents import Content

from bench.frameworks.order import PAGE, Order, confirm


@get("/page")
async def page() -> Response:
    """A page."""
    return html(PAGE)


@post("/orders")
async def orders(data: FromJSON[Order]) -> Response:
    """An order."""
    return Response(200, content=Content(b"application/json", confirm(data.value).model_dump_json().encode()))


app = Application()
