"""Somebody with an account, for tests."""

from fastapi.testclient import TestClient
from httpx2 import Response

PASSWORD = "seven purple wagons"


def register(client: TestClient, email: str, password: str = PASSWORD) -> Response:
    """Ask for an account."""
    return client.post("/api/customers", json={"email": email, "name": "Kim Example", "password": password})


def sign_in(client: TestClient, email: str, password: str = PASSWORD) -> Response:
    """Ask to be let in."""
    return client.post("/api/session", json={"email": email, "password": password})


def signed_in(client: TestClient, email: str) -> TestClient:
    """The client, signed in with an account of its own."""
    assert register(client, email).status_code == 202
    assert sign_in(client, email).status_code == 204
    return client
