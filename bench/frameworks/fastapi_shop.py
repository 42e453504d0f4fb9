"""FastAPI: validation and OpenAPI from type hints, endpoints in the thread pool or in the loop."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from bench.frameworks.order import PAGE, Confirmation, Order, confirm

app = FastAPI()


@app.get("/page", response_class=HTMLResponse)
async def page() -> HTMLResponse:
    """A page."""
    return HTMLResponse(PAGE)


@app.post("/orders")
async def orders(order: Order) -> Confirmation:
    """An order."""
    return confirm(order)
