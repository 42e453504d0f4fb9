"""The JSON API of the shelves, for people who work here."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from retail.category_admin import CategoryContent, StaffCategory
from storefront.admin_categories import CurrentShelves
from storefront.admin_schemas import CategoryEdit, NewCategory, StaffCategoryList
from storefront.listing import SLUG
from storefront.problems import answers
from storefront.sessions import documented

router = APIRouter(
    prefix="/api/admin/categories", tags=["staff"], dependencies=documented, responses=answers(401, 403, 422, 503)
)

CategorySlug = Annotated[str, Path(max_length=100, pattern=SLUG, description="The slug of a category")]


@router.get("")
def list_categories(shelves: CurrentShelves) -> StaffCategoryList:
    """All categories in the order of the shop, empty ones as well."""
    return StaffCategoryList(items=shelves.categories())


@router.post("", status_code=201, responses=answers(409))
def create_category(wanted: NewCategory, shelves: CurrentShelves, response: Response) -> StaffCategory:
    """Add a category. Products are put on it by their own edits."""
    category = shelves.create(wanted.slug, _content(wanted))
    response.headers["Location"] = f"/api/admin/categories/{category.slug}"
    return category


@router.get("/{slug}", responses=answers(404))
def get_category(slug: CategorySlug, shelves: CurrentShelves) -> StaffCategory:
    """One category as staff see it, with the version that an edit has to name."""
    return shelves.category(slug)


@router.put("/{slug}", responses=answers(404, 409))
def edit_category(slug: CategorySlug, wanted: CategoryEdit, shelves: CurrentShelves) -> StaffCategory:
    """Make a category what it should be. Whoever decided on an older version is told what has changed since."""
    return shelves.edit(slug, _content(wanted), version=wanted.version)


@router.delete("/{slug}", status_code=204, responses=answers(404, 409))
def remove_category(slug: CategorySlug, shelves: CurrentShelves) -> None:
    """Remove a category that no product is in."""
    shelves.remove(slug)


def _content(wanted: CategoryContent) -> CategoryContent:
    return CategoryContent(**{name: getattr(wanted, name) for name in CategoryContent.model_fields})
