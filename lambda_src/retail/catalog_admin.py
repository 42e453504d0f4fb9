"""What staff do with the catalog: see all of it, add to it, change it without overwriting each other."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from retail import outbox
from retail.catalog import Product, to_product
from retail.database import Connection, Database
from retail.errors import InvalidProductError, SkuTakenError, UnknownProductError, VersionConflictError
from retail.events import ProductChanged
from retail.money import SHOP_CURRENCY, Money
from retail.pictures import shapes, tones

PAGE = 50
LARGEST_PRICE = Decimal("99999999.99")
Content = TypeVar("Content", bound=BaseModel)
_WILDCARD = re.compile(r"[%_\\]")
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]
Sku = Annotated[str, Field(pattern=r"^[A-Z0-9](?:[A-Z0-9-]{0,30}[A-Z0-9])?$", examples=["MUG-STONE-350"])]


def _one_to_sell_at(price: Money) -> Money:
    if price.currency != SHOP_CURRENCY:
        raise ValueError(f"this shop sells in {SHOP_CURRENCY} only")
    if price.amount > LARGEST_PRICE:
        raise ValueError(f"more than {LARGEST_PRICE}")
    return price


Slug = Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class ProductContent(BaseModel):
    """Everything about a product that staff decide, but for its article number and its stock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[Line, Field(max_length=255)]
    description: Annotated[str, Field(max_length=5000, pattern=r"^[^\x00]*$")] = ""
    price: Annotated[Money, AfterValidator(_one_to_sell_at)]
    categories: Annotated[list[Slug], Field(max_length=10)] = []
    attributes: Annotated[
        dict[Annotated[Line, Field(max_length=40)], Annotated[Line, Field(max_length=200)]], Field(max_length=30)
    ] = {}
    picture: Annotated[str, Field(max_length=40, description="One of the shapes we can draw")] = "parcel"
    tone: Annotated[str, Field(max_length=40)] = "sand"
    active: bool = True
    featured: bool = False


class StaffProduct(Product):
    """A product as staff see it."""

    active: bool
    featured: bool
    version: int
    inventory_count: int
    reserved_count: int
    picture: str
    tone: str

    @property
    def content(self) -> ProductContent:
        """What of it may be edited."""
        return ProductContent.model_construct(**{name: getattr(self, name) for name in ProductContent.model_fields})


@dataclass(frozen=True)
class Difference:
    """A part that two people want different."""

    field: str
    current: Any
    wanted: Any


def read_for_staff(connection: Connection, product_id: UUID) -> StaffProduct:
    """One product, sold or not; raises UnknownProductError."""
    row = connection.execute("SELECT * FROM products WHERE id = %s", [product_id]).fetchone()
    if row is None:
        raise UnknownProductError(product_id)
    return _to_staff_product(row)


def list_for_staff(
    connection: Connection, *, text: str = "", after: tuple[str, UUID] | None = None
) -> list[StaffProduct]:
    """The products whose name or article number holds the text, or whose category it is, by name; a page of them."""
    text = text.replace("\x00", "")
    literal = _WILDCARD.sub(r"\\\g<0>", text)
    name, product_id = after or ("", None)
    rows = connection.execute(
        "SELECT * FROM products WHERE (name ILIKE %(pattern)s OR sku ILIKE %(pattern)s "
        "OR categories @> jsonb_build_array(%(text)s::text)) "
        "AND (%(id)s::uuid IS NULL OR (name, id) > (%(name)s, %(id)s::uuid)) ORDER BY name, id LIMIT %(limit)s",
        {"pattern": f"%{literal}%", "text": text, "name": name, "id": product_id, "limit": PAGE},
    )
    return [_to_staff_product(row) for row in rows.fetchall()]


