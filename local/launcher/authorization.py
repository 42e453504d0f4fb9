"""What a request is authorized on, where the emulator names other resources than AWS does or leaves a condition out."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_actions, iam_evaluator

_SEPARATOR = "\n"


@dataclass(frozen=True)
class _Request:
    """What a request says: `prefix` is that of the ARNs of its service in its region and account."""

    operation: str
    document: dict[str, Any]
    parameters: dict[str, Any]
    prefix: str


def _crawler(request: _Request) -> list[str]:
    is_one = request.operation.endswith("Crawler") and "Name" in request.document
    return [f"{request.prefix}crawler/{request.document['Name']}"] if is_one else []


def _listener_rule(request: _Request) -> list[str]:
    arn = iam_actions._query_param(request.parameters, "RuleArn")
    return [arn] if arn else []


def _parameters(request: _Request) -> list[str]:
    return [f"{request.prefix}parameter{name}" for name in request.document.get("Names") or []]


def _repositories(request: _Request) -> list[str]:
    return [f"{request.prefix}repository/{name}" for name in request.document.get("repositoryNames") or []]


# The emulator takes a crawler for a table, and a rule or a list of names for everything there is.
_NAMED: dict[str, Callable[[_Request], list[str]]] = {
    "ecr": _repositories,
    "elasticloadbalancing": _listener_rule,
    "glue": _crawler,
    "ssm": _parameters,
}


# The condition keys that AWS fills and the emulator does not, of the request that is being served.
_KEYS: ContextVar[dict[str, str]] = ContextVar("_KEYS")


def _conditions(service: str, body: bytes, parameters: dict[str, Any]) -> dict[str, str]:
    if service != "monitoring":  # as CloudWatch is called in signatures
        return {}
    namespace = iam_actions._param(body, parameters, "Namespace")
    return {"cloudwatch:namespace": namespace} if namespace else {}


def authorize_what_is_named() -> None:
    """Makes a request need the permission for every resource it names, and for no other."""
    extract, enforce = iam_actions.extract_resource_arn, iam_evaluator.enforce

    def extract_all(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any, **named: Any
    ) -> str:
        parameters, region, account = rest
        _KEYS.set(_conditions(service, body, parameters))
        found: list[str] = []
        if service in _NAMED:
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            document = json.loads(body) if operation and body else {}
            found = _NAMED[service](_Request(operation, document, parameters, f"arn:aws:{service}:{region}:{account}:"))
        return _SEPARATOR.join(found) or str(extract(service, method, path, headers, body, *rest, **named))

    def enforce_all(*caller: Any, resource_arn: str = "*", **named: Any) -> Any:
        named["service_context"] = {**_KEYS.get({}), **(named.get("service_context") or {})}
        for arn in resource_arn.split(_SEPARATOR):
            if denied := enforce(*caller, resource_arn=arn, **named):
                return denied
        return None

    iam_actions.extract_resource_arn = extract_all
    iam_evaluator.enforce = enforce_all
