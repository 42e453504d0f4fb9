"""One trace from the request through its events to what the functions make of them."""

import asyncio
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from retail.bus import EventBridgeBus
from storefront.application import create_application
from storefront.resources import Resources
from storefront.tracing import TracedRequests, tracer_provider
from tests.retail.shop import CHECKOUT, EMAIL, Shop
from tests.storefront.conftest import browser

GIVEN = "Root=1-6571f3b2-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.fixture
def spans(client: TestClient) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    client.app.state.tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))  # type: ignore[attr-defined]
    return exporter


def place_order(client: TestClient, shop: Shop, headers: dict[str, str]) -> None:
    client.put(f"/api/cart/items/{shop.add_product()}", json={"quantity": 1}).raise_for_status()
    assert client.post("/api/orders", json=CHECKOUT, headers=headers).status_code == 201


def test_a_request_and_its_events_are_one_trace(client: TestClient, shop: Shop, spans: InMemorySpanExporter) -> None:
    place_order(client, shop, {"X-Amzn-Trace-Id": GIVEN})
    (checkout,) = [span for span in spans.get_finished_spans() if span.name == "POST /api/orders"]
    assert checkout.context is not None
    assert f"{checkout.context.trace_id:032x}" == "6571f3b20123456789abcdef01234567"
    headers = {row["trace_header"] for row in shop.rows("SELECT trace_header FROM outbox")}
    assert headers == {f"Root=1-6571f3b2-0123456789abcdef01234567;Parent={checkout.context.span_id:016x};Sampled=1"}
    assert dict(checkout.attributes or {}) == {
        "http.request.method": "POST",
        "http.response.status_code": 201,
        "http.route": "/api/orders",
    }


def test_a_request_that_nobody_traced_begins_a_trace_of_its_own(client: TestClient, shop: Shop) -> None:
    place_order(client, shop, {})
    (header,) = {row["trace_header"] for row in shop.rows("SELECT trace_header FROM outbox")}
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=[01]", header)


def test_nothing_personal_is_in_a_span(client: TestClient, shop: Shop, spans: InMemorySpanExporter) -> None:
    place_order(client, shop, {"X-Amzn-Trace-Id": GIVEN})
    text = " ".join(span.to_json() for span in spans.get_finished_spans())
    assert "POST /api/orders" in text
    assert not [word for word in (EMAIL, "tok_visa", *client.cookies.values()) if word in text]


def test_the_bus_is_told_the_trace(shop: Shop, resources: Resources) -> None:
    class Remembering:
        entries: list[dict[str, Any]] = []  # noqa: RUF012

        def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
            self.entries += Entries
            return {"Entries": [{} for _ in Entries]}

    told: Any = Remembering()
    resources.bus = EventBridgeBus(told, "RetailEventBus")
    with browser(create_application(resources)) as client:  # its end publishes what is pending
        place_order(client, shop, {"X-Amzn-Trace-Id": GIVEN})
    placed = [entry for entry in told.entries if entry["DetailType"] == "OrderPlaced"]
    assert [entry["TraceHeader"].split(";")[0] for entry in placed] == [GIVEN.split(";", maxsplit=1)[0]]


def test_no_share_of_untraced_requests_is_traced_when_none_is_wanted() -> None:
    span = tracer_provider(ratio=0.0, endpoint="").get_tracer("test").start_span("any")
    assert not span.is_recording()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_of_the_requests_that_nobody_decided_about_the_share_asked_for_is_traced(method: str) -> None:
    exporter, provider = InMemorySpanExporter(), tracer_provider(ratio=0.5, endpoint="")
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    async def nothing(*_: object) -> Any: ...

    traced = TracedRequests(nothing, provider, ratio=0.5)

    async def ask() -> None:
        for _ in range(400):
            await traced({"type": "http", "method": method, "path": "/", "headers": []}, nothing, nothing)

    asyncio.run(ask())
    assert {dict(span.attributes or {})["http.request.method"] for span in exporter.get_finished_spans()} == {method}
    assert 120 < len(exporter.get_finished_spans()) < 280  # eight standard deviations either way
