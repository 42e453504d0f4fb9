"""What happens to an order after its confirmation: archived, charged, and set on its way."""

from retail import orders, outbox, payments, stock
from retail.bus import EventBus
from retail.database import Connection, Database
from retail.errors import IllegalTransitionError
from retail.events import BusEvent, OrderPaymentFailed, OrderPlaced, PaymentProcessed, Source
from retail.handled_events import handle_once, is_handled
from retail.lake import Lake
from retail.observability import count, logger
from retail.orders import Transition
from retail.payments import AmountDue, PaymentGateway, PaymentOutcome

CONSUMER = "order_processor"
SOURCE: Source = "retail.orders"


class Settlement:
    """Applies each event once, however often it is delivered; lake, gateway and bus are called between transactions."""

    def __init__(self, *, database: Database, lake: Lake, gateway: PaymentGateway, bus: EventBus) -> None:
        self._database = database
        self._lake = lake
        self._gateway = gateway
        self._bus = bus

    def order_placed(self, event: BusEvent) -> None:
        """Archive, charge, then PAID or PAYMENT_FAILED with the stock given back; the outcome goes onto the bus.

        A crash anywhere is repaired by the next delivery: the archive overwrites itself, the gateway is
        idempotent by order id, the effect is one transaction, and the outbox keeps what is unpublished.
        """
        placed = event.payload(OrderPlaced)
        self._lake.archive_order_event(event)
        with self._database.transaction() as connection:
            handled = is_handled(connection, consumer=CONSUMER, event_id=event.detail.event_id)
            due = payments.read_amount_due(connection, placed.order_id)
        if not handled:
            self._charge(event, placed, due)
        outbox.publish_pending(self._database, self._bus)

    def payment_processed(self, event: BusEvent) -> None:
        """Archive, then the order is in PROCESSING."""
        paid = event.payload(PaymentProcessed)
        self._lake.archive_order_event(event)
        with self._database.transaction() as connection:
            if handle_once(connection, consumer=CONSUMER, event_id=event.detail.event_id):
                orders.advance(connection, paid.order_id, Transition.PROCESS)

    def _charge(self, event: BusEvent, placed: OrderPlaced, due: AmountDue) -> None:
        if due.token is None:
            raise IllegalTransitionError(f"the charge of order {placed.order_id} is decided already")
        outcome = self._gateway.charge(order_id=placed.order_id, amount=due.amount, token=due.token)
        with self._database.transaction() as connection:
            if not handle_once(connection, consumer=CONSUMER, event_id=event.detail.event_id):
                return
            payments.record_payment(connection, placed.order_id, due, outcome)
            result = _settle(connection, placed, due, outcome)
            outbox.record(connection, result, source=SOURCE, correlation_id=event.detail.correlation_id)
        logger.info("payment decided", order_id=str(placed.order_id), status=outcome.status)
        count("PaymentsCaptured" if outcome.status == "CAPTURED" else "PaymentsDeclined")


def _settle(
    connection: Connection, placed: OrderPlaced, due: AmountDue, outcome: PaymentOutcome
) -> PaymentProcessed | OrderPaymentFailed:
    if outcome.status == "CAPTURED":
        orders.advance(connection, placed.order_id, Transition.PAY)
        return PaymentProcessed(order_id=placed.order_id, payment_reference=outcome.reference, amount=due.amount)
    orders.advance(connection, placed.order_id, Transition.DECLINE)
    stock.release(connection, placed.order_id)
    return OrderPaymentFailed(order_id=placed.order_id, reason=outcome.reason or "The payment was declined.")
