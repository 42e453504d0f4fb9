"""The OpenAPI document: what FastAPI reads off the endpoints, and what happens around every one of them."""

from typing import Any

from fastapi import FastAPI

from storefront.forgery import SAFE_METHODS
from storefront.problems import Problem, answers

EVERY_REQUEST: tuple[int, ...] = (400, 414, 429, 431)  # see RequestLimits and RateLimits
EVERY_CHANGE = (403, 415)  # see ForgeryGuard
EVERY_BODY = (408, 413)


def install(application: FastAPI) -> None:
    """Complete the document of this application, when it is first asked for."""
    describe_endpoints = application.openapi

    def describe_everything() -> dict[str, Any]:
        if application.openapi_schema is None:
            description = describe_endpoints()
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts = problem.pop("$defs")
            description["components"]["schemas"] |= {"Problem": problem, **parts}
            for path in description["paths"].values():
                for method, operation in path.items():
                    _complete(operation, method.upper())
        return describe_endpoints()  # which FastAPI keeps

    application.openapi = describe_everything  # type: ignore[method-assign]  # FastAPI's documented way


def _complete(operation: dict[str, Any], method: str) -> None:
    refusals = EVERY_REQUEST
    if method not in SAFE_METHODS:
        refusals += EVERY_CHANGE
    if "requestBody" in operation:
        refusals += EVERY_BODY
    for status, described in answers(*refusals).items():
        operation["responses"].setdefault(str(status), described)
    if "security" in operation and "401" not in operation["responses"]:
        operation["security"].append({})  # a session is begun where there is none
