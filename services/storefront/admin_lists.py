"""The lists on the desk, page by page."""

import base64
import binascii
import json
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from retail import catalog_admin, order_desk
from retail.database import Database
from retail.errors import ForeignCursorError
from retail.orders import OrderStatus
from retail.product_lists import StoredText
from storefront.admin_schemas import OrderList, StaffProductList

Keys = TypeVar("Keys")
Text = Annotated[str, Query(max_length=100, description="Part of a name or article number, or the slug of a category")]
After = Annotated[str, Query(max_length=2000, description="`next` of the answer before")]
Standing = Annotated[OrderStatus, Query(description="Where the orders stand")]
_product_keys: TypeAdapter[tuple[str, UUID]] = TypeAdapter(tuple[StoredText, UUID])
_order_keys: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[AwareDatetime, UUID])


def list_products(writer: Database, text: str, after: str) -> StaffProductList:
    """A page of all products by name; raises ForeignCursorError."""
    keys = _read(_product_keys, after)
    with writer.transaction() as connection:
        products = catalog_admin.list_for_staff(connection, text=text.strip(), after=keys)
    last = products[-1] if len(products) == catalog_admin.PAGE else None
    return StaffProductList(items=products, next=_write(_product_keys, (last.name, last.id)) if last else None)


def list_orders(writer: Database, status: OrderStatus, after: str) -> OrderList:
    """A page of the orders that stand there; raises ForeignCursorError."""
    keys = _read(_order_keys, after)
    with writer.transaction() as connection:
        orders, total = order_desk.read_orders(connection, status, after=keys)
    last = orders[-1] if len(orders) == order_desk.PAGE else None
    return OrderList(items=orders, total=total, next=_write(_order_keys, (last.placed_at, last.id)) if last else None)


def _write(adapter: TypeAdapter[Keys], keys: Keys) -> str:
    return base64.urlsafe_b64encode(adapter.dump_json(keys)).decode()


def _read(adapter: TypeAdapter[Keys], text: str) -> Keys | None:
    if not text:
        return None
    try:
        return adapter.validate_python(json.loads(base64.urlsafe_b64decode(text)))
    except (ValueError, TypeError, binascii.Error, ValidationError, RecursionError):
        raise ForeignCursorError from None
