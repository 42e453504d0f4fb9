"""The account's page of passwords and sessions, and its way out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from retail.errors import UnsuitablePasswordError, WrongPasswordError
from storefront.account_forms import form_page, wrong_fields
from storefront.account_schemas import Deletion, PasswordChange
from storefront.accounts import CurrentAccounts
from storefront.customers import CurrentCustomer
from storefront.page import see_other

router = APIRouter(prefix="/account/security", include_in_schema=False)

TEMPLATE = "account_security.html"
FormText = Annotated[str, Form()]


@router.get("")
def security(request: Request, customer: CurrentCustomer, changed: bool = False) -> Response:
    """Three forms: another password, no session any more, no account any more."""
    return form_page(request, TEMPLATE, customer=customer, changed=changed)


@router.post("/password")
def change_password(
    request: Request,
    customer: CurrentCustomer,
    accounts: CurrentAccounts,
    current_password: FormText = "",
    new_password: FormText = "",
) -> Response:
    """Change the password, and sign out everybody else who may be in the account."""
    try:
        change = PasswordChange(current_password=current_password, new_password=new_password)
        accounts.change_password(customer, change)
    except ValidationError as error:
        return form_page(request, TEMPLATE, status=422, errors=wrong_fields(error), customer=customer)
    except WrongPasswordError as refusal:
        errors = {"current_password": str(refusal)}
        return form_page(request, TEMPLATE, status=403, errors=errors, customer=customer)
    except UnsuitablePasswordError as refusal:
        return form_page(request, TEMPLATE, status=422, errors={"new_password": str(refusal)}, customer=customer)
    return see_other("/account/security?changed=true")


@router.post("/sign-out")
def sign_out_everywhere(customer: CurrentCustomer, accounts: CurrentAccounts) -> Response:
    """Sign out here and on every other device, and go home."""
    accounts.sign_out_everywhere(customer)
    return see_other("/")


@router.post("/deletion")
def delete_account(
    request: Request, customer: CurrentCustomer, accounts: CurrentAccounts, password: FormText = ""
) -> Response:
    """Delete the account."""
    try:
        accounts.delete(customer, Deletion(password=password))
    except ValidationError as error:
        return form_page(request, TEMPLATE, status=422, errors=wrong_fields(error), customer=customer)
    except WrongPasswordError as refusal:
        return form_page(request, TEMPLATE, status=403, errors={"password": str(refusal)}, customer=customer)
    return see_other("/account/sign-in?deleted=true")
