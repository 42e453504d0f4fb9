"""Amounts of money, exact to the cent."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

CENT = Decimal("0.01")
SHOP_CURRENCY = "USD"  # of everything that is sold: a cart has one sum


def _to_the_cent(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2), AfterValidator(_to_the_cent)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]


class Money(BaseModel):
    """A non-negative amount in one currency; serialized as a decimal string, never as a float."""

    model_config = ConfigDict(frozen=True)

    amount: Amount
    currency: Currency

    def times(self, quantity: int) -> "Money":
        """This price for several pieces; as any sum, it may be more than what is taken from outside."""
        return self.model_copy(update={"amount": self.amount * quantity})

    def plus(self, other: "Money") -> "Money":
        """The sum; raises ValueError when the currencies differ, because nothing here converts."""
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}: convert one of them first")
        return self.model_copy(update={"amount": self.amount + other.amount})

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:,.2f}"
