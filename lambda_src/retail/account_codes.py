"""Account codes: how people name an account to each other, in ten letters and digits that cannot be confused.

Anybody may open an account with anybody's e-mail address, so an address says nothing about who is behind an account.
Its code stands on its own page, for whoever is signed in: who reads it out to a colleague says which account is theirs.
It is no secret, for nothing can be done with it but to name the account.
"""

import base64
from uuid import UUID

from retail.errors import WrongAccountCodeError

_RANDOM_BYTES = 6  # of a UUIDv4; with the next one its version begins
_LENGTH = 10
_STANDARD, _CROCKFORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_CROCKFORD = str.maketrans(_STANDARD, _CROCKFORD)
_FROM_CROCKFORD = str.maketrans(_CROCKFORD + "OILU", _STANDARD + "ABB!", "- ")  # it has no U


def account_code(customer_id: UUID) -> str:
    """The code of an account, from the random bits its id begins with, as in `7ZBK4-M20XW` (Crockford's base 32)."""
    letters = base64.b32encode(customer_id.bytes[:_RANDOM_BYTES]).decode().rstrip("=").translate(_TO_CROCKFORD)
    return f"{letters[: _LENGTH // 2]}-{letters[_LENGTH // 2 :]}"


def customer_ids(code: str) -> tuple[UUID, UUID]:
    """The first and the last id that an account with this code may have. Raises WrongAccountCodeError.

    Read as people write: small letters, O for 0, I and L for 1, with or without the dash. One shop of a million
    accounts in 500 has two with the same code, so whoever acts on an account checks that it is the only one.
    """
    letters = code.upper().translate(_FROM_CROCKFORD)
    try:
        first = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        first = b""
    if len(first) != _RANDOM_BYTES or base64.b32encode(first).decode().rstrip("=") != letters:
        raise WrongAccountCodeError
    rest = 16 - _RANDOM_BYTES
    return UUID(bytes=first + bytes(rest)), UUID(bytes=first + b"\xff" * rest)
