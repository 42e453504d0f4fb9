"""Falcon (ASGI): resources and media handlers; validation by hand, no OpenAPI."""

import falcon.asgi

from bench.frameworks.order import PAGE, Order, confirm


class Page:
    """A page."""

    async def on_get(self, _: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Answer it."""
        response.content_type = falcon.MEDIA_HTML
        response.text = PAGE


class Orders:
    """Orders."""

    async def on_post(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        """Confirm one."""
        order = Order.model_validate_json(await request.stream.read())
        response.text = confirm(order).model_dump_json()
        response.content_type = falcon.MEDIA_JSON


app = falcon.asgi.App()
app.add_route("/page", Page())
app.add_route("/orders", Orders())
