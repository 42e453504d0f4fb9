"""The watch over every log line sees what it is there for, and nothing else."""

import logging

import pytest

from retail.observability import logger
from tests.log_watch import LogWatch, private_in


@pytest.mark.parametrize(
    "line",
    [
        "sent to kim.example@example.com",
        "card 4242 4242 4242 4242",
        '{"card":"5555555555554444"}',
        "token tok_visa",
        "cookie gAbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE.awAqAg.UxX-RRn0MSJIF2dECKF7C_8_kuXI",
        "session AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE",
        '{"id":"gAbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE"}',
        "session:1:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "hash $argon2id$v=19",
        "password seven purple wagons",
        "to 7 Herring Quay",
        '{"city":"Nowhere Sound"}',
        "postcode ZZ993VZ",
    ],
)
def test_what_is_private_is_found(line: str) -> None:
    assert private_in(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"Timestamp":1795174590756}',
        "order 283a2be8-a662-4a48-812e-898e9d5aefdc",
        "4242424242424243 does not add up",
        "duration_ms 12.4242424242424242",
        "the token of its session",
    ],
)
def test_what_is_not_is_left_alone(line: str) -> None:
    assert private_in(line) == []


def test_our_lines_are_read_in_full_and_those_of_libraries_from_warnings_on() -> None:
    library, watch = logging.getLogger("library.of.somebody"), LogWatch()
    for source in (library, logging.getLogger(logger.name)):
        source.addHandler(watch) if source is library else logging.getLogger().addHandler(watch)
    try:
        logger.info("told", address="in.a.field(at)example.com")
        library.warning("careful with %s", "an.argument")
        library.info("unheard")
    finally:
        library.removeHandler(watch)
        logging.getLogger().removeHandler(watch)
    assert any("in.a.field" in line for line in watch.lines)
    assert any("an.argument" in line for line in watch.lines)
