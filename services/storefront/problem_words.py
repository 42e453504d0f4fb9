"""What was wrong with a request, in words for whoever reads a page: their field, and what would be right."""

from collections.abc import Iterable

from retail.cart import LARGEST_QUANTITY
from retail.product_lists import LARGEST_PAGE, LONGEST_SEARCH

_WORDS = {
    "quantity": f"Quantity: choose a whole number from 1 to {LARGEST_QUANTITY}.",
    "min_price": "Price from: a number such as 24.50.",
    "max_price": "Price to: a number such as 24.50.",
    "q": f"Search: {LONGEST_SEARCH} characters at most.",
    "category": "Category: choose one of those in the list.",
    "sort": "Sort by: choose one of those in the list.",
    "limit": f"So many on a page: from 1 to {LARGEST_PAGE}.",
    "cursor": "This page of the list is not there any more: start from the first one.",
    "after": "This page of the list is not there any more: start from the first one.",
    "before": "This page of the list is not there any more: start from the first one.",
    "card": "The card's entry could not be read: please enter it again.",
    "number": "Order number: 100 characters at most.",
}
_ANY_OTHER = "Something in the address or the form is not as the page meant it: please open the page anew."


def words_for(locations: Iterable[str]) -> list[str]:
    """A sentence for each part that is wrong, none twice."""
    return list(dict.fromkeys(_WORDS.get(location.rpartition(".")[2], _ANY_OTHER) for location in locations))
