"""Where parcels can go, and the address that a customer has just typed.

It stays in the customer's own browser until there is an order to keep it with: sealed for the session, so it is what
was typed there or it is nothing, and for as long as a card that was entered can be ordered with.
"""

from typing import Annotated

from fastapi import Request
from iso3166 import countries
from pydantic import AfterValidator, Field, JsonValue, ValidationError, ValidationInfo, field_validator

from retail.delivery import DeliveryAddress
from storefront.sessions import Session, read_sealed_cookie, set_sealed_cookie

COOKIE = "delivery"
COOKIE_SECONDS = 12 * 3600

NOT_SERVED = frozenset({"CU", "IR", "KP"})  # the edge refuses their visitors as well
COUNTRIES = {country.alpha2: country.apolitical_name for country in countries if country.alpha2 not in NOT_SERVED}
# Of the Universal Postal Union's list; elsewhere a letter without one is late at best.
_NO_POSTCODES = (
    "AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CK CM DJ DM ER FJ GA GD GM GQ GY HK KI KM KN LY ML MO MR MW NR NU QA "
    "RW SB SC SL SR ST SX SY TD TG TK TL TO TV UG VU YE ZW"
)
WITHOUT_POSTCODES = frozenset(_NO_POSTCODES.split())


def _served(country: str) -> str:
    if country not in COUNTRIES:
        raise ValueError("we deliver to no such country: take its code of ISO 3166-1 alpha-2")
    return country


class WantedDelivery(DeliveryAddress):
    """An address that a parcel can be sent to."""

    country: Annotated[str, AfterValidator(_served)] = Field(
        repr=False,
        description="ISO 3166-1 alpha-2",
        examples=["NO"],
        json_schema_extra={"enum": list[JsonValue](COUNTRIES)},
    )

    @field_validator("postcode")
    @classmethod
    def _postcode_where_there_are_any(cls, postcode: str, info: ValidationInfo) -> str:
        if not postcode and info.data.get("country") not in WITHOUT_POSTCODES:
            raise ValueError("addresses in this country have a postcode")
        return postcode


def remember(request: Request, session: Session, address: DeliveryAddress) -> None:
    """Answer with what was typed, for the rest of this checkout."""
    set_sealed_cookie(request, session, COOKIE, address.model_dump_json().encode(), seconds=COOKIE_SECONDS)


def remembered(request: Request, session: Session | None) -> WantedDelivery | None:
    """The address that was typed in this session last; None where there is none of the last twelve hours.

    Nor where a parcel cannot be sent to it: what another release took may be refused by now.
    """
    typed = read_sealed_cookie(request, session, COOKIE) if session else b""
    try:
        return WantedDelivery.model_validate_json(typed) if typed else None
    except ValidationError:
        return None
