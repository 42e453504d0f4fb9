"""Row P3: what runs at the edge, run by Node.js as CloudFront would run it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import retail_constructs

FUNCTION = Path(retail_constructs.__file__).parent / "edge_functions" / "normalise_request.js"
NODE = Path(sys.executable).parent / "node"
# What the runtime of CloudFront Functions lacks; a function that names it would fail there and work here.
FORBIDDEN = ("require(", "fetch(", "process.", "setTimeout", "eval(", "console.error")


def normalised(uri: str, *, method: str = "GET", headers: tuple[str, ...] = (), **query: str | list[str]) -> Any:
    """What the function makes of a request with these parameters, encoded as they were sent."""
    parameters = {
        name: {"value": value}
        if isinstance(value, str)
        else {"value": value[0], "multiValue": [{"value": one} for one in value]}
        for name, value in query.items()
    }
    request = {
        "method": method,
        "uri": uri,
        "querystring": parameters,
        "headers": {name: {"value": "given"} for name in headers},
        "cookies": {"session": {"value": "1"}},
    }
    script = f"{FUNCTION.read_text()}\nconsole.log(JSON.stringify(handler({json.dumps({'request': request})})))"
    done = subprocess.run([NODE, "-"], input=script, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout)


def location(answer: Any) -> str:
    """Where the function sends the visitor."""
    assert answer["statusCode"] == 301
    return str(answer["headers"]["location"]["value"])


def test_p3_a_file_is_asked_for_by_its_address_alone() -> None:
    for uri in ("/static/abc/shop.css", "/images/MUG.svg"):
        request = normalised(uri, v="2", utm_source="mail")
        assert (request["uri"], request["querystring"], request["cookies"]) == (uri, {}, {})


def test_p3_tracking_parameters_go_and_the_others_stay_in_one_order() -> None:
    request = normalised("/search", utm_source="mail", q="mug", gclid="1", page="2")
    assert list(request["querystring"]) == ["page", "q"]
    assert request["cookies"] == {"session": {"value": "1"}}


def test_p3_an_api_request_is_passed_as_it_is() -> None:
    request = normalised("/api/products/", method="POST", utm_source="mail")
    assert request["uri"] == "/api/products/"
    assert request["querystring"] == {"utm_source": {"value": "mail"}}


@pytest.mark.parametrize(
    ("asked", "page"),
    [("/cart/", "/cart"), ("//cart", "/cart"), ("/products//x/", "/products/x"), ("//", "/"), ("///", "/")],
)
def test_p3_a_page_has_one_address(asked: str, page: str) -> None:
    assert location(normalised(asked)) == page


@pytest.mark.parametrize("asked", ["/\\evil.example/", "//evil.example/", "/\\/evil.example", "\\\\evil.example/"])
def test_p3_nobody_is_sent_to_another_host(asked: str) -> None:
    answer = normalised(asked)
    target = location(answer) if "statusCode" in answer else answer["uri"]
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))


def test_p3_a_page_that_moved_keeps_its_parameters_but_for_tracking() -> None:
    assert location(normalised("/search/", q="a%26b", tag=["x", "y"], fbclid="1")) == "/search?q=a%26b&tag=x&tag=y"


def test_p3_a_form_is_never_redirected() -> None:
    assert normalised("/cart/", method="POST")["uri"] == "/cart/"


def test_p3_the_front_page_stays_where_it_is() -> None:
    assert normalised("/")["uri"] == "/"


@pytest.mark.parametrize("uri", ["/", "/api/orders", "/static/abc/shop.css"])
def test_p3_a_visitor_cannot_claim_another_address_or_the_secret(uri: str) -> None:
    lies = ("x-forwarded-host", "x-original-url", "x-rewrite-url", "x-origin-verify")
    assert normalised(uri, headers=(*lies, "accept-language"))["headers"] == {"accept-language": {"value": "given"}}


def test_p3_the_function_fits_cloudfront() -> None:
    code = FUNCTION.read_text()
    assert len(code.encode()) < 10_000, "the limit of a CloudFront Function"
    assert not [word for word in FORBIDDEN if word in code]
