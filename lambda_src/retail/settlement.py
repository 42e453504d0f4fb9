"""What happens to the money of an order after its confirmation: taken, and given back when the order is given up."""

from uuid import UUID

from retail import charges, fulfilment, orders, outbox
from retail.breaker import Breaker
from retail.bus import EventBus
from retail.charges import AmountDue
from retail.database import Connection, Database
from retail.events import (
    BusEvent,
    OrderCancelled,
    OrderPaymentFailed,
    OrderPlaced,
    OrderReturned,
    PaymentProcessed,
    PaymentRefunded,
    Source,
)
from retail.handled_events import handle_once, is_handled
from retail.lake import Lake
from retail.observability import count, describe, logger
from retail.orders import GIVEN_UP, Transition
from retail.payments import PaymentGateway, PaymentOutcome

CONSUMER = "order_processor"
SOURCE: Source = "retail.orders"
# A bus that hangs takes 40 s of the two minutes that a batch has: once a minute is enough of that.
SECONDS_LEFT_TO_THE_RELAY = 60.0


class Settlement:
    """Applies each event once, however often it is delivered; lake, gateway and bus are called between transactions.

    In whichever order the events of an order arrive, the end is the same: who gives the order up and who learns that
    it was charged both look whether money has to go back.
    """

    def __init__(self, *, database: Database, lake: Lake, gateway: PaymentGateway, bus: EventBus) -> None:
        self._database = database
        self._lake = lake
        self._gateway = gateway
        self._bus = bus
        self._publishing = Breaker(SECONDS_LEFT_TO_THE_RELAY)

    def archived(self, event: BusEvent) -> None:
        """Archive, and nothing else."""
        self._lake.archive(event)

    def order_placed(self, event: BusEvent) -> None:
        """Archive, charge, then PAID or PAYMENT_FAILED with the stock given back; the outcome goes onto the bus.

        A crash anywhere is repaired by the next delivery: the archive overwrites itself, the gateway is
        idempotent by order id, the effect is one transaction, and the outbox keeps what is unpublished.
        """
        placed = event.payload(OrderPlaced)
        self._lake.archive(event)
        with self._database.transaction() as connection:
            orders.lock(connection, placed.order_id)  # first: a delivery at the same time may be about to settle it
            due = None
            if not is_handled(connection, consumer=CONSUMER, event_id=event.detail.event_id):
                due = charges.request_charge(connection, placed.order_id)
                if due is None:
                    handle_once(connection, consumer=CONSUMER, event_id=event.detail.event_id)
        if due is not None:
            self._charge(event, placed.order_id, due)
        self._publish()

    def payment_processed(self, event: BusEvent) -> None:
        """Archive, then the order is in PROCESSING; or, if it was given up in the meantime, the money goes back."""
        paid = event.payload(PaymentProcessed)
        self._lake.archive(event)
        with self._database.transaction() as connection:
            if (
                handle_once(connection, consumer=CONSUMER, event_id=event.detail.event_id)
                and orders.lock(connection, paid.order_id) not in GIVEN_UP
            ):
                orders.advance(connection, paid.order_id, Transition.PROCESS)
        self._refund(paid.order_id, event.detail.correlation_id)

    def order_cancelled(self, event: BusEvent) -> None:
        """Archive, then the money goes back if any was taken."""
        cancelled = event.payload(OrderCancelled)
        self._lake.archive(event)
        self._refund(cancelled.order_id, event.detail.correlation_id)

    def order_returned(self, event: BusEvent) -> None:
        """Archive, then the money goes back."""
        returned = event.payload(OrderReturned)
        self._lake.archive(event)
        self._refund(returned.order_id, event.detail.correlation_id)

    def _charge(self, event: BusEvent, order_id: UUID, due: AmountDue) -> None:
        outcome = self._gateway.charge(
            order_id=order_id, amount=due.amount, token=due.token, asked_since=due.asked_since
        )
        with self._database.transaction() as connection:
            if not handle_once(connection, consumer=CONSUMER, event_id=event.detail.event_id):
                return
            _settle(connection, order_id, due, outcome, correlation_id=event.detail.correlation_id)
        logger.info("payment decided", order_id=str(order_id), status=outcome.status)
        count("PaymentsCaptured" if outcome.status == "CAPTURED" else "PaymentsDeclined")

    def _refund(self, order_id: UUID, correlation_id: str) -> None:
        """Give back what is due; the order's own state says whether, so that any number of deliveries do it once."""
        with self._database.transaction() as connection:
            due = charges.read_refundable(connection, order_id)
        if due is not None:
            reference = self._gateway.refund(order_id=order_id, amount=due.amount, reference=due.reference)
            with self._database.transaction() as connection:
                if charges.record_refund(connection, order_id, reference):
                    orders.advance(connection, order_id, Transition.REFUND)
                    refunded = PaymentRefunded(order_id=order_id, refund_reference=reference, amount=due.amount)
                    outbox.record(connection, refunded, source=SOURCE, correlation_id=correlation_id)
                    logger.info("payment refunded", order_id=str(order_id))
                    count("PaymentsRefunded")
        self._publish()

    def _publish(self) -> None:
        """Publish what is pending. While the bus is away the relay has to: what is settled does not fail for it."""
        if not self._publishing.lets_through():
            return
        try:
            outbox.publish_pending(self._database, self._bus)
        except Exception as error:  # whatever it is, the effect is committed, and its events are safe in the outbox
            self._publishing.failed()
            logger.error("events are left to the relay for a minute", error=describe(error))
            count("OutboxPublishFailures")
        else:
            self._publishing.succeeded()


def _settle(
    connection: Connection, order_id: UUID, due: AmountDue, outcome: PaymentOutcome, *, correlation_id: str
) -> None:
    """The outcome's effect. A cancelled order stays so, and is announced as paid so that its money goes back."""
    result: PaymentProcessed | OrderPaymentFailed
    given_up = orders.lock(connection, order_id) in GIVEN_UP
    charges.record_payment(connection, order_id, due, outcome)
    if outcome.status == "CAPTURED":
        if not given_up:
            orders.advance(connection, order_id, Transition.PAY)
        result = PaymentProcessed(order_id=order_id, payment_reference=outcome.reference, amount=due.amount)
    elif given_up:
        return
    else:
        reason = outcome.reason or "The payment was declined."
        orders.advance(connection, order_id, Transition.DECLINE, note=reason)
        fulfilment.release_stock(connection, order_id, correlation_id)
        result = OrderPaymentFailed(order_id=order_id, reason=reason, amount=due.amount)
    outbox.record(connection, result, source=SOURCE, correlation_id=correlation_id)
