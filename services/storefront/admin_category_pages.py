"""The desk's pages of shelves."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from retail.category_admin import CategoryContent, StaffCategory
from retail.errors import CategoryInUseError, CategoryTakenError, InvalidCategoryError, VersionConflictError
from storefront.admin_categories import CurrentShelves, ShelfDesk
from storefront.admin_forms import Typed, errors, text_of
from storefront.admin_schemas import NewCategory
from storefront.listing import SLUG
from storefront.page import see_other
from storefront.rendering import render

router = APIRouter(prefix="/admin/categories", include_in_schema=False)

CategorySlug = Annotated[str, Path(max_length=100, pattern=SLUG)]
WORDS = {
    "slug": "Small letters, digits and dashes, as in garden-tools.",
    "name": "Give it a name of 100 letters at most.",
    "description": "At most 1,000 letters.",
    "position": "A whole number from 0 to 9999.",
    "cover_sku": "An article number, or nothing.",
}


@router.get("")
def categories(request: Request, shelves: CurrentShelves, removed: bool = False) -> Response:
    """All shelves in the order of the shop, and a form for a new one."""
    return _list(request, shelves, removed=removed)


@router.post("")
def create_category(request: Request, shelves: CurrentShelves, form: Typed) -> Response:
    """Put up a shelf and go on with it; else the form again, with what is in the way."""
    typed = _typed(form)
    try:
        content = _read(typed)
        category = shelves.create(NewCategory(slug=typed["slug"].strip(), **content.model_dump()).slug, content)
    except ValidationError as error:
        return _list(request, shelves, typed, status=422, wrong=errors(error, WORDS))
    except CategoryTakenError as refusal:
        return _list(request, shelves, typed, status=409, wrong={refusal.field: str(refusal)})
    except InvalidCategoryError as refusal:
        return _list(request, shelves, typed, status=422, wrong={"cover_sku": str(refusal)})
    return see_other(f"/admin/categories/{category.slug}?saved=true")


@router.get("/{slug}")
def category(slug: CategorySlug, request: Request, shelves: CurrentShelves, saved: bool = False) -> Response:
    """One shelf, ready to be changed."""
    found = shelves.category(slug)
    return _one(request, found, _form_of(found), saved=saved)


@router.post("/{slug}")
def edit_category(slug: CategorySlug, request: Request, shelves: CurrentShelves, form: Typed) -> Response:
    """Save; else the form as it was typed, with what is wrong, or with what somebody else has changed meanwhile."""
    typed, found = _typed(form), shelves.category(slug)
    try:
        version = int(typed["version"]) if typed["version"].isdecimal() else 0
        shelves.edit(slug, _read(typed), version=version)
    except ValidationError as error:
        return _one(request, found, typed, status=422, wrong=errors(error, WORDS))
    except CategoryTakenError as refusal:
        return _one(request, found, typed, status=409, wrong={refusal.field: str(refusal)})
    except InvalidCategoryError as refusal:
        return _one(request, found, typed, status=422, wrong={"cover_sku": str(refusal)})
    except VersionConflictError as conflict:
        typed |= {"version": conflict.version}  # who saves once more has seen the difference
        differences = conflict.differences
        return _one(request, found, typed, status=409, refusal=str(conflict), differences=differences)
    return see_other(f"/admin/categories/{slug}?saved=true")


@router.post("/{slug}/removal")
def remove_category(slug: CategorySlug, request: Request, shelves: CurrentShelves) -> Response:
    """Take an empty shelf down."""
    try:
        shelves.remove(slug)
    except CategoryInUseError as refusal:
        found = shelves.category(slug)
        return _one(request, found, _form_of(found), status=409, refusal=str(refusal))
    return see_other("/admin/categories?removed=true")


def _typed(form: FormData) -> dict[str, Any]:
    return {name: text_of(form, name) for name in (*WORDS, "version")}


def _form_of(category: StaffCategory) -> dict[str, Any]:
    return {**category.model_dump(), "cover_sku": category.cover_sku or ""}


def _read(typed: dict[str, Any]) -> CategoryContent:
    """The category that the form describes; raises ValidationError."""
    return CategoryContent.model_validate(
        {
            "name": typed["name"],
            "description": typed["description"].replace("\r\n", "\n").strip(),
            "position": typed["position"].strip() or 0,
            "cover_sku": typed["cover_sku"].strip() or None,
        }
    )


def _list(
    request: Request,
    shelves: ShelfDesk,
    typed: dict[str, Any] | None = None,
    *,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    removed: bool = False,
) -> Response:
    found = shelves.categories()
    last = max((one.position for one in found), default=0)
    shown = {"found": found, "typed": typed or {"position": last + 1}, "wrong": wrong or {}, "removed": removed}
    return render(request, "admin_categories.html", shown, status=status)


def _one(
    request: Request,
    category: StaffCategory,
    typed: dict[str, Any],
    *,
    status: int = 200,
    wrong: dict[str, str] | None = None,
    **context: Any,
) -> Response:
    shown = {"shelf": category, "typed": typed, "wrong": wrong or {}, **context}
    return render(request, "admin_category.html", shown, status=status)
