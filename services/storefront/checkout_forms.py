"""What customers type at the checkout, and how each part of it is right."""

from typing import Annotated, Any

from fastapi import Depends, Form
from pydantic import ValidationError

from storefront.problems import field_problems
from storefront.schemas import CheckoutRequest, Contact

Text = Annotated[str, Form()]
ADDRESS = ("recipient", "line1", "line2", "city", "country", "postcode")

WORDS = {
    "email": "That does not look like an e-mail address, such as name@example.com.",
    "recipient": "Enter who receives the parcel, in 100 characters at most.",
    "line1": "Enter street and house number, in 100 characters at most.",
    "line2": "The second line holds 100 characters at most.",
    "city": "Enter the city, in 100 characters at most.",
    "postcode": "Enter the postcode: letters, digits, spaces and dashes, 20 at most.",
    "country": "Choose the country from the list.",
    "payment_token": "Please choose how to pay.",
    "expected_total": "Please look at the total once more.",
}


def _typed(
    email: Text = "",
    recipient: Text = "",
    line1: Text = "",
    line2: Text = "",
    city: Text = "",
    country: Text = "",
    postcode: Text = "",
    payment_token: Text = "",
    expected_total: Text = "",
) -> dict[str, str]:
    return {
        "email": email,
        "recipient": recipient,
        "line1": line1,
        "line2": line2,
        "city": city,
        "country": country,
        "postcode": postcode,
        "payment_token": payment_token,
        "expected_total": expected_total,
    }


Typed = Annotated[dict[str, str], Depends(_typed)]


def read_contact(typed: dict[str, str]) -> Contact:
    """Who orders, and where it goes; raises ValidationError."""
    return Contact.model_validate(_contact(typed))


def read_checkout(typed: dict[str, str]) -> CheckoutRequest:
    """The same, and how it is paid; raises ValidationError."""
    return CheckoutRequest.model_validate({**_contact(typed), "payment_token": typed["payment_token"]})


def errors(error: ValidationError) -> dict[str, str]:
    """For each field that is wrong, what would be right, in the order of the form."""
    wrong = {part for problem in field_problems(error.errors()) for part in problem.location.split(".")}
    return {name: words for name, words in WORDS.items() if name in wrong}


def _contact(typed: dict[str, str]) -> dict[str, Any]:
    amount, _, currency = typed["expected_total"].partition(" ")
    return {
        "email": typed["email"].strip(),
        "delivery": {name: typed[name] for name in ADDRESS},
        "expected_total": {"amount": amount, "currency": currency} if amount else None,
    }
