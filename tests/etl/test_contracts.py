"""The job's contracts are those of the shop: what the models ask for, the job asks for, by the same names."""

from __future__ import annotations

from typing import Any

import pytest

from curation.contracts import BEGAN, CONTRACTS, ENVELOPE, MAJOR_VERSION, Kind
from retail import events
from retail.events import Envelope, Payload

MODELS = {model.detail_type: model for model in Payload.__subclasses__()}


def kind_of(schema: dict[str, Any], definitions: dict[str, Any]) -> Kind:
    """What a property of a model's JSON schema is to the job."""
    schema = next((each for each in schema.get("anyOf", []) if each != {"type": "null"}), schema)
    match schema:
        case {"format": "uuid"}:
            return Kind.UUID
        case {"type": "string", "minLength": 1}:
            return Kind.NAME
        case {"type": "string"}:
            return Kind.TEXT
        case {"type": "boolean"}:
            return Kind.FLAG
        case {"type": "integer", "exclusiveMinimum": 0}:
            return Kind.QUANTITY
        case {"type": "integer", "minimum": 0}:
            return Kind.COUNT
        case {"type": "integer"}:
            return Kind.INTEGER
        case {"$ref": "#/$defs/Money"}:
            return Kind.MONEY
        case {"type": "array", "items": {"type": "string"}}:
            return Kind.TEXTS
        case {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/OrderLine"}}:
            return Kind.ORDER_LINES
        case {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/ReservedLine"}}:
            return Kind.RESERVED_LINES
    raise AssertionError(f"the job has no kind for {schema}: add one, with its check")


def test_every_event_of_the_shop_has_a_contract_and_no_other() -> None:
    assert set(CONTRACTS) == set(MODELS)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_job_asks_of_an_event_what_its_model_asks(name: str) -> None:
    schema = MODELS[name].model_json_schema(mode="validation")
    expected = {
        field: (kind_of(value, schema.get("$defs", {})), field in schema.get("required", []))
        for field, value in schema["properties"].items()
    }

    assert {field: (kind, required) for field, kind, required in CONTRACTS[name].fields()} == expected


def test_lines_have_the_fields_that_the_job_reads_and_counts() -> None:
    assert set(events.OrderLine.model_fields) == {"product_id", "sku", "name", "quantity", "unit_price"}
    assert set(events.ReservedLine.model_fields) == {"product_id", "quantity"}


def test_envelope_is_the_same() -> None:
    assert {*Envelope.model_fields, "detail_type", "source"} == set(ENVELOPE)
    assert MAJOR_VERSION == events.MAJOR_VERSION
    assert events.BEGAN.isoformat() == BEGAN
