"""What staff do with the shelves: put one up, name and place it, take it down once nothing stands on it."""

from typing import Annotated, Any

from psycopg.errors import UniqueViolation
from pydantic import BaseModel, ConfigDict, Field

from retail.catalog_admin import Line, Sku, Slug, find_differences
from retail.database import Connection, Database
from retail.errors import (
    CategoryInUseError,
    CategoryTakenError,
    InvalidCategoryError,
    UnknownCategoryError,
    VersionConflictError,
)

_ALL = (
    "SELECT slug, name, description, position, cover_sku, version, (SELECT count(*) FROM products "
    "WHERE categories @> jsonb_build_array(slug)) AS products FROM categories"
)


class CategoryContent(BaseModel):
    """Everything about a category that staff decide, but for its address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Line, Field(max_length=100, examples=["Kitchen"])]
    description: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""
    position: Annotated[int, Field(ge=0, le=9999, description="The lowest stands first, equals by their names")] = 0
    cover_sku: Annotated[Sku | None, Field(description="The product whose picture stands for the category")] = None


class StaffCategory(CategoryContent):
    """A category as staff see it."""

    model_config = ConfigDict(extra="ignore")

    slug: Slug
    version: int
    products: int = Field(description="How many stand on it, those that are not sold as well")

    @property
    def content(self) -> CategoryContent:
        """What of it may be edited."""
        return CategoryContent.model_construct(**{name: getattr(self, name) for name in CategoryContent.model_fields})


def list_for_staff(connection: Connection) -> list[StaffCategory]:
    """All categories in the order of the shop."""
    rows = connection.execute(f"{_ALL} ORDER BY position, name".encode())
    return [StaffCategory.model_validate(row) for row in rows.fetchall()]


def read_for_staff(connection: Connection, slug: str) -> StaffCategory:
    """One category; raises UnknownCategoryError."""
    row = connection.execute(f"{_ALL} WHERE slug = %s".encode(), [slug]).fetchone()
    if row is None:
        raise UnknownCategoryError(slug)
    return StaffCategory.model_validate(row)


def create_category(writer: Database, slug: str, content: CategoryContent) -> StaffCategory:
    """A new category, nothing on it yet. Raises CategoryTakenError and InvalidCategoryError."""
    with writer.transaction() as connection:
        _check(connection, content)
        _write(
            connection,
            "INSERT INTO categories (slug, name, description, position, cover_sku) "
            "VALUES (%(slug)s, %(name)s, %(description)s, %(position)s, %(cover_sku)s)",
            slug,
            content,
        )
        return read_for_staff(connection, slug)


def edit_category(writer: Database, slug: str, content: CategoryContent, *, version: int) -> StaffCategory:
    """The category as wanted; as it was, when it was so already. Its address stays, whatever its name becomes.

    Raises VersionConflictError, with what differs, when somebody else has edited it since `version`; and
    UnknownCategoryError, CategoryTakenError and InvalidCategoryError.
    """
    with writer.transaction() as connection:
        _check(connection, content)
        _lock(connection, slug)
        current = read_for_staff(connection, slug)
        differences = find_differences(current.content, content)
        if not differences:
            return current
        if current.version != version:
            raise VersionConflictError(
                current.version, {item.field: (item.current, item.wanted) for item in differences}
            )
        _write(
            connection,
            "UPDATE categories SET name = %(name)s, description = %(description)s, position = %(position)s, "
            "cover_sku = %(cover_sku)s, version = version + 1 WHERE slug = %(slug)s",
            slug,
            content,
        )
        return read_for_staff(connection, slug)


def remove_category(writer: Database, slug: str) -> None:
    """Take an empty category down; raises UnknownCategoryError and CategoryInUseError.

    Whoever puts a product on it at this moment is waited for (`catalog_admin` locks the shelves that it names).
    """
    with writer.transaction() as connection:
        _lock(connection, slug)
        category = read_for_staff(connection, slug)
        if category.products:
            raise CategoryInUseError(category.name, category.products)
        connection.execute("DELETE FROM categories WHERE slug = %s", [slug])


def _lock(connection: Connection, slug: str) -> None:
    connection.execute("SELECT 1 FROM categories WHERE slug = %s FOR UPDATE", [slug])


def _check(connection: Connection, content: CategoryContent) -> None:
    if content.cover_sku is None:
        return
    if connection.execute("SELECT 1 FROM products WHERE sku = %s", [content.cover_sku]).fetchone() is None:
        raise InvalidCategoryError(content.cover_sku)


def _write(connection: Connection, statement: str, slug: str, content: CategoryContent) -> None:
    values: dict[str, Any] = {"slug": slug, **content.model_dump()}
    try:
        connection.execute(statement.encode(), values)
    except UniqueViolation as taken:
        if taken.diag.constraint_name == "categories_name_key":
            raise CategoryTakenError("name", content.name) from None
        raise CategoryTakenError("slug", slug) from None
