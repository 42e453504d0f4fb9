"""Resource types that the emulator does not know: recorded, never run, and listed so that nobody is misled.

Their Ref and GetAtt values have the names that CloudFormation's own resource schemas give them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ministack.core.responses import get_account_id, get_region

Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]
Handler = dict[str, Callable[..., Any]]

logger = logging.getLogger("recorded")

# Ours, for what is recorded itself: their functions would call an API that nothing answers here.
_OF_RECORDED_SERVICES: dict[str, dict[str, list[str]]] = {"Custom::WarehouseSetup": {"identifier": [], "read_only": []}}


class Recorder:
    """Makes handlers that only record, and keeps the list of what they recorded in a file."""

    def __init__(self, schemas: Mapping[str, Mapping[str, list[str]]], listing: Path) -> None:
        self._schemas: Mapping[str, Mapping[str, list[str]]] = {**schemas, **_OF_RECORDED_SERVICES}
        self._listing = listing
        self._resources: dict[str, dict[str, str]] = {}
        self._changing = threading.Lock()  # custom resources come from threads of their own

    def types(self) -> list[str]:
        """Every resource type that CloudFormation's schemas list, and ours for services that are recorded."""
        return list(self._schemas)

    def handler(self, resource_type: str) -> Handler:
        """Creates, updates and deletes resources of one type in name only."""

        def create(logical_id: str, properties: Properties, stack: str) -> Created:
            reference, attributes = self._values(resource_type, logical_id, properties, stack)
            self._note(reference, {"stack": stack, "logical_id": logical_id, "type": resource_type})
            return reference, attributes

        def delete(reference: str, _properties: Properties) -> None:
            with self._changing:
                self._resources.pop(reference, None)
                self._write()

        return {"create": create, "delete": delete}

    def _note(self, reference: str, resource: dict[str, str]) -> None:
        logger.info("recorded only: %(type)s %(logical_id)s of %(stack)s", resource)
        with self._changing:
            self._resources[reference] = resource
            self._write()

    def _write(self) -> None:
        draft = self._listing.with_suffix(".new")
        draft.write_text(json.dumps(list(self._resources.values()), indent=2))
        draft.replace(self._listing)  # whoever reads finds it whole

    def _values(self, resource_type: str, logical_id: str, properties: Properties, stack: str) -> Created:
        schema = self._schemas[resource_type]
        unique = f"{logical_id}-{hashlib.sha256(f'{stack}/{logical_id}'.encode()).hexdigest()[:12]}"

        def value(pointer: str) -> str:
            name = pointer.removeprefix("/properties/").replace("/", ".")
            if name in properties:
                return str(properties[name])
            if name.lower().endswith("arn"):
                _, service, kind = resource_type.lower().split("::")
                return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{kind}/{unique}"
            return unique

        attributes = {
            pointer.removeprefix("/properties/").replace("/", "."): value(pointer) for pointer in schema["read_only"]
        }
        reference = "|".join(value(pointer) for pointer in schema["identifier"]) or unique
        return reference, attributes
