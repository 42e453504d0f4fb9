"""The database's password changes while the shop is open."""

from __future__ import annotations

import json

from tests.platform.deployed import Deployed, eventually
from tests.retail.shop import CHECKOUT


def test_p8_the_shop_stays_open_while_the_database_password_rotates(platform: Deployed) -> None:
    secrets = platform.emulator.client("secretsmanager")
    secret = platform.resource("security", "DatabaseSecret")

    def password() -> str:
        return str(json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])["password"])

    old = password()
    shop = platform.shop()
    secrets.rotate_secret(SecretId=secret)

    def is_rotated() -> bool:
        assert shop.get("/api/products").status_code == 200
        return password() != old

    eventually(is_rotated)
    product = next(item for item in shop.get("/api/products").json()["items"] if item["available"])
    shop.put(f"/api/cart/items/{product['id']}", json={"quantity": 1}).raise_for_status()
    placed = shop.post("/api/orders", json=CHECKOUT | {"email": "customer@example.com"})
    assert placed.status_code == 201
    eventually(lambda: shop.get(f"/api/orders/{placed.json()['id']}").json()["status"] == "PROCESSING")
