"""The desk's pages of products and stock."""

from typing import Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from retail.errors import RetailError, SkuTakenError, VersionConflictError
from retail.pictures import shapes, tones
from retail.stock_adjustments import read_adjustments
from storefront import admin_lists
from storefront.admin import CurrentDesk, Desk
from storefront.admin_forms import Typed, errors, product_form, read_content, text_of, typed_product
from storefront.admin_lists import After, Text
from storefront.admin_schemas import AdjustmentRequest, NewProduct
from storefront.page import see_other
from storefront.rendering import render

router = APIRouter(prefix="/admin", include_in_schema=False)

EMPTY = {"picture": "parcel", "tone": "sand", "categories": [], "active": True, "version": ""}


@router.get("")
def desk_page(_: CurrentDesk) -> Response:
    """The desk begins with the products."""
    return see_other("/admin/products")


@router.get("/products")
def products(request: Request, desk: CurrentDesk, q: Text = "", after: After = "") -> Response:
    """All products, sold or not."""
    found = admin_lists.list_products(desk.resources.writer, q, after)
    return render(request, "admin_products.html", {"found": found, "q": q, "first": not after})


@router.get("/products/new")
def new_product(request: Request, desk: CurrentDesk) -> Response:
    """An empty form."""
    return _form(request, desk, EMPTY)


@router.post("/products")
def create_product(request: Request, desk: CurrentDesk, form: Typed) -> Response:
    """Add a product and go on with it; else the form again, with what is in the way."""
    typed = typed_product(form)
    try:
        content = read_content(typed)
        product = desk.create(NewProduct(sku=typed["sku"].strip(), **content.model_dump()).sku, content)
    except ValidationError as error:
        return _form(request, desk, typed, status=422, wrong=errors(error))
    except SkuTakenError as refusal:
        return _form(request, desk, typed, status=409, wrong={"sku": str(refusal)})
    except RetailError as refusal:
        return _form(request, desk, typed, status=422, refusal=str(refusal))
    return see_other(f"/admin/products/{product.id}?saved=true")


@router.get("/products/{product_id:uuid}")
def product(product_id: UUID, request: Request, desk: CurrentDesk, saved: bool = False) -> Response:
    """One product, ready to be changed."""
    return _form(request, desk, product_form(desk.product(product_id)), product_id=product_id, saved=saved)


@router.post("/products/{product_id:uuid}")
def edit_product(product_id: UUID, request: Request, desk: CurrentDesk, form: Typed) -> Response:
    """Save; else the form as it was typed, with what is wrong, or with what somebody else has changed meanwhile."""
    typed = typed_product(form)
    try:
        version = int(typed["version"]) if typed["version"].isdecimal() else 0
        desk.edit(product_id, read_content(typed), version=version)
    except ValidationError as error:
        return _form(request, desk, typed, product_id=product_id, status=422, wrong=errors(error))
    except VersionConflictError as conflict:
        return _form(
            request,
            desk,
            typed | {"version": conflict.version},  # who saves once more has seen the difference
            product_id=product_id,
            status=409,
            refusal=str(conflict),
            differences=conflict.differences,
        )
    return see_other(f"/admin/products/{product_id}?saved=true")


@router.post("/products/{product_id:uuid}/stock")
def adjust_stock(product_id: UUID, request: Request, desk: CurrentDesk, form: Typed) -> Response:
    """Correct the stock, once for each form that was shown."""
    current = product_form(desk.product(product_id))
    typed = {name: text_of(form, name) for name in ("id", "change", "reason")}
    try:
        wanted = AdjustmentRequest.model_validate(typed)
        desk.adjust_stock(product_id, wanted.id, wanted.change, wanted.reason)
    except ValidationError as error:
        wrong = errors(error)
        return _form(request, desk, current, product_id=product_id, status=422, stock=typed, stock_wrong=wrong)
    except RetailError as refusal:
        wrong = {"change": str(refusal)}
        return _form(request, desk, current, product_id=product_id, status=409, stock=typed, stock_wrong=wrong)
    return see_other(f"/admin/products/{product_id}?saved=true")


def _form(
    request: Request,
    desk: Desk,
    typed: dict[str, Any],
    *,
    product_id: UUID | None = None,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    around: dict[str, Any] = {"product": None, "adjustments": []}
    if product_id is not None:
        around["product"] = desk.product(product_id)
        with desk.resources.writer.transaction() as connection:
            around["adjustments"] = read_adjustments(connection, product_id)
    choices = {"shapes": shapes(), "tones": tones(), "shelves_to_choose": desk.resources.catalog.categories()}
    form = {"typed": typed, "wrong": wrong or {}, "adjustment_id": uuid4()}
    return render(request, "admin_product.html", {**around, **choices, **form, **context}, status=status)
