"""Stripe's API as its documentation describes it, as far as the gateway speaks to it: on a port of this machine.

It refuses what Stripe refuses (no key, no idempotency key, unknown fields, another request under the same key), keeps
its answers under their keys, and has one charge for each PaymentIntent that succeeded.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

KEY = "sk_test_of_these_tests"
PATIENCE_SECONDS = 60
CHARGE_FIELDS = {
    *("amount", "currency", "payment_method", "confirm", "off_session", "error_on_requires_action"),
    *("automatic_payment_methods[enabled]", "automatic_payment_methods[allow_redirects]", "metadata[order_id]"),
}
SESSION_FIELDS = {
    *("mode", "customer_creation", "customer_email", "client_reference_id", "success_url", "cancel_url"),
    *("allowed_payment_method_types[0]", "metadata[total]", "metadata[currency]"),
}
REFUND_FIELDS = {"payment_intent", "amount", "metadata[order_id]"}

Answer = tuple[int, dict[str, Any]]


def card_error(code: str, message: str, intent: dict[str, Any]) -> Answer:
    """402, with the intent inside, back where it waits for another card."""
    error = {"type": "card_error", "code": code, "message": message, "payment_intent": intent}
    return 402, {"error": error}


def invalid(message: str, param: str | None = None, code: str | None = None) -> Answer:
    """400."""
    return 400, {"error": {"type": "invalid_request_error", "message": message, "param": param, "code": code}}


class StripeApi:
    """What Stripe knows, and how it misbehaves next."""

    def __init__(self) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.attached: dict[str, str] = {}  # a card, and the customer it belongs to
        self.kept: dict[str, tuple[dict[str, str], Answer]] = {}
        self.requests: Counter[str] = Counter()
        self.misbehave: list[str] = []
        self.keys = {KEY}
        self.lock = Lock()
        self.is_given_up = Event()  # only then is it no longer slow

    @property
    def charges(self) -> list[str]:
        """The orders that money was taken for, once for each time it was."""
        return [one["metadata"]["order_id"] for one in self.intents.values() if one["status"] == "succeeded"]

    def enter_card(self, session_id: str, card: str = "pm_card_visa") -> str:
        """What a customer does on Stripe's page; returns where Stripe sends them."""
        session = self.sessions[session_id]
        customer = f"cus_{len(self.attached) + 1}"
        self.attached[card] = customer
        setup = {"object": "setup_intent", "id": f"seti_{session_id}", "status": "succeeded", "customer": customer}
        session |= {"status": "complete", "customer": customer, "url": None}
        session["setup_intent"] = setup | {"payment_method": card}
        address: str = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id)
        return address

    def post(self, path: str, form: dict[str, str], key: str) -> Answer:
        if not key:
            return invalid("These tests want an idempotency key on every POST.")
        if key in self.kept:
            first, answer = self.kept[key]
            if first != form:
                error = {"type": "idempotency_error", "message": "Keys can only be used with the same parameters."}
                return 400, {"error": error}
            return answer
        answer = {
            "/v1/payment_intents": self._charge,
            "/v1/refunds": self._refund,
            "/v1/checkout/sessions": self._open_session,
        }[path](form)
        if self._next() == "fails after it charged":
            answer = 500, {"error": {"type": "api_error", "message": "An error occurred."}}
        if answer[0] != 400:  # what fails validation is not kept
            self.kept[key] = form, answer
        return answer

    def get(self, path: str, query: dict[str, list[str]]) -> Answer:
        if path == "/v1/payment_intents/search":
            wanted = query["query"][0]
            found = [one for one in self.intents.values() if wanted == f"metadata['order_id']:'{_order(one)}'"]
            return 200, {"object": "search_result", "url": path, "has_more": False, "data": found}
        if path.startswith("/v1/checkout/sessions/"):
            session = self.sessions.get(path.rpartition("/")[2])
            if session is None:
                return 404, invalid("No such checkout.session", "session", "resource_missing")[1]
            setup = session["setup_intent"]
            expanded = query.get("expand[0]") == ["setup_intent"]
            return 200, session if expanded or setup is None else session | {"setup_intent": setup["id"]}
        found = [one for one in self.refunds.values() if one["payment_intent"] == query["payment_intent"][0]]
        return 200, {"object": "list", "url": path, "has_more": False, "data": found}

    def _next(self, *wanted: str) -> str | None:
        if self.misbehave and (not wanted or self.misbehave[0] in wanted):
            return self.misbehave.pop(0)
        return None

    def _charge(self, form: dict[str, str]) -> Answer:
        if set(form) - {"customer"} != CHARGE_FIELDS:
            return invalid(f"Received unknown or missing parameters: {set(form) ^ CHARGE_FIELDS}")
        if not form["amount"].isdigit() or form["currency"] != form["currency"].lower():
            return invalid("Invalid integer or currency", "amount")
        card = form["payment_method"]
        if not card.startswith("pm_card_"):
            return invalid(f"No such PaymentMethod: '{card}'", "payment_method", "resource_missing")
        if self.attached.get(card) != form.get("customer"):
            return invalid("The payment method belongs to a Customer: include it.", "payment_method")
        intent: dict[str, Any] = {
            "id": f"pi_{len(self.intents) + 1}",
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "currency": form["currency"],
            "metadata": {"order_id": form["metadata[order_id]"]},
            "status": "requires_payment_method",
        }
        self.intents[intent["id"]] = intent
        if card == "pm_card_chargeDeclinedInsufficientFunds":
            return card_error("card_declined", "Your card has insufficient funds.", intent)
        if card == "pm_card_authenticationRequired":
            return card_error("authentication_required", "Your card requires authentication.", intent)
        intent["status"] = "succeeded"
        return 200, intent

    def _open_session(self, form: dict[str, str]) -> Answer:
        if set(form) != SESSION_FIELDS or form["mode"] != "setup" or form["customer_creation"] != "always":
            return invalid(f"Received unknown or missing parameters: {set(form) ^ SESSION_FIELDS}")
        if not form["success_url"].startswith("https://") or not form["cancel_url"].startswith("https://"):
            return invalid("Not a valid URL", "success_url", "url_invalid")
        id = f"cs_test_{len(self.sessions) + 1}"
        self.sessions[id] = {
            "id": id,
            "object": "checkout.session",
            "created": int(time.time()),
            "mode": "setup",
            "status": "open",
            "url": f"https://checkout.stripe.com/c/pay/{id}#fragment",
            "customer": None,
            "setup_intent": None,
            "metadata": {"total": form["metadata[total]"], "currency": form["metadata[currency]"]},
            **{name: form[name] for name in ("customer_email", "client_reference_id", "success_url", "cancel_url")},
        }
        return 200, self.sessions[id]

    def _refund(self, form: dict[str, str]) -> Answer:
        if set(form) != REFUND_FIELDS:
            return invalid(f"Received unknown or missing parameters: {set(form) ^ REFUND_FIELDS}")
        intent = form["payment_intent"]
        if any(refund["payment_intent"] == intent for refund in self.refunds.values()):
            return invalid("Charge has already been refunded.", code="charge_already_refunded")
        id = f"re_{len(self.refunds) + 1}"
        refund = {"id": id, "object": "refund", "status": "succeeded", "amount": int(form["amount"])}
        self.refunds[id] = refund | {"payment_intent": intent}
        return 200, self.refunds[id]


