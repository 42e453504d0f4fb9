"""What a log says about errors, and for libraries."""

import json
import logging

import pytest
from fastapi.exceptions import ResponseValidationError
from pydantic import BaseModel, ValidationError

from retail.discretion import describe, discreet
from retail.log_lines import LibraryLines, LogLines
from retail.observability import correlate
from tests.log_watch import private_in
from tests.retail.shop import EMAIL


class Parcel(BaseModel):
    weight: int
    address: str


def test_a_model_that_does_not_fit_is_described_without_what_it_was_given() -> None:
    with pytest.raises(ValidationError) as raised:
        Parcel.model_validate({"weight": "Kim Example", "address": {"email": EMAIL}})
    described = describe(raised.value)
    assert described["reason"].startswith("weight: Input should be a valid integer")
    assert "address: Input should be a valid string" in described["reason"]
    assert private_in(described["reason"]) == []


def test_an_answer_that_does_not_fit_is_described_without_its_content() -> None:
    wrong = {"loc": ("response", "name"), "msg": "Field required", "input": {"email": EMAIL, "name": "Kim Example"}}
    described = describe(ResponseValidationError([wrong]))
    assert described["reason"] == "response.name: Field required"


@pytest.mark.parametrize(
    "private", [EMAIL, "4242 4242 4242 4242", "5555555555554444", '"kim.example@post.example.org"']
)
def test_what_an_error_quotes_is_taken_out(private: str) -> None:
    reason = describe(ValueError(f'invalid input syntax for type uuid: {private}, "x"'))["reason"]
    assert reason.startswith("invalid input syntax for type uuid: ")
    assert private not in reason
    assert private_in(reason) == []


@pytest.mark.parametrize("harmless", ["7f4c1f52-8f5b-4a53-9f5e-0c8a3a7a4e11", "port 5432", "2026-11-20 12:00:00", "@x"])
def test_what_is_harmless_stays(harmless: str) -> None:
    assert discreet(harmless) == harmless


def test_a_library_speaks_in_our_form_under_the_correlation_id_of_the_request() -> None:
    ours = LogLines()
    ours.append_keys(service="storefront")
    correlate("a-correlation-id")
    try:
        raise ValueError(f"Failing row contains ({EMAIL})")
    except ValueError as error:
        record = logging.LogRecord("psycopg.pool", logging.WARNING, __file__, 7, "lost %s", ("one",), None, "check")
        record.exc_info = (type(error), error, error.__traceback__)
        record.color_message = f"coloured {EMAIL}"
    line = LibraryLines(ours).format(record)
    told = json.loads(line)
    assert (told["level"], told["message"], told["library"]) == ("WARNING", "lost one", "psycopg.pool")
    assert (told["service"], told["correlation_id"]) == ("storefront", "a-correlation-id")
    assert (told["error"]["error_type"], told["error"]["reason"]) == ("ValueError", "Failing row contains ([address])")
    assert private_in(line) == []
