"""What staff type into forms, and back."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData

from retail.catalog_admin import ProductContent, StaffProduct
from retail.money import SHOP_CURRENCY
from storefront.problems import field_problems


async def _typed(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=200)


Typed = Annotated[FormData, Depends(_typed)]


def product_form(product: StaffProduct) -> dict[str, Any]:
    """The form of a product as it is."""
    return {
        **{name: getattr(product, name) for name in ("sku", "name", "description", "categories", "picture", "tone")},
        "price": f"{product.price.amount:.2f}",
        "attributes": "\n".join(f"{name}: {value}" for name, value in product.attributes.items()),
        "active": product.active,
        "featured": product.featured,
        "version": product.version,
    }


def typed_product(form: FormData) -> dict[str, Any]:
    """The form as somebody filled it in, to be shown again as it was."""
    texts = ("sku", "name", "description", "price", "attributes", "picture", "tone", "version")
    return {
        **{name: text_of(form, name) for name in texts},
        "categories": [str(slug) for slug in form.getlist("categories")],
        "active": "active" in form,
        "featured": "featured" in form,
    }


def read_content(typed: dict[str, Any]) -> ProductContent:
    """The product that the form describes; raises ValidationError."""
    lines = [line.partition(":") for line in typed["attributes"].splitlines() if line.strip()]
    return ProductContent.model_validate(
        {
            **{name: typed[name] for name in ("name", "categories", "picture", "tone", "active", "featured")},
            "description": typed["description"].replace("\r\n", "\n").strip(),
            "price": {"amount": typed["price"].strip(), "currency": SHOP_CURRENCY},
            "attributes": {name.strip(): value.strip() for name, _, value in lines},
        }
    )


WORDS = {
    "sku": "Capital letters, digits and dashes, 32 at most.",
    "name": "Give it a name of 255 letters at most.",
    "description": "At most 5,000 letters.",
    "price": "An amount such as 24.50.",
    "attributes": "One on each line, as in “Material: Oak”.",
    "change": "How many pieces came (12) or went (-3); not zero.",
    "reason": "Say why, in 200 letters at most.",
    "tracking_code": "Letters, digits, spaces and dashes, 4 to 60.",
}


def errors(error: ValidationError, words: Mapping[str, str] = WORDS) -> dict[str, str]:
    """For each field that is wrong, what would be right."""
    found = {problem.location.partition(".")[0]: problem.message for problem in field_problems(error.errors())}
    return {name: words.get(name, message) for name, message in found.items()}


def text_of(form: FormData, name: str) -> str:
    """One field as text."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
