"""The contracts of what travels over the bus: one envelope, one payload model for each event.

A consumer accepts fields it does not know (a producer may add some) and refuses a major version it
does not know (a producer may then have changed the meaning of the others).
"""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict, ValidationError

from retail.errors import MalformedMessageError
from retail.money import Money

MAJOR_VERSION = "1"
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)  # no event of the shop is older; a clock that was never set says 1970 or 2000

Source = Literal["retail.storefront", "retail.orders", "retail.catalog"]
Topic = Literal["orders", "inventory", "products"]  # the folder of the raw zone
Whole = Annotated[int, Strict()]  # a number in JSON, as the schema says: neither "3" nor true
Quantity = Annotated[Whole, Field(gt=0)]


class Payload(BaseModel):
    """What every payload shares: the bus name of its event, who tells it, its topic, and that it never changes."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    detail_type: ClassVar[str]
    source: ClassVar[Source] = "retail.orders"
    topic: ClassVar[Topic] = "orders"


PayloadType = TypeVar("PayloadType", bound=Payload)


class OrderLine(BaseModel):
    """One product of an order, at the price of the moment of the checkout."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    product_id: UUID
    sku: str
    name: str
    quantity: Quantity
    unit_price: Money


class ReservedLine(BaseModel):
    """Pieces of one product that are set aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    product_id: UUID
    quantity: Quantity


class OrderPlaced(Payload):
    """A customer has a confirmation for this order; nothing is charged yet."""

    detail_type: ClassVar[str] = "OrderPlaced"
    source: ClassVar[Source] = "retail.storefront"
    order_id: UUID
    lines: tuple[OrderLine, ...] = Field(min_length=1)
    total: Money
    customer_id: UUID | None = Field(default=None, description="Of a signed-in customer; a guest has none")
    visit_id: str | None = Field(default=None, description="Pseudonym of the browser session, as in ProductAddedToCart")


class InventoryReserved(Payload):
    """The pieces of an order are set aside and may be taken out of the stock."""

    detail_type: ClassVar[str] = "InventoryReserved"
    source: ClassVar[Source] = "retail.storefront"
    topic: ClassVar[Topic] = "inventory"
    order_id: UUID
    lines: tuple[ReservedLine, ...] = Field(min_length=1)


class InventoryReleased(Payload):
    """The pieces of an order are free again: it was declined, cancelled or returned."""

    detail_type: ClassVar[str] = "InventoryReleased"
    topic: ClassVar[Topic] = "inventory"
    order_id: UUID
    lines: tuple[ReservedLine, ...] = Field(min_length=1)


class InventoryAdjusted(Payload):
    """Somebody counted, received or wrote off pieces of a product."""

    detail_type: ClassVar[str] = "InventoryAdjusted"
    source: ClassVar[Source] = "retail.catalog"
    topic: ClassVar[Topic] = "inventory"
    product_id: UUID
    change: Whole = Field(description="Pieces, negative when they went away")
    inventory_count: Whole = Field(ge=0, description="Pieces in the house after the change")
    reason: str


class PaymentProcessed(Payload):
    """The order is paid."""

    detail_type: ClassVar[str] = "PaymentProcessed"
    order_id: UUID
    payment_reference: str
    amount: Money


class OrderPaymentFailed(Payload):
    """The payment was declined, and the stock of the order is free again."""

    detail_type: ClassVar[str] = "OrderPaymentFailed"
    order_id: UUID
    reason: str
    amount: Money | None = None


class PaymentRefunded(Payload):
    """Money went back to the customer."""

    detail_type: ClassVar[str] = "PaymentRefunded"
    order_id: UUID
    refund_reference: str
    amount: Money


class OrderShipped(Payload):
    """The order has left the house."""

    detail_type: ClassVar[str] = "OrderShipped"
    order_id: UUID
    tracking_code: str | None = None


class OrderCancelled(Payload):
    """The order was given up before it left the house, and its stock is free again."""

    detail_type: ClassVar[str] = "OrderCancelled"
    order_id: UUID
    reason: str


class OrderReturned(Payload):
    """The order came back, and its stock is free again."""

    detail_type: ClassVar[str] = "OrderReturned"
    order_id: UUID
    reason: str


class ProductChanged(Payload):
    """A product as it is sold from now on, new ones included."""

    detail_type: ClassVar[str] = "ProductChanged"
    source: ClassVar[Source] = "retail.catalog"
    topic: ClassVar[Topic] = "products"
    product_id: UUID
    sku: str
    name: str
    price: Money
    categories: tuple[str, ...]
    inventory_count: Whole = Field(ge=0)
    active: Annotated[bool, Strict()] = True


class ProductAddedToCart(Payload):
    """Somebody wants a product. For analytics only: published as well as can be, never at the price of a request."""

    detail_type: ClassVar[str] = "ProductAddedToCart"
    source: ClassVar[Source] = "retail.storefront"
    visit_id: str = Field(min_length=1, description="Pseudonym of the browser session, which cannot be turned back")
    product_id: UUID
    quantity: Quantity


CONTRACTS: dict[str, type[Payload]] = {
    model.detail_type: model
    for model in (
        *(OrderPlaced, PaymentProcessed, OrderPaymentFailed, OrderShipped, OrderCancelled, OrderReturned),
        *(PaymentRefunded, InventoryReserved, InventoryReleased, InventoryAdjusted, ProductChanged),
        ProductAddedToCart,
    )
}


def topic_of(detail_type: str) -> Topic:
    """What an event is about; raises MalformedMessageError for one that has no contract."""
    if detail_type not in CONTRACTS:
        raise MalformedMessageError(f"{detail_type} has no contract, only {', '.join(sorted(CONTRACTS))}")
    return CONTRACTS[detail_type].topic


class Envelope(BaseModel):
    """What surrounds every payload: who it is, when it happened, what request it belongs to.

    Fields it does not know are carried along, so that the lake keeps an event as it came.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    event_id: UUID = Field(default_factory=uuid4)
    occurred_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC), ge=BEGAN)
    version: str = Field(default="1.0", pattern=r"^\d+\.\d+$")
    correlation_id: str = Field(min_length=1, max_length=128)
    payload: dict[str, Any]

    @classmethod
    def around(cls, payload: Payload, *, correlation_id: str) -> Self:
        """A new envelope, with an event id of its own, happening now."""
        return cls(correlation_id=correlation_id, payload=payload.model_dump(mode="json"))

    def as_json(self) -> dict[str, Any]:
        """The envelope as the JSON object that is the event's `detail`."""
        return self.model_dump(mode="json")


class BusEvent(BaseModel):
    """An EventBridge event as it arrives in a queue, its envelope read and its major version accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    detail_type: str = Field(alias="detail-type")
    source: str
    detail: Envelope

    @classmethod
    def parse(cls, body: str) -> Self:
        """Read a queue message; raises MalformedMessageError, which never quotes the content, if nobody ever could."""
        try:
            event = cls.model_validate_json(body)
        except ValidationError as error:
            raise MalformedMessageError(_problems(error)) from None
        major = event.detail.version.partition(".")[0]
        if major != MAJOR_VERSION:
            raise MalformedMessageError(
                f"{event.detail_type} has version {event.detail.version}, this consumer reads {MAJOR_VERSION}.x: "
                "deploy a consumer that knows it, then replay"
            )
        return event

    def payload(self, model: type[PayloadType]) -> PayloadType:
        """The payload as its model; raises MalformedMessageError when it breaks the contract."""
        try:
            return model.model_validate(self.detail.payload)
        except ValidationError as error:
            raise MalformedMessageError(f"{self.detail_type}: {_problems(error)}") from None


def _problems(error: ValidationError) -> str:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, detail['loc'])) or 'message'}: {detail['msg']}" for detail in details)
