"""Nothing private in any log line, of any test, in any process that a test starts.

Private are e-mail addresses, card numbers, sessions (cookie, bare id and the key that is stored for it), tokens of the
payment gateway, password hashes, and the passwords, names and addresses that tests use for customers.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

from retail.log_lines import LibraryLines

PRIVATE = re.compile(
    r"[\w.+-]+@[\w-]+\.[a-z]{2,}|\b(?:tok|pm|cus|cs)_[a-z0-9]|seven purple wagons|wrong (?:password|guess)|Kim Example|"
    r"Herring Quay|Nowhere Sound|ZZ99 ?3VZ|"
    r"\b[gc][\w-]{43}\.[\w-]+\.[\w-]{20,}|\$argon2",
    re.IGNORECASE,
)
# 43 characters of chance, but no logical id of a template, which ends in eight capital digits of base 16.
SESSION = re.compile(
    r"(?<![\w-])[gc]?(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{43}(?<![0-9A-F]{8})(?![\w-])|"
    r"(?<![\w-])[0-9a-f]{64}(?![\w-])"
)
CARD = re.compile(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w.-])")


def private_in(text: str) -> list[str]:
    """Whatever in a log is nobody's business."""
    cards = (found.group() for found in CARD.finditer(text))
    return PRIVATE.findall(text) + SESSION.findall(text) + [card for card in cards if _passes_luhn(card)]


def assert_nothing_private(log: Path) -> None:
    """Look through the output of a process."""
    for line in log.read_text(errors="replace").splitlines():
        assert private_in(line) == [], f"{log.name} says: {line[:500]}"


def _passes_luhn(card: str) -> bool:
    digits = [int(digit) for digit in reversed(card) if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


class LogWatch(logging.Handler):
    """Reads along as CloudWatch would: our own lines from INFO, those of libraries from WARNING."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, in the form in which its own handler would write it."""
        handlers = logging.getLogger(record.name).handlers
        if handlers or record.levelno >= logging.WARNING:
            formatters = [handler.formatter for handler in (*handlers, *logging.getLogger().handlers)]
            own = formatters[0] if handlers else None
            libraries = next((one for one in formatters if isinstance(one, LibraryLines)), None)
            self.lines.append((own or libraries or logging.Formatter()).format(record))
