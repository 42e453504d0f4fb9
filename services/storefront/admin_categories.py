"""The shelves on the desk: what people who work here may do with them, for API and pages alike."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from retail import category_admin
from retail.catalog import LIST_SECONDS, drop_lists
from retail.category_admin import CategoryContent, StaffCategory
from retail.errors import CacheUnavailableError
from retail.observability import logger
from storefront.customers import CurrentStaff
from storefront.resources import Resources


class ShelfDesk:
    """One request of a member of staff about the shelves. What is written is shown to customers at once."""

    def __init__(self, resources: Resources, staff_id: UUID) -> None:
        self._resources = resources
        self._staff_id = staff_id

    def categories(self) -> list[StaffCategory]:
        """All of them, in the order of the shop."""
        with self._resources.writer.transaction() as connection:
            return category_admin.list_for_staff(connection)

    def category(self, slug: str) -> StaffCategory:
        """One of them; raises UnknownCategoryError."""
        with self._resources.writer.transaction() as connection:
            return category_admin.read_for_staff(connection, slug)

    def create(self, slug: str, content: CategoryContent) -> StaffCategory:
        """A new one; raises CategoryTakenError and InvalidCategoryError."""
        category = category_admin.create_category(self._resources.writer, slug, content)
        self._changed(slug, "category created")
        return category

    def edit(self, slug: str, content: CategoryContent, *, version: int) -> StaffCategory:
        """The category as wanted; raises as `category_admin.edit_category` does."""
        category = category_admin.edit_category(self._resources.writer, slug, content, version=version)
        self._changed(slug, "category edited")
        return category

    def remove(self, slug: str) -> None:
        """Take it down; raises UnknownCategoryError and CategoryInUseError."""
        category_admin.remove_category(self._resources.writer, slug)
        self._changed(slug, "category removed")

    def _changed(self, slug: str, what: str) -> None:
        logger.info(what, category=slug, staff_id=str(self._staff_id))
        try:
            drop_lists(self._resources.cache)
        except CacheUnavailableError:
            logger.warning("customers may see the shelves as they were", category=slug, seconds=LIST_SECONDS)
        self._resources.page_copies.clear()


def shelf_desk(request: Request, staff: CurrentStaff) -> ShelfDesk:
    """The desk of this request; for staff only."""
    return ShelfDesk(request.app.state.resources, staff.customer_id)


CurrentShelves = Annotated[ShelfDesk, Depends(shelf_desk)]
