"""Rows P7 and P8: customers, their sessions and who works here, on the deployed cache and database."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.platform.deployed import Deployed
from tests.retail.shop import CHECKOUT

EMAIL = "kim.example@example.com"
ACCOUNT = {"email": EMAIL, "password": "seven purple wagons"}


def staff(platform: Deployed, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The tool, in the account of the platform."""
    command = [sys.executable, "-m", "ops.staff", *arguments, "--env", "dev"]
    environment = platform.emulator.client_environment()
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_p8_a_customer_orders_comes_back_and_works_here_by_the_data_api(platform: Deployed) -> None:
    shop, elsewhere = platform.shop(), platform.shop()
    shop.post("/api/customers", json=ACCOUNT | {"name": "Kim"}).raise_for_status()
    product = next(item for item in shop.get("/api/products").json()["items"] if item["available"])
    shop.put(f"/api/cart/items/{product['id']}", json={"quantity": 1}).raise_for_status()
    shop.post("/api/session", json=ACCOUNT).raise_for_status()
    checkout = CHECKOUT | {"email": EMAIL}
    key = {"Idempotency-Key": "one-order-please"}
    placed = [shop.post("/api/orders", json=checkout, headers=key).raise_for_status().json() for _ in range(2)]
    assert placed[0]["id"] == placed[1]["id"]
    elsewhere.post("/api/session", json=ACCOUNT).raise_for_status()
    assert [order["id"] for order in elsewhere.get("/api/orders").json()["items"]] == [placed[0]["id"]]

    refused = staff(platform, "grant", "00000-00000")
    assert (refused.returncode, "it stands on the account's own page" in " ".join(refused.stderr.split())) == (1, True)
    code = elsewhere.get("/api/session").json()["account_code"]
    granted = staff(platform, "grant", code)
    assert granted.returncode == 0, granted.stderr
    assert [person["email"] for person in json.loads(staff(platform, "list", "--json").stdout)] == [EMAIL]
    assert platform.rows("SELECT is_staff FROM customers WHERE email = %s", EMAIL) == [{"is_staff": True}]
    assert staff(platform, "revoke", code).returncode == 0
    assert platform.rows("SELECT is_staff FROM customers WHERE email = %s", EMAIL) == [{"is_staff": False}]
