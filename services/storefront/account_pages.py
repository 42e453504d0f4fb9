"""The account's pages: register, sign in, sign out, what was ordered."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from retail.account_codes import account_code
from retail.customers import is_staff
from retail.errors import UnsuitablePasswordError, WrongCredentialsError
from retail.order_history import list_orders
from storefront.account_schemas import Credentials, Registration
from storefront.accounts import CurrentAccounts
from storefront.customers import SIGN_IN, CurrentCustomer, KnownCustomer
from storefront.rendering import render
from storefront.sessions import CurrentSession
from storefront.shopping import CurrentShopping

router = APIRouter(prefix="/account", include_in_schema=False)

FormText = Annotated[str, Form()]
Next = Annotated[str, Query(alias="next", max_length=500)]
FormNext = Annotated[str, Form(alias="next", max_length=500)]

WORDS = {
    "email": "Enter an e-mail address, for example name@example.com.",
    "name": "Enter your name, in 100 characters or fewer.",
    "password": "Enter your password.",
}


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
    request: Request, customer: KnownCustomer, _: CurrentSession, wanted: Next = "/account", registered: bool = False
) -> Response:
    """The form; whoever is signed in need not fill it in."""
    if customer is not None and not registered:
        return _see(_ours(wanted))
    return _form(request, "sign_in.html", next=_ours(wanted), registered=registered)


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
        return _form(request, "sign_in.html", status=422, errors=_errors(error), **typed)
    except WrongCredentialsError as refusal:
        return _form(request, "sign_in.html", status=401, errors={"email": str(refusal)}, **typed)
    return _see(_ours(wanted))


@router.get("/register")
def register_page(request: Request, _: CurrentSession) -> Response:
    """The form."""
    return _form(request, "register.html")


@router.post("/register")
def register(
    request: Request, accounts: CurrentAccounts, email: FormText = "", name: FormText = "", password: FormText = ""
) -> Response:
    """Open an account, then sign in: the answer is the same whether or not the address had one."""
    typed = {"email": email, "name": name}
    try:
        accounts.register(Registration(email=email.strip(), name=name, password=password))
    except ValidationError as error:
        return _form(request, "register.html", status=422, errors=_errors(error), **typed)
    except UnsuitablePasswordError as refusal:
        return _form(request, "register.html", status=422, errors={"password": str(refusal)}, **typed)
    return _see(f"{SIGN_IN}?registered=true")


@router.post("/sign-out")
def sign_out(accounts: CurrentAccounts) -> Response:
    """Sign out and go home."""
    accounts.sign_out()
    return _see("/")


def _form(
    request: Request, template: str, *, status: int = 200, errors: dict[str, str] | None = None, **typed: Any
) -> Response:
    return render(request, template, {"errors": errors or {}, **typed}, status=status)


def _errors(error: ValidationError) -> dict[str, str]:
    fields = [str(detail["loc"][0]) for detail in error.errors(include_input=False)]
    return {field: WORDS[field] for field in fields}


def _ours(wanted: str) -> str:
    """An address of this shop, whatever was asked for: a sign-in page that sends people elsewhere serves impostors."""
    safe = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if safe else "/account"


def _see(path: str) -> Response:
    return RedirectResponse(path, status_code=303)
