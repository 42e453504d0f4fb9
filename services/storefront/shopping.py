"""What API and pages have in common: the cart as a customer sees it, and placing an order from it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import reduce
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Request

from retail import fulfilment
from retail.card_entry import CardEntry
from retail.cart import LARGEST_QUANTITY
from retail.catalog import Product, drop_cached
from retail.checkout import Customer, check_out, require_chargeable
from retail.customer_sessions import SignedIn
from retail.delivery import DeliveryAddress
from retail.errors import (
    CacheUnavailableError,
    EmptyCartError,
    IllegalTransitionError,
    InsufficientStockError,
    PaymentGatewayMissingError,
    TotalChangedError,
    UnknownCardEntryError,
    UnknownOrderError,
)
from retail.events import ProductAddedToCart
from retail.idempotency import IdempotencyKey
from retail.money import Money
from retail.observability import count, logger
from retail.orders import GIVEN_UP, Order, read_order
from storefront.announcements import Announcer
from storefront.carts import CurrentCarts, RequestCarts
from storefront.relay import OutboxRelay
from storefront.resources import Resources
from storefront.schemas import Cart, CartItem
from storefront.sessions import Session

CHANGED_THEIR_MIND = "The customer changed their mind."
NO_LONGER_SOLD = "Something in your cart is not sold any more, so we took it out."


class Shopping:
    """One customer's request, whichever way it came in."""

    def __init__(
        self,
        resources: Resources,
        carts: RequestCarts,
        relay: OutboxRelay,
        announcer: Announcer,
        correlation_id: str,
    ) -> None:
        self.resources = resources
        self.carts = carts
        self._relay = relay
        self._announcer = announcer
        self._correlation_id = correlation_id

    def cart(self, session: Session | None) -> Cart:
        """The cart at today's prices; an empty one says when that may be for want of the cache."""
        if session is None:
            return Cart()
        quantities = self.carts.quantities(session)
        if not quantities:
            return Cart(notice=str(CacheUnavailableError()) if self.carts.is_uncertain else None)
        products = self.resources.catalog.find(quantities)
        by_name = sorted(products.values(), key=lambda product: (product.name, product.id))
        items = [CartItem.of(product, quantities[product.id]) for product in by_name]
        total = reduce(Money.plus, (item.line_total for item in items)) if items else None
        notice = self._forget(session, quantities.keys() - products.keys())
        return Cart(items=items, pieces=sum(item.quantity for item in items), total=total, notice=notice)

    def _forget(self, session: Session, gone: AbstractSet[UUID]) -> str | None:
        for product_id in gone:
            self.carts.remove(session, product_id)
        return NO_LONGER_SOLD if gone else None

    def put_into_cart(self, session: Session, product_id: UUID, quantity: int) -> None:
        """Set the quantity of a product; raises UnknownProductError."""
        self.resources.catalog.product(product_id)
        self.carts.put(session, product_id, quantity)
        self._announce(session, product_id, quantity)

    def _announce(self, session: Session, product_id: UUID, quantity: int) -> None:
        wanted = ProductAddedToCart(visit_id=session.visit_id, product_id=product_id, quantity=quantity)
        self._announcer.announce(wanted, correlation_id=self._correlation_id)

    def put_back_into_cart(self, session: Session, order: Order) -> bool:
        """See that the cart holds what this order was about; False when something of it is not sold any more.

        Asked twice it does no more than once. Raises CartFullError.
        """
        wanted = {line.product_id: line.quantity for line in order.lines}
        sold = self.resources.catalog.find(wanted)
        for product_id in sold:
            present = self.carts.quantities(session).get(product_id, 0)
            if present < wanted[product_id]:
                self.put_into_cart(session, product_id, min(wanted[product_id], LARGEST_QUANTITY))
        return len(sold) == len(wanted)

    def recommendations(self, product: Product) -> list[Product]:
        """Up to four products that go with this one and are to be had, after 300 ms at most."""
        return self.resources.recommendations.beside(product)

    def add_to_cart(self, session: Session, product_id: UUID, quantity: int) -> None:
        """Put more pieces of a product into the cart, up to the most it may hold; raises as `put_into_cart` does."""
        self.resources.catalog.product(product_id)
        self._announce(session, product_id, self.carts.add(session, product_id, quantity))

    def place_order(
        self,
        session: Session,
        *,
        email: str,
        payment_token: str,
        delivery: DeliveryAddress,
        signed_in: SignedIn | None = None,
        idempotency_key: str | None = None,
        agreed: Money | None = None,
    ) -> Order:
        """Order what is in the cart; the confirmation does not wait for the bus. Twice under one key: the same order.

        Raises PaymentGatewayMissingError, EmptyCartError, UnknownProductError, InsufficientStockError,
        TotalChangedError, TotalNotChargeableError, IdempotencyKeyReusedError and RequestInProgressError: no order then.
        """
        self._require_payments()
        customer = Customer(
            session_key=session.key,
            email=email,
            payment_token=payment_token,
            delivery=delivery,
            customer_id=signed_in.customer_id if signed_in else None,
            visit_id=session.visit_id,
        )
        key = None
        if idempotency_key:
            key = IdempotencyKey.of(
                session.key, idempotency_key, email, payment_token, delivery.model_dump_json(), str(agreed)
            )
        quantities = self.carts.quantities(session)
        new_id = uuid4()
        try:
            order = check_out(
                self.resources.writer,
                quantities,
                customer,
                correlation_id=self._correlation_id,
                order_id=new_id,
                key=key,
                agreed=agreed,
            )
        except TotalChangedError:
            self._changed(quantities)  # else the cart would go on showing the total that is no longer so
            raise
        if order.id == new_id:
            self._relay.wake()
            self._changed(quantities)
            logger.info("order placed", order_id=str(order.id))
            count("OrdersPlaced")
        if {line.product_id: line.quantity for line in order.lines} == quantities:
            self.carts.clear(session)
        return order

    def _require_payments(self) -> None:
        if not self.resources.takes_payments:
            raise PaymentGatewayMissingError("This shop takes no payments yet, so nothing can be ordered.")

    def enter_card(
        self,
        entry: CardEntry,
        session: Session,
        *,
        email: str,
        delivery: DeliveryAddress,
        agreed: Money | None,
        key: str,
    ) -> str:
        """The address where the customer enters the card for this cart, once it is worth entering.

        Raises PaymentGatewayMissingError, EmptyCartError, TotalChangedError, TotalNotChargeableError,
        InsufficientStockError and CardEntryUnavailableError.
        """
        self._require_payments()
        cart = self.cart(session)
        if cart.total is None:
            raise EmptyCartError
        if agreed is not None and agreed != cart.total:
            raise TotalChangedError(agreed, cart.total)
        require_chargeable(cart.total)
        for item in cart.items:
            if item.quantity > item.available:
                raise InsufficientStockError(
                    product_id=item.product_id, name=item.name, wanted=item.quantity, available=item.available
                )
        reference = session.card_reference(delivery.model_dump_json())
        return entry.begin(reference=reference, email=email, total=cart.total, key=key)

    def order_with_card(
        self,
        entry: CardEntry,
        session: Session,
        entered: str,
        delivery: DeliveryAddress,
        signed_in: SignedIn | None,
    ) -> Order:
        """The order for a card that was just entered, for this address, once however often it is asked for.

        Raises UnknownCardEntryError, CardEntryUnavailableError, and as `place_order` does.
        """
        card = entry.entered(entered, reference=session.card_reference(delivery.model_dump_json()))
        if card is None:
            raise UnknownCardEntryError
        return self.place_order(
            session,
            email=card.email,
            payment_token=card.token,
            delivery=delivery,
            signed_in=signed_in,
            idempotency_key=f"card:{entered}",
            agreed=card.total,
        )

    def _changed(self, products: Iterable[UUID]) -> None:
        """Price or stock of these is another one than was shown."""
        changed = list(products)
        self.resources.page_copies.drop(f"/products/{product_id}" for product_id in changed)
        try:
            drop_cached(self.resources.cache, changed)
        except CacheUnavailableError:
            logger.warning("price and stock may be shown five minutes late", products=[str(one) for one in changed])

    def order(self, session: Session | None, order_id: UUID, customer: SignedIn | None = None) -> Order:
        """An order of this session or customer, read where it is never behind; raises UnknownOrderError."""
        if session is None:
            raise UnknownOrderError(order_id)
        customer_id = customer.customer_id if customer else None
        with self.resources.writer.transaction() as connection:
            return read_order(connection, order_id, session_key=session.key, customer_id=customer_id)

    def cancel_order(self, session: Session | None, order_id: UUID, customer: SignedIn | None = None) -> Order:
        """Give up an order of this session or customer that has not left; given up already, nothing happens to it.

        Raises UnknownOrderError, and IllegalTransitionError when it is too late.
        """
        order = self.order(session, order_id, customer)
        if order.status in GIVEN_UP:
            return order
        try:
            fulfilment.cancel(
                self.resources.writer, order_id, reason=CHANGED_THEIR_MIND, correlation_id=self._correlation_id
            )
        except IllegalTransitionError:
            order = self.order(session, order_id, customer)  # a second click waits for the first, and comes too late
            if order.status in GIVEN_UP:
                return order
            raise
        self._relay.wake()
        self._changed(line.product_id for line in order.lines)
        logger.info("order cancelled", order_id=str(order_id))
        count("OrdersCancelled")
        return self.order(session, order_id, customer)


async def shopping(request: Request, carts: CurrentCarts) -> Shopping:
    """The shopping of this request."""
    state = request.app.state
    return Shopping(state.resources, carts, state.relay, state.announcer, request.state.correlation_id)


CurrentShopping = Annotated[Shopping, Depends(shopping)]
