"""What the shop refuses; every message may be shown to a customer."""

import math
from uuid import UUID


class RetailError(Exception):
    """A rule of the shop says no; the message says why, and what to do where something can be done."""


class PermanentError(RetailError):
    """Trying again changes nothing: a person has to act first."""


class MalformedMessageError(PermanentError):
    """The message breaks its contract."""


class EmptyCartError(RetailError):
    """There is nothing to order."""

    def __init__(self) -> None:
        super().__init__("The cart is empty: put something into it first.")


class CartFullError(RetailError):
    """A cart holds so many products and no more."""

    def __init__(self, most: int) -> None:
        super().__init__(f"A cart holds {most} different products at most: take one out, or order these first.")


class UnknownProductError(RetailError):
    """No such product is sold here."""

    def __init__(self, product_id: UUID) -> None:
        super().__init__(f"There is no product {product_id}.")
        self.product_id = product_id


class UnknownCategoryError(RetailError):
    """No such category is there."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no category {slug!r}.")


class ForeignCursorError(RetailError):
    """Where a page should begin was not said by an answer to the same question."""

    def __init__(self) -> None:
        super().__init__("This is not the continuation of that list: start from its first page.")


class InvalidProductError(RetailError):
    """A product cannot be like that."""


class SkuTakenError(RetailError):
    """Another product has this article number."""

    def __init__(self, sku: str) -> None:
        super().__init__(f"The article number {sku} is taken: choose another one.")


class InvalidCategoryError(RetailError):
    """No product can be the cover that is not there."""

    def __init__(self, cover_sku: str) -> None:
        super().__init__(f"There is no article {cover_sku} whose picture could stand for the category.")


class CategoryTakenError(RetailError):
    """Another category has this name or address; `field` says which of the two."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"Another category has {value!r} already: choose another one.")
        self.field = field


class CategoryInUseError(RetailError):
    """Only an empty category may be removed."""

    def __init__(self, name: str, products: int) -> None:
        stand = "one product stands" if products == 1 else f"{products} products stand"
        super().__init__(f"On {name} {stand}, on sale or not: take them off it first, then remove it.")


class VersionConflictError(RetailError):
    """Somebody else has made a change in the meantime; `differences` has what is there now and what was wanted."""

    def __init__(self, version: int, differences: dict[str, tuple[object, object]]) -> None:
        super().__init__("Somebody else has changed this in the meantime: compare, then save again.")
        self.version = version
        self.differences = differences


class StockOutOfBoundsError(RetailError):
    """The stock cannot be corrected by that much."""

    def __init__(self, *, change: int, stock: int, reserved: int, most: int) -> None:
        if change < 0:
            words = f"at most {stock - reserved:,} can be taken away"
        else:
            words = f"at most {most - stock:,} can be added, for a stock of {most:,}"
        super().__init__(
            f"{abs(change):,} are too many. There are {stock:,} pieces, {reserved:,} of them reserved: {words}."
        )


class StockAdjustmentReusedError(RetailError):
    """The id of a correction was used for another one."""

    def __init__(self) -> None:
        super().__init__("This id stands for another correction of the stock: choose a new one.")


class InsufficientStockError(RetailError):
    """More pieces are wanted than are free."""

    def __init__(self, *, product_id: UUID, name: str, wanted: int, available: int) -> None:
        left = f"only {available} left" if available else "sold out"
        super().__init__(f"{name}: {wanted} wanted, {left}.")
        self.product_id = product_id
        self.available = available


class UnknownOrderError(PermanentError):
    """No such order, or not one that the asker may see."""

    def __init__(self, order_id: UUID) -> None:
        super().__init__(f"There is no order {order_id}.")


class IllegalTransitionError(PermanentError):
    """The order is not in the state that this step starts from."""


class CacheUnavailableError(RetailError):
    """The cache does not answer; what it held is to be treated as absent."""

    def __init__(self) -> None:
        super().__init__("The cart cannot be reached at the moment. Nothing is lost: please try again shortly.")


class PaymentGatewayMissingError(PermanentError):
    """This environment cannot take money, so nothing may be given away."""


class CardEntryUnavailableError(RetailError):
    """The page for cards cannot be opened, or what was entered there cannot be looked at."""

    def __init__(self) -> None:
        super().__init__("Cards cannot be taken for a moment. Nothing was charged: please try again shortly.")


class UnknownCardEntryError(RetailError):
    """What came back from the page for cards is not a card that this customer has just entered."""

    def __init__(self) -> None:
        super().__init__("That card could not be used. Nothing was charged: please enter it again.")


class TotalChangedError(RetailError):
    """The cart costs something else than the customer agreed to."""

    def __init__(self, agreed: object, total: object) -> None:
        super().__init__(
            f"Your cart is {total} now, it was {agreed} when you agreed to it. Nothing was ordered or charged: "
            "please look at it once more, then check out again."
        )


class TotalNotChargeableError(RetailError):
    """The cart comes to less, or to more, than a card can be charged with."""

    def __init__(self, total: object, *, least: object, most: object) -> None:
        super().__init__(
            f"Your cart is {total}; an order comes to {least} at least and to {most} at most. "
            "Nothing was ordered or charged: please change what is in it."
        )


class UnsuitablePasswordError(RetailError):
    """Too short, too long, or too easily guessed."""


class SignInRequiredError(RetailError):
    """Only a signed-in customer may do this."""

    def __init__(self) -> None:
        super().__init__("Please sign in first.")


class WrongCredentialsError(RetailError):
    """No account has this address and this password; which of the two is wrong stays untold."""

    def __init__(self) -> None:
        super().__init__("That address and password do not belong together. Please check both.")


class WrongPasswordError(RetailError):
    """Whoever is signed in did not say their own password, which what they want takes."""

    def __init__(self) -> None:
        super().__init__("This is not your password. Nothing was changed: please type it once more.")


class WrongAccountCodeError(RetailError):
    """This is no account's code."""

    def __init__(self) -> None:
        super().__init__("An account code has ten letters and digits, such as 7ZBK4-M20XW: see the account's own page.")


class StaffOnlyError(RetailError):
    """Only people who work here may do this."""

    def __init__(self) -> None:
        super().__init__("This is for people who work here.")


class IdempotencyKeyReusedError(RetailError):
    """One key, two different requests."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request: take a new one for each.")


class RequestInProgressError(RetailError):
    """The same request is being served at this moment."""

    def __init__(self) -> None:
        super().__init__("The same request is in progress. Ask again in some seconds, with the same key.")


class TooManyAttemptsError(RetailError):
    """Somebody, or something, guesses."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Please wait {math.ceil(retry_after / 60)} minutes and try again.")
        self.retry_after = retry_after


class PaymentUndecidedError(RetailError):
    """The gateway's answer is not known: it may have charged. Asking again finds out."""