def _order(intent: dict[str, Any]) -> str:
    order_id: str = intent["metadata"]["order_id"]
    return order_id


@contextmanager
def serve(api: StripeApi) -> Iterator[str]:
    """The API's address, while it runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self._answer(lambda: api.get(url.path, parse_qs(url.query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            key = self.headers.get("Idempotency-Key", "")
            self._answer(lambda: api.post(self.path, dict(parse_qsl(body)), key))

        def _answer(self, work: Any) -> None:
            api.requests[f"{self.command} {urlsplit(self.path).path}"] += 1
            if self.headers.get("Authorization", "").removeprefix("Bearer ") not in api.keys:
                return self._send(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}})
            if not self.headers.get("Stripe-Version"):
                return self._send(400, {"error": {"type": "invalid_request_error", "message": "no version"}})
            with api.lock:
                if api._next("is busy"):
                    error = {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}
                    return self._send(429, {"error": error})
                slow = api._next("is slow after it charged")
                status, content = work()
            if slow:
                api.is_given_up.wait(PATIENCE_SECONDS)
            return self._send(status, content)

        def _send(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Request-Id", "req_1")
            self.end_headers()
            try:
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                return  # whoever asked has given up, which is what some of these tests are about

        def log_message(self, *_: Any) -> None:
            """Say nothing: the tests' output is for their failures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
