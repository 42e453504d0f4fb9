"""Where an order goes: known to its customer and to the desk, in no event, in no log line, and not for ever."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from retail.database import Connection

KEPT_DAYS = 90  # after the end of an order: until then it may come back, or be asked for

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f<>]+$")
]
MaybeLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f<>]*$")]
Postcode = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20, pattern=r"^[A-Za-z0-9 -]*$")]


class DeliveryAddress(BaseModel):
    """Who receives the parcel, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    recipient: Line = Field(repr=False, description="Who receives the parcel")
    line1: Line = Field(repr=False, description="Street and house number")
    line2: MaybeLine = Field(default="", repr=False, description="Floor, company, or whatever else helps")
    city: Line = Field(repr=False, description="With state or region where addresses have one")
    country: str = Field(pattern=r"^[A-Z]{2}$", repr=False, description="ISO 3166-1 alpha-2", examples=["NO"])
    postcode: Postcode = Field(default="", validate_default=True, repr=False, description="Empty where there are none")


def record(connection: Connection, order_id: UUID, address: DeliveryAddress) -> None:
    """Keep where a new order goes."""
    connection.execute(
        "INSERT INTO deliveries (order_id, recipient, line1, line2, postcode, city, country) "
        "VALUES (%(order_id)s, %(recipient)s, %(line1)s, %(line2)s, %(postcode)s, %(city)s, %(country)s)",
        {"order_id": order_id, **address.model_dump()},
    )


def note_end(connection: Connection, order_id: UUID) -> None:
    """The order has come to an end, from which the address is kept for so long and no longer."""
    connection.execute("UPDATE deliveries SET ended_at = now() WHERE order_id = %s", [order_id])


def read(connection: Connection, order_id: UUID) -> DeliveryAddress | None:
    """Where an order goes; None once that is erased, and for an order from before addresses were asked for."""
    row = connection.execute(SELECT, [order_id]).fetchone()
    return DeliveryAddress.model_validate(row) if row else None


SELECT = "SELECT recipient, line1, line2, postcode, city, country FROM deliveries WHERE order_id = %s"
