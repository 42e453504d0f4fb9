"""The resources that a request is authorized on, where the emulator names others than AWS does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions, iam_evaluator

_SEPARATOR = "\n"


def _crawler(operation: str, request: dict[str, Any]) -> list[str]:
    return [f"crawler/{request['Name']}"] if operation.endswith("Crawler") and "Name" in request else []


def _parameters(_operation: str, request: dict[str, Any]) -> list[str]:
    return [f"parameter{name}" for name in request.get("Names") or []]


def _repositories(_operation: str, request: dict[str, Any]) -> list[str]:
    return [f"repository/{name}" for name in request.get("repositoryNames") or []]


# The emulator takes a crawler for a table, and a list of names for everything there is.
_NAMED: dict[str, Callable[[str, dict[str, Any]], list[str]]] = {
    "ecr": _repositories,
    "glue": _crawler,
    "ssm": _parameters,
}


def authorize_what_is_named() -> None:
    """Makes a request need the permission for every resource it names, and for no other."""
    extract, enforce = iam_actions.extract_resource_arn, iam_evaluator.enforce

    def extract_all(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any, **named: Any
    ) -> str:
        region, account = rest[-2:]
        request = json.loads(body) if service in _NAMED and body else {}
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        names = _NAMED[service](operation, request) if request else []
        arns = _SEPARATOR.join(f"arn:aws:{service}:{region}:{account}:{name}" for name in names)
        return arns or str(extract(service, method, path, headers, body, *rest, **named))

    def enforce_all(*caller: Any, resource_arn: str = "*", **named: Any) -> Any:
        for arn in resource_arn.split(_SEPARATOR):
            if denied := enforce(*caller, resource_arn=arn, **named):
                return denied
        return None

    iam_actions.extract_resource_arn = extract_all
    iam_evaluator.enforce = enforce_all
