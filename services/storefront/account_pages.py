"""The account's pages: register, sign in, sign out, what was ordered."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import ValidationError

from retail.account_codes import account_code
from retail.customers import is_staff
from retail.errors import UnsuitablePasswordError, WrongCredentialsError
from retail.order_history import list_orders
from storefront.account_forms import form_page, wrong_fields
from storefront.account_schemas import Credentials, Registration
from storefront.accounts import CurrentAccounts
from storefront.customers import SIGN_IN, CurrentCustomer, KnownCustomer
from storefront.page import see_other
from storefront.rendering import render
from storefront.sessions import CurrentSession
from storefront.shopping import CurrentShopping

router = APIRouter(prefix="/account", include_in_schema=False)

FormText = Annotated[str, Form()]
Next = Annotated[str, Query(alias="next", max_length=500)]
FormNext = Annotated[str, Form(alias="next", max_length=500)]


@router.get("")
def account(
    request: Request, customer: CurrentCustomer, shopping: CurrentShopping, before: UUID | None = None
) -> Response:
    """Who is signed in, and their orders."""
    with shopping.resources.writer.transaction() as connection:
        page = list_orders(connection, customer.customer_id, before=before)
        staff = is_staff(connection, customer.customer_id)
    code = account_code(customer.customer_id)
    shown = {"customer": customer, "code": code, "orders": page, "first": before is None, "staff": staff}
    return render(request, "account.html", shown)


@router.get("/sign-in")
def sign_in_page(
    request: Request,
    customer: KnownCustomer,
    _: CurrentSession,
    wanted: Next = "/account",
    registered: bool = False,
    deleted: bool = False,
) -> Response:
    """The form; whoever is signed in need not fill it in."""
    if customer is not None and not registered:
        return see_other(_ours(wanted))
    return form_page(request, "sign_in.html", next=_ours(wanted), registered=registered, deleted=deleted)


@router.post("/sign-in")
def sign_in(
    request: Request,
    accounts: CurrentAccounts,
    email: FormText = "",
    password: FormText = "",
    wanted: FormNext = "/account",
) -> Response:
    """Sign in and go where the customer wanted to."""
    typed = {"email": email, "next": _ours(wanted)}
    try:
        accounts.sign_in(Credentials(email=email.strip(), password=password))
    except ValidationError as error:
        return form_page(request, "sign_in.html", status=422, errors=wrong_fields(error), **typed)
    except WrongCredentialsError as refusal:
        return form_page(request, "sign_in.html", status=401, errors={"email": str(refusal)}, **typed)
    return see_other(_ours(wanted))


@router.get("/register")
def register_page(request: Request, _: CurrentSession) -> Response:
    """The form."""
    return form_page(request, "register.html")


@router.post("/register")
def register(
    request: Request, accounts: CurrentAccounts, email: FormText = "", name: FormText = "", password: FormText = ""
) -> Response:
    """Open an account, then sign in: the answer is the same whether or not the address had one."""
    typed = {"email": email, "name": name}
    try:
        accounts.register(Registration(email=email.strip(), name=name, password=password))
    except ValidationError as error:
        return form_page(request, "register.html", status=422, errors=wrong_fields(error), **typed)
    except UnsuitablePasswordError as refusal:
        return form_page(request, "register.html", status=422, errors={"password": str(refusal)}, **typed)
    return see_other(f"{SIGN_IN}?registered=true")


@router.post("/sign-out")
def sign_out(accounts: CurrentAccounts) -> Response:
    """Sign out and go home."""
    accounts.sign_out()
    return see_other("/")


def _ours(wanted: str) -> str:
    """An address of this shop, whatever was asked for: a sign-in page that sends people elsewhere serves impostors."""
    safe = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if safe else "/account"
