"""The forms of accounts: what is wrong stands beside its field, and no password is ever shown again."""

from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from storefront.rendering import render

WORDS = {
    "email": "Enter an e-mail address, for example name@example.com.",
    "name": "Enter your name, in 100 characters or fewer.",
    "password": "Enter your password.",
    "current_password": "Enter the password you have now.",
    "new_password": "Enter a new password.",
}


def form_page(
    request: Request, template: str, *, status: int = 200, errors: dict[str, str] | None = None, **typed: Any
) -> Response:
    """A page with a form, as it was typed."""
    return render(request, template, {"errors": errors or {}, **typed}, status=status)


def wrong_fields(error: ValidationError) -> dict[str, str]:
    """For each field that is wrong, what would be right."""
    fields = [str(detail["loc"][0]) for detail in error.errors(include_input=False)]
    return {field: WORDS[field] for field in fields}