def create_product(writer: Database, sku: str, content: ProductContent, *, correlation_id: str) -> StaffProduct:
    """A new product, without stock yet, announced with it. Raises SkuTakenError and InvalidProductError."""
    product_id = uuid4()
    with writer.transaction() as connection:
        _check(connection, content)
        try:
            row = connection.execute(
                "INSERT INTO products (id, sku, name, description, price, currency, categories, attributes, drawing, "
                "active, featured) VALUES (%(id)s, %(sku)s, %(name)s, %(description)s, %(price)s, %(currency)s, "
                "%(categories)s, %(attributes)s, %(drawing)s, %(active)s, %(featured)s) RETURNING *",
                {"id": product_id, "sku": sku, **_columns(content)},
            ).fetchone()
        except UniqueViolation:
            raise SkuTakenError(sku) from None
        return _announced(connection, row, correlation_id)


def edit_product(
    writer: Database, product_id: UUID, content: ProductContent, *, version: int, correlation_id: str
) -> StaffProduct:
    """The product as wanted, announced in the same transaction; as it was, when it was so already.

    Raises VersionConflictError, with what differs, when somebody else has edited it since `version`; and
    UnknownProductError and InvalidProductError.
    """
    with writer.transaction() as connection:
        _check(connection, content)
        locked = connection.execute("SELECT * FROM products WHERE id = %s FOR UPDATE", [product_id]).fetchone()
        if locked is None:
            raise UnknownProductError(product_id)
        current = _to_staff_product(locked)
        differences = find_differences(current.content, content)
        if not differences:
            return current
        if current.version != version:
            raise VersionConflictError(
                current.version, {item.field: (item.current, item.wanted) for item in differences}
            )
        row = connection.execute(
            "UPDATE products SET name = %(name)s, description = %(description)s, price = %(price)s, "
            "currency = %(currency)s, categories = %(categories)s, attributes = %(attributes)s, "
            "drawing = %(drawing)s, active = %(active)s, featured = %(featured)s, version = version + 1, "
            "updated_at = now() WHERE id = %(id)s RETURNING *",
            {"id": product_id, **_columns(content)},
        ).fetchone()
        return _announced(connection, row, correlation_id)


def find_differences(current: Content, wanted: Content) -> list[Difference]:
    """Field by field, what is not as wanted."""
    return [
        Difference(field, getattr(current, field), getattr(wanted, field))
        for field in type(wanted).model_fields
        if getattr(current, field) != getattr(wanted, field)
    ]


def _check(connection: Connection, content: ProductContent) -> None:
    if content.picture not in shapes() or content.tone not in tones():
        raise InvalidProductError(f"There is no picture {content.picture!r} in {content.tone!r}.")
    found = connection.execute(  # locked: nobody removes a shelf while something is put on it
        "SELECT slug FROM categories WHERE slug = ANY(%s) ORDER BY slug FOR KEY SHARE", [content.categories]
    ).fetchall()
    unknown = set(content.categories) - {row["slug"] for row in found}
    if unknown:
        raise InvalidProductError(f"There is no category {min(unknown)!r}.")
    if len(set(content.categories)) < len(content.categories):
        raise InvalidProductError("Name each category once.")


def _columns(content: ProductContent) -> dict[str, Any]:
    return {
        "name": content.name,
        "description": content.description,
        "price": content.price.amount,
        "currency": content.price.currency,
        "categories": Jsonb(content.categories),
        "attributes": Jsonb(content.attributes),
        "drawing": Jsonb({"picture": content.picture, "tone": content.tone}),
        "active": content.active,
        "featured": content.featured,
    }


def _announced(connection: Connection, row: dict[str, Any] | None, correlation_id: str) -> StaffProduct:
    if row is None:
        raise RuntimeError("a statement with RETURNING gave no row back")
    product = _to_staff_product(row)
    changed = ProductChanged(
        product_id=product.id,
        sku=product.sku,
        name=product.name,
        price=product.price,
        categories=tuple(product.categories),
        inventory_count=product.inventory_count,
        active=product.active,
    )
    outbox.record(connection, changed, source="retail.catalog", correlation_id=correlation_id)
    return product


def _to_staff_product(row: dict[str, Any]) -> StaffProduct:
    own = {name: row[name] for name in ("active", "featured", "version", "inventory_count", "reserved_count")}
    drawing = {"picture": row["drawing"].get("picture", "parcel"), "tone": row["drawing"].get("tone", "sand")}
    return StaffProduct(**dict(to_product(row)), **own, **drawing)
