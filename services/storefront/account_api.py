"""The account part of the JSON API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from retail.account_codes import account_code
from retail.order_history import PAGE, OrderPage, list_orders
from storefront.account_schemas import (
    Accepted,
    Credentials,
    Deletion,
    PasswordChange,
    Registration,
    SignedInCustomer,
)
from storefront.accounts import CurrentAccounts
from storefront.customers import CurrentCustomer
from storefront.problems import answers
from storefront.sessions import documented
from storefront.shopping import CurrentShopping

router = APIRouter(prefix="/api", responses=answers(422, 429, 503))


@router.post("/customers", tags=["account"], status_code=202)
def register(wanted: Registration, accounts: CurrentAccounts) -> Accepted:
    """Open an account, and sign in with it afterwards."""
    accounts.register(wanted)
    return Accepted()


@router.post("/session", tags=["account"], status_code=204, responses=answers(401))
def sign_in(credentials: Credentials, accounts: CurrentAccounts) -> Response:
    """Sign in: the answer sets a new session cookie, which takes the cart along."""
    accounts.sign_in(credentials)
    return Response(status_code=204)


@router.get("/session", tags=["account"], dependencies=documented, responses=answers(401))
def who_is_signed_in(customer: CurrentCustomer) -> SignedInCustomer:
    """Who is signed in."""
    return SignedInCustomer(name=customer.name, email=customer.email, account_code=account_code(customer.customer_id))


@router.delete("/session", tags=["account"], dependencies=documented, status_code=204)
def sign_out(accounts: CurrentAccounts) -> Response:
    """Sign out; the same answer when nobody was signed in."""
    accounts.sign_out()
    return Response(status_code=204)


@router.delete("/account/sessions", tags=["account"], dependencies=documented, status_code=204, responses=answers(401))
def sign_out_everywhere(customer: CurrentCustomer, accounts: CurrentAccounts) -> Response:
    """End every session of the customer, this one included."""
    accounts.sign_out_everywhere(customer)
    return Response(status_code=204)


@router.put("/account/password", tags=["account"], dependencies=documented, status_code=204, responses=answers(401))
def change_password(change: PasswordChange, customer: CurrentCustomer, accounts: CurrentAccounts) -> Response:
    """Change the password: every other session of the customer ends."""
    accounts.change_password(customer, change)
    return Response(status_code=204)


@router.post("/account/deletion", tags=["account"], dependencies=documented, status_code=204, responses=answers(401))
def delete_account(deletion: Deletion, customer: CurrentCustomer, accounts: CurrentAccounts) -> Response:
    """Delete the account. Its orders go on, and nothing in them leads to the customer any more."""
    accounts.delete(customer, deletion)
    return Response(status_code=204)


@router.get("/orders", tags=["orders"], dependencies=documented, responses=answers(401))
def order_history(
    customer: CurrentCustomer,
    shopping: CurrentShopping,
    before: Annotated[UUID | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = PAGE,
) -> OrderPage:
    """The orders of the signed-in customer, newest first."""
    with shopping.resources.writer.transaction() as connection:
        return list_orders(connection, customer.customer_id, before=before, limit=limit)
