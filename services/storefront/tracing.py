"""A span for each request, by OpenTelemetry, and its name handed to the events that the request causes."""

from collections.abc import Sequence
from random import random

from opentelemetry import trace
from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.extension.aws.trace import AwsXRayIdGenerator
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, SamplingResult, TraceIdRatioBased
from opentelemetry.util.types import Attributes
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retail.tracing import carry
from storefront.forgery import SAFE_METHODS

HEADER = "X-Amzn-Trace-Id"  # the load balancer sets it, EventBridge and Lambda understand it
_CHOSEN = create_key("chosen")
_HEADER = HEADER.lower().encode()
UNTRACED = frozenset({"/health", "/ready"})
_propagator = AwsXRayPropagator()


class _RatioUnlessChosen(TraceIdRatioBased):
    """The share by trace id, but for reads that have been chosen before they got one."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: trace.SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[trace.Link] | None = None,
        trace_state: trace.TraceState | None = None,
    ) -> SamplingResult:
        if get_value(_CHOSEN, parent_context):
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
        return super().should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)


def tracer_provider(*, ratio: float, endpoint: str) -> TracerProvider:
    """Traces this share of the requests that nobody decided about, and sends them to a collector if there is one."""
    provider = TracerProvider(
        sampler=ParentBased(_RatioUnlessChosen(ratio)),
        id_generator=AwsXRayIdGenerator(),
        resource=Resource.create({"service.name": "storefront"}),
    )
    if endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


class TracedRequests:
    """Pure ASGI, so that what it sets is seen by the endpoint's thread as well; never keeps an address or a body."""

    def __init__(self, application: ASGIApp, provider: TracerProvider, ratio: float) -> None:
        self._application = application
        self._tracer = provider.get_tracer("storefront")
        self._ratio = ratio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request within its span."""
        if scope["type"] != "http" or scope["path"] in UNTRACED:
            await self._application(scope, receive, send)
            return
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER), None)
        if given is None and scope["method"] in SAFE_METHODS and random() >= self._ratio:  # noqa: S311 nothing to guess
            await self._application(scope, receive, send)  # nobody decided, and no event comes of it: no span at all
            return
        parent = _propagator.extract({HEADER: given}) if given else set_value(_CHOSEN, scope["method"] in SAFE_METHODS)
        with self._tracer.start_as_current_span(
            scope["method"],
            context=parent,
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": scope["method"]},
        ) as span:
            if scope["method"] not in SAFE_METHODS:  # only a change causes events
                carrier: dict[str, str] = {}
                _propagator.inject(carrier)
                carry(carrier.get(HEADER))

            async def send_noting_status(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                await send(message)

            await self._application(scope, receive, send_noting_status)
            route = getattr(scope.get("route"), "path", None)  # /orders/{order_id}, never the address itself
            if route:
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
