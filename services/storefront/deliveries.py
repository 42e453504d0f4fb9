"""Where parcels can go, and the address that a customer has just typed.

It stays in the customer's own browser until there is an order to keep it with: signed with the session's id, so it is
of this session or it is nothing, and for as long as a card that was entered can be ordered with.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from fastapi import Request
from iso3166 import countries
from pydantic import AfterValidator, Field, JsonValue, ValidationInfo, field_validator

from retail.delivery import DeliveryAddress
from storefront.cookies import read_cookie, set_cookie
from storefront.sessions import Session

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
    content = urlsafe_b64encode(address.model_dump_json().encode()).decode()
    set_cookie(request, COOKIE, f"{_signature(content, session)}.{content}", seconds=COOKIE_SECONDS)


def remembered(request: Request, session: Session | None) -> DeliveryAddress | None:
    """The address that was typed in this session last; None where there is none of the last twelve hours."""
    if session is None:
        return None
    signature, _, content = read_cookie(request, COOKIE).partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(content, session).encode()):
        return None
    return DeliveryAddress.model_validate_json(urlsafe_b64decode(content))


def _signature(content: str, session: Session) -> str:
    return hmac.digest(session.id.encode(), b"delivery" + content.encode(), "sha256").hex()
