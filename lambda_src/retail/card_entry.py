"""Entering a card where no number ever reaches us: a port for the pages of whoever takes the payments."""

from dataclasses import dataclass, field
from typing import Protocol

from retail.money import Money


@dataclass(frozen=True)
class EnteredCard:
    """A card that its owner has entered: the token to charge, who orders, and for how much they said so."""

    token: str = field(repr=False)
    email: str = field(repr=False)
    total: Money


class CardEntry(Protocol):
    """Whoever has a page where customers enter their cards.

    `reference` is a name of the browser session that nobody else can compute; it ties what was entered to it. Both
    methods raise CardEntryUnavailableError.
    """

    def begin(self, *, reference: str, email: str, total: Money, key: str) -> str:
        """The address of a page for one card; the same for the same arguments, so that a second click opens no other.

        From there the customer comes back to /checkout/paid?card=<entry>, or to /checkout when they gave it up.
        """

    def entered(self, entry: str, *, reference: str) -> EnteredCard | None:
        """The card, or None where there is none of this session that is complete and from today."""
