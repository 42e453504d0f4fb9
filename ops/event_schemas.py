"""The contracts of the events as JSON Schema, and who tells and who handles them, written from the code to docs/events.

python -m ops.event_schemas
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import create_model

# The functions and their domain package are no package of ours: they are found where Lambda finds them.
ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "lambda_src"))

from inventory_handler import handler as inventory_handler  # noqa: E402
from notification import handler as notification  # noqa: E402
from order_processor import handler as order_processor  # noqa: E402
from retail.events import CONTRACTS, MAJOR_VERSION, Envelope, Payload  # noqa: E402

FOLDER = ROOT / "docs" / "events"
CONSUMERS: Mapping[str, Mapping[str, Any]] = {
    "order processor": order_processor.HANDLERS,
    "inventory handler": inventory_handler.HANDLERS,
    "notification": notification.HANDLERS,
}


def schema_of(payload: type[Payload]) -> dict[str, Any]:
    """The `detail` of an event as it travels: the envelope around this payload."""
    model = create_model(payload.detail_type, __base__=Envelope, payload=(payload, ...))
    schema = model.model_json_schema(mode="serialization")
    schema["properties"]["version"]["pattern"] = rf"^{MAJOR_VERSION}\.\d+$"
    schema["required"] = list(Envelope.model_fields)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:retail:event:{payload.detail_type}:{MAJOR_VERSION}",
        "x-source": payload.source,
        **schema,
        "description": payload.__doc__,
    }


def documents() -> dict[str, str]:
    """Every file of docs/events with its content."""
    schemas = {
        f"{name}.json": json.dumps(schema_of(payload), indent=2) + "\n" for name, payload in sorted(CONTRACTS.items())
    }
    return {**schemas, "README.md": _index()}


def _index() -> str:
    rows = [
        f"| [{name}]({name}.json) | {payload.__doc__} | `{payload.source}` "
        f"| {', '.join(one for one, handles in CONSUMERS.items() if name in handles)} | `raw/{payload.topic}/` |"
        for name, payload in CONTRACTS.items()
    ]
    return "\n".join(
        [
            "# Events",
            "",
            "Written by `make events` from the models in `lambda_src/retail/events.py`; a test fails when it is stale.",
            "Each schema is that of the event's `detail` on the bus `RetailEventBus`. A consumer accepts fields",
            "that it does not know and refuses a major version that it does not know.",
            "",
            "| event | what happened | source | handled by | kept in |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def main() -> None:
    """Write what is new and remove what has no contract any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    for path in FOLDER.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_text(content, encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} files in {FOLDER.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
