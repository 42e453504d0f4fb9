"""The pages of the checkout: who orders, the card, and the order that comes of it.

The simulator's test cards are chosen on the form. A real card is entered at the gateway, on a page of its own: the form
leads to a link there, not to a redirect, which `form-action` of our content security policy would stop.
"""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import ValidationError

from retail.card_entry import CardEntry
from retail.checkout import require_chargeable
from retail.customer_sessions import SignedIn
from retail.errors import (
    EmptyCartError,
    IdempotencyKeyReusedError,
    InsufficientStockError,
    TotalChangedError,
    TotalNotChargeableError,
    UnknownCardEntryError,
    UnknownProductError,
)
from retail.idempotency import KEY
from retail.observability import count
from retail.payments import APPROVED_TOKEN, DECLINED_TOKEN
from storefront.checkout_forms import Typed, errors, read_checkout, read_contact
from storefront.customers import KnownCustomer
from storefront.deliveries import remember, remembered
from storefront.page import page, see_other
from storefront.schemas import Contact
from storefront.sessions import CurrentSession, KnownSession, Session
from storefront.shopping import CurrentShopping, Shopping

router = APIRouter(include_in_schema=False)

FormKey = Annotated[str, Form(pattern=f"^(?:{KEY})?$")]
Entry = Annotated[str, Query(pattern=r"^cs_[A-Za-z0-9_]{1,150}$")]

PAYMENT_METHODS = (
    (APPROVED_TOKEN, "Test card that is accepted", "Visa ···· 4242"),
    (DECLINED_TOKEN, "Test card that is declined", "Visa ···· 0002"),
)
# What the cart has to be looked at for.
CART_REFUSALS = (
    EmptyCartError,
    IdempotencyKeyReusedError,
    InsufficientStockError,
    TotalChangedError,
    TotalNotChargeableError,
    UnknownProductError,
)


@router.get("/checkout")
def checkout_page(
    request: Request, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping
) -> Response:
    """The checkout form; a cart that is empty, or that nobody can pay for, is shown as what it is."""
    total = shopping.cart(session).total
    if total is None:
        return see_other("/cart")
    try:
        require_chargeable(total)
    except TotalNotChargeableError as refusal:
        return page(request, "cart.html", shopping, session, status=409, refusal=str(refusal))
    return _form(request, shopping, session, _remembered(request, session, customer))


@router.post("/checkout")
def check_out(
    request: Request,
    session: CurrentSession,
    customer: KnownCustomer,
    shopping: CurrentShopping,
    typed: Typed,
    idempotency_key: FormKey = "",
) -> Response:
    """Place the order and show it, or first the way to the card; else form or cart, with what is in the way."""
    entry = shopping.resources.card_entry
    try:
        if entry is not None:
            return _enter_card(request, shopping, session, entry, wanted=read_contact(typed), key=idempotency_key)
        chosen = read_checkout(typed)
        remember(request, session, chosen.delivery)
        order = shopping.place_order(
            session,
            email=chosen.email,
            payment_token=chosen.payment_token,
            delivery=chosen.delivery,
            agreed=chosen.expected_total,
            signed_in=customer,
            idempotency_key=idempotency_key,
        )
    except ValidationError as error:
        return _form(request, shopping, session, typed, wrong=errors(error), status=422)
    except CART_REFUSALS as refusal:
        return page(request, "cart.html", shopping, session, status=409, refusal=str(refusal))
    return see_other(f"/orders/{order.id}")


@router.get("/checkout/paid")
def order_with_card(
    request: Request, session: KnownSession, customer: KnownCustomer, shopping: CurrentShopping, card: Entry
) -> Response:
    """Back from the card's page: place the order and show it. Asked again, as a reload does, it shows the same order.

    It changes something although it is a GET, for Stripe sends the customer here by one. What it does was agreed to in
    this session, by its card, and once: an address of somebody else's entry, wherever it stands, does nothing.
    """
    entry = shopping.resources.card_entry
    if entry is None or session is None:
        return see_other("/cart")
    try:
        delivery = remembered(request, session)
        if delivery is None:
            raise UnknownCardEntryError
        order = shopping.order_with_card(entry, session, card, delivery, customer)
    except UnknownCardEntryError as refusal:
        if not shopping.cart(session).items:
            return see_other("/cart")
        typed = _remembered(request, session, customer)
        return _form(request, shopping, session, typed, refusal=str(refusal), status=409)
    except CART_REFUSALS as refusal:
        return page(request, "cart.html", shopping, session, status=409, refusal=str(refusal))
    return see_other(f"/orders/{order.id}")


def _enter_card(
    request: Request, shopping: Shopping, session: Session, entry: CardEntry, *, wanted: Contact, key: str
) -> Response:
    remember(request, session, wanted.delivery)
    address = shopping.enter_card(
        entry, session, email=wanted.email, delivery=wanted.delivery, agreed=wanted.expected_total, key=key
    )
    return page(request, "card.html", shopping, session, address=address, email=wanted.email, delivery=wanted.delivery)


def _remembered(request: Request, session: Session | None, customer: SignedIn | None) -> dict[str, str]:
    delivery = remembered(request, session)
    return {"email": customer.email if customer else "", **(delivery.model_dump() if delivery else {})}


def _form(
    request: Request,
    shopping: Shopping,
    session: Session | None,
    typed: dict[str, str],
    *,
    wrong: dict[str, str] | None = None,
    refusal: str | None = None,
    status: int = 200,
) -> Response:
    is_open = shopping.resources.takes_payments
    if not is_open:
        count("CheckoutsRefused")  # to whoever reads that it is closed; what they send all the same is a 5xx
    form: dict[str, Any] = {
        "typed": typed,
        "errors": wrong or {},
        "refusal": refusal,
        "open": is_open,
        "methods": PAYMENT_METHODS if shopping.resources.card_entry is None else (),
        "idempotency_key": uuid4(),
    }
    return page(request, "checkout.html", shopping, session, status=status, **form)
