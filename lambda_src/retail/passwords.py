"""Passwords: what may be one (NIST SP 800-63B-4), and how it is kept (Argon2id)."""

import unicodedata
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from retail.errors import UnsuitablePasswordError

SHORTEST, LONGEST = 15, 128  # the least where nothing but the password is asked for

# OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane. RFC 9106's own choice takes 64 MiB, with which a
# few sign-ins at once would fill a small task.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_hashing = BoundedSemaphore(4)  # 76 MiB at most, however many sign in at once


def check_password(password: str, *, context: tuple[str, ...] = ()) -> None:
    """Refuse what is too short, too long, one of the 30,000 commonest once or over and over, or a word of its context.

    Characters may be any: rules of composition make passwords worse. Raises UnsuitablePasswordError, which says why.
    """
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise UnsuitablePasswordError(f"Use {SHORTEST} characters or more. A few words in a row are easy to remember.")
    if len(normal) > LONGEST:
        raise UnsuitablePasswordError(f"Use {LONGEST} characters or fewer.")
    repeated = _repeated(normal.casefold())
    if repeated in _commonest() or len(set(repeated)) < 3 or repeated in {word.casefold() for word in context}:
        raise UnsuitablePasswordError("This password is one of the first that others would try. Choose another one.")


def hash_password(password: str) -> str:
    """What is kept in place of the password; about 20 ms of one core, on purpose."""
    with _hashing:
        return _hasher.hash(_normal(password))


def is_password(password: str, kept: str | None) -> bool:
    """Whether the password is the one that was kept; takes as long when nothing was kept, and answers no."""
    with _hashing:
        try:
            _hasher.verify(kept or _hash_of_nobody(), _normal(password))
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError) as broken:
            raise ValueError(
                "a stored password hash cannot be read: restore it or have the password set anew"
            ) from broken
    return kept is not None


def needs_rehash(kept: str) -> bool:
    """Whether it was hashed with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)  # the same password from every keyboard


def _repeated(text: str) -> str:
    """What the text repeats over and over; the text itself, where it is there once."""
    length = (text + text).find(text, 1)
    return text[:length]


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash("whoever is not registered")


@cache
def _commonest() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 800 KB that only a registration needs

    return frozenset(FREQUENCY_LISTS["passwords"])
