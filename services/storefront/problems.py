"""Every error as an RFC 9457 problem: JSON for programs, the same words on a page for people."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from retail.database import UNUSABLE
from retail.errors import (
    CacheUnavailableError,
    CardEntryUnavailableError,
    CartFullError,
    CategoryInUseError,
    CategoryTakenError,
    EmptyCartError,
    ForeignCursorError,
    IdempotencyKeyReusedError,
    IllegalTransitionError,
    InsufficientStockError,
    InvalidCategoryError,
    InvalidProductError,
    PaymentGatewayMissingError,
    RequestInProgressError,
    RetailError,
    SignInRequiredError,
    SkuTakenError,
    StaffOnlyError,
    StockAdjustmentReusedError,
    StockOutOfBoundsError,
    TooManyAttemptsError,
    TotalChangedError,
    TotalNotChargeableError,
    UnknownCardEntryError,
    UnknownCategoryError,
    UnknownOrderError,
    UnknownProductError,
    UnsuitablePasswordError,
    VersionConflictError,
    WrongCredentialsError,
    WrongPasswordError,
)
from retail.money import Money
from retail.observability import describe, logger
from storefront.discovery import DiscoveryIncompleteError
from storefront.problem_words import words_for
from storefront.rendering import render

INVALID_REQUEST = "invalid-request"
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"
CHALLENGE = {"WWW-Authenticate": 'Cookie realm="shop", form-action="/account/sign-in"'}


class FieldProblem(BaseModel):
    """What is wrong with one part of the request; its value is never repeated."""

    location: str
    message: str


class Problem(BaseModel):
    """Problem details, RFC 9457."""

    type: str = Field(default="about:blank", description="A URI that names the kind of problem")
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] | None = None


_KINDS: dict[type[RetailError], tuple[int, str]] = {
    EmptyCartError: (409, "empty-cart"),
    InsufficientStockError: (409, "insufficient-stock"),
    CartFullError: (409, "cart-full"),
    IllegalTransitionError: (409, "illegal-transition"),
    IdempotencyKeyReusedError: (422, "idempotency-key-reused"),
    RequestInProgressError: (409, "request-in-progress"),
    UnknownProductError: (404, "unknown-product"),
    UnknownOrderError: (404, "unknown-order"),
    UnknownCategoryError: (404, "unknown-category"),
    ForeignCursorError: (422, "foreign-cursor"),
    InvalidProductError: (422, "invalid-product"),
    SkuTakenError: (409, "sku-taken"),
    InvalidCategoryError: (422, "invalid-category"),
    CategoryTakenError: (409, "category-taken"),
    CategoryInUseError: (409, "category-in-use"),
    StockOutOfBoundsError: (409, "stock-out-of-bounds"),
    StockAdjustmentReusedError: (409, "adjustment-reused"),
    VersionConflictError: (409, "version-conflict"),
    SignInRequiredError: (401, "sign-in-required"),
    WrongCredentialsError: (401, "wrong-credentials"),
    WrongPasswordError: (403, "wrong-password"),
    StaffOnlyError: (403, "staff-only"),
    TooManyAttemptsError: (429, "too-many-attempts"),
    UnsuitablePasswordError: (422, "unsuitable-password"),
    CacheUnavailableError: (503, "cart-unavailable"),
    UnknownCardEntryError: (409, "unknown-card-entry"),
    TotalChangedError: (409, "total-changed"),
    TotalNotChargeableError: (409, "total-not-chargeable"),
    CardEntryUnavailableError: (503, "payments-unavailable"),
    PaymentGatewayMissingError: (503, "payments-unavailable"),
}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems an operation may answer with, for its OpenAPI description."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def answer(
    request: Request,
    status: int,
    detail: str,
    *,
    kind: str | None = None,
    errors: list[FieldProblem] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The problem in the form its reader wants: a page when a browser asks for a page, else problem+json."""
    title = HTTPStatus(status).phrase
    if not request.url.path.startswith("/api") and "text/html" in request.headers.get("accept", ""):
        page = {"title": title, "detail": detail, "errors": _for_people(errors or [], kind)}
        if kind == INVALID_REQUEST:
            page |= {"title": "That did not fit", "detail": "Please go back, put this right and try again."}
        return render(request, "problem.html", page, status=status, headers=headers)
    problem = Problem(
        type=f"urn:retail:problem:{kind}" if kind else "about:blank",
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=errors,
    )
    return JSONResponse(problem.model_dump(exclude_none=True), status, headers, MEDIA_TYPE)


def _for_people(errors: list[FieldProblem], kind: str | None) -> list[str]:
    if kind == INVALID_REQUEST:
        return words_for(error.location for error in errors)
    return [f"{error.location}: {error.message}" for error in errors]


def field_problems(errors: Any) -> list[FieldProblem]:
    """Pydantic's errors without the values they quote. A field's name may be any text of JSON: half a pair as well."""
    return [FieldProblem(location=_written(map(str, error["loc"])), message=error["msg"]) for error in errors]


def _written(location: Iterable[str]) -> str:
    return ".".join(location).encode(errors="replace").decode()


def _differences(error: RetailError) -> list[FieldProblem] | None:
    if not isinstance(error, VersionConflictError):
        return None
    return [
        FieldProblem(location=field, message=f"is {_shown(current)} now, wanted is {_shown(wanted)}")
        for field, (current, wanted) in error.differences.items()
    ]


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Money) else repr(value)


def _methods_of(request: Request) -> list[str]:
    """Every method that the address knows; Starlette names only those of the first route that fits."""
    return [
        method
        for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]


def unexpected(request: Request, error: Exception) -> Response:
    """An error nobody foresaw: reported in full to the log, in one sentence to the customer."""
    logger.error("request failed", error=describe(error))
    return answer(request, 500, "Something went wrong on our side. It has been reported; please try again.")


def _headers(error: RetailError, status: int) -> dict[str, str] | None:
    if isinstance(error, TooManyAttemptsError):
        return {"Retry-After": str(error.retry_after)}
    if status == 503 or isinstance(error, RequestInProgressError):
        return {"Retry-After": RETRY_AFTER_SECONDS}
    return CHALLENGE if status == 401 else None


def install(application: FastAPI) -> None:
    """Turn what endpoints raise into problems."""

    @application.exception_handler(RetailError)
    def refused(request: Request, error: RetailError) -> Response:
        if type(error) not in _KINDS:
            return unexpected(request, error)
        status, kind = _KINDS[type(error)]
        return answer(
            request, status, str(error), kind=kind, errors=_differences(error), headers=_headers(error, status)
        )

    @application.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        detail = "The request does not fit: see what is wrong with each part."
        return answer(request, 422, detail, kind=INVALID_REQUEST, errors=field_problems(error.errors()))

    @application.exception_handler(HTTPException)
    def refused_by_http(request: Request, error: HTTPException) -> Response:
        if error.status_code < 400:
            return Response(status_code=error.status_code, headers=error.headers)
        details = {404: "There is nothing at this address.", 405: "This address does not know that method."}
        detail = details.get(error.status_code, error.detail)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods_of(request))
        return answer(request, error.status_code, detail, headers=headers)

    @application.exception_handler(DiscoveryIncompleteError)
    def unavailable(request: Request, error: Exception) -> Response:
        logger.error("a resource is away", error=describe(error))
        detail = "The shop is not reachable for a moment. Please try again shortly."
        return answer(request, 503, detail, kind="unavailable", headers={"Retry-After": RETRY_AFTER_SECONDS})

    for kind in UNUSABLE:
        application.add_exception_handler(kind, unavailable)
