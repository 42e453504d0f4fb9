"""Orders on the desk: each is found, sent once, given up or taken back with a reason, and its customer told."""

from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from retail.order_desk import PAGE
from retail.orders import Transition, advance
from storefront.resources import Resources
from tests.retail.shop import EMAIL, Shop
from tests.storefront.desk import BROWSER, form_token
from tests.storefront.desk import staff as staff


def _paid_order(shop: Shop, resources: Resources) -> UUID:
    order = shop.order({shop.add_product(name="Lamp"): 2})
    for transition in (Transition.PAY, Transition.PROCESS):
        with resources.writer.transaction() as connection:
            advance(connection, order.id, transition)
    return order.id


def test_an_order_is_sent_once_and_its_customer_told_once(staff: TestClient, shop: Shop, resources: Resources) -> None:
    order_id = _paid_order(shop, resources)
    waiting = staff.get("/api/admin/orders").json()
    assert (waiting["total"], waiting["items"][0]["lines"][0]["quantity"]) == (1, 2)
    assert EMAIL not in str(waiting)
    path = f"/api/admin/orders/{order_id}/shipment"
    assert staff.post(path, json={"tracking_code": "HP 1234"}).status_code == 204
    assert staff.post(path, json={"tracking_code": "HP 1234"}).json()["type"] == "urn:retail:problem:illegal-transition"
    assert staff.get("/api/admin/orders").json()["items"] == []
    shipped = shop.rows("SELECT detail FROM outbox WHERE detail_type = 'OrderShipped'")
    assert [row["detail"]["payload"]["tracking_code"] for row in shipped] == ["HP 1234"]
    assert staff.post(f"/api/admin/orders/{uuid4()}/shipment", json={"tracking_code": "HP 1"}).status_code == 404
    assert staff.post(path, json={"tracking_code": "<script>"}).status_code == 422


def test_orders_are_found_wherever_they_stand(staff: TestClient, shop: Shop, resources: Resources) -> None:
    stuck = [shop.order({shop.add_product(): 1}).id for _ in range(2)]
    waiting = _paid_order(shop, resources)
    gone = [_paid_order(shop, resources) for _ in range(2)]
    for order_id in gone:
        staff.post(f"/api/admin/orders/{order_id}/cancellation", json={"reason": "Lost"}).raise_for_status()

    def listed(query: str) -> list[str]:
        return [order["id"] for order in staff.get(f"/api/admin/orders{query}").json()["items"]]

    assert listed("?status=PENDING") == [str(order_id) for order_id in stuck]
    assert listed("") == listed("?status=PROCESSING") == [str(waiting)]
    assert listed("?status=CANCELLED") == [str(order_id) for order_id in reversed(gone)]
    assert listed("?status=SHIPPED") == []
    assert staff.get("/api/admin/orders?status=LOST").status_code == 422
    page = staff.get("/admin/orders?status=PENDING").text
    assert [str(order_id)[:8] in page for order_id in (*stuck, waiting)] == [True, True, False]
    assert 'value="PENDING" selected' in page
    assert "Mark as sent" not in page
    assert "Mark as sent" in staff.get("/admin/orders").text


@pytest.mark.parametrize("status", ["PENDING", "CANCELLED"])
def test_orders_are_listed_page_by_page_and_none_is_missed(staff: TestClient, shop: Shop, status: str) -> None:
    lamp = shop.add_product(stock=100)
    placed = [str(shop.order({lamp: 1}).id) for _ in range(PAGE + 5)]
    shop.rows("UPDATE orders SET status = %s, created_at = date_trunc('minute', created_at)", status)  # many equals
    first = staff.get("/api/admin/orders", params={"status": status}).json()
    rest = staff.get("/api/admin/orders", params={"status": status, "after": first["next"]}).json()
    assert (len(first["items"]), rest["next"], rest["total"]) == (PAGE, None, PAGE + 5)
    assert sorted(order["id"] for page in (first, rest) for order in page["items"]) == sorted(placed)
    page = staff.get(f"/admin/orders?status={status}").text
    assert f"?status={status}&amp;after=" in page


def test_staff_cancel_what_has_not_left_and_take_back_what_has(
    staff: TestClient, shop: Shop, resources: Resources
) -> None:
    reason = {"reason": "The colour is out of stock."}
    cancelled, sent = _paid_order(shop, resources), _paid_order(shop, resources)
    path = f"/api/admin/orders/{cancelled}"
    assert staff.post(f"{path}/cancellation", json={"reason": " "}).status_code == 422
    assert staff.post(f"{path}/return", json=reason).json()["type"] == "urn:retail:problem:illegal-transition"
    assert staff.post(f"{path}/cancellation", json=reason).status_code == 204
    assert staff.post(f"{path}/cancellation", json=reason).status_code == 409
    seen = staff.get(path).json()
    assert (seen["status"], seen["steps"][-1]["note"]) == ("CANCELLED", reason["reason"])
    assert EMAIL not in str(seen)

    path = f"/api/admin/orders/{sent}"
    staff.post(f"{path}/shipment", json={"tracking_code": "HP 1234"})
    assert staff.post(f"{path}/cancellation", json=reason).status_code == 409
    assert staff.post(f"{path}/return", json={"reason": "Too small"}).status_code == 204
    assert staff.get(path).json()["status"] == "RETURNED"
    told = {row["detail_type"] for row in shop.rows("SELECT detail_type FROM outbox")}
    assert told >= {"OrderCancelled", "OrderReturned", "InventoryReleased"}
    assert staff.get(f"/api/admin/orders/{uuid4()}").status_code == 404


def test_staff_find_an_order_by_its_number_and_give_it_up_by_forms_alone(
    staff: TestClient, shop: Shop, resources: Resources
) -> None:
    order_id, token = _paid_order(shop, resources), {"form_token": form_token(staff)}
    found = staff.get("/admin/orders/find", params={"number": f" {order_id} "}).headers["location"]
    assert found == f"/admin/orders/{order_id}"
    assert "Cancel the order" in staff.get(found).text
    assert staff.get("/admin/orders/find", params={"number": "mine"}, headers=BROWSER).status_code == 422
    empty = staff.post(f"{found}/cancellation", data=token | {"reason": ""})
    assert (empty.status_code, "reason-problem" in empty.text) == (422, True)
    assert staff.post(f"{found}/cancellation", data=token | {"reason": "Lost"}).headers["location"] == found
    page = staff.get(found).text
    assert "Lost" in page
    assert "Cancel the order" not in page
    assert staff.post(f"{found}/cancellation", data=token | {"reason": "Again"}).status_code == 409


def test_an_order_is_sent_by_forms_alone(staff: TestClient, shop: Shop, resources: Resources) -> None:
    order_id = _paid_order(shop, resources)
    code = {"tracking_code": "HP-99", "form_token": form_token(staff)}
    assert str(order_id)[:8] in staff.get("/admin/orders").text
    sent = staff.post(f"/admin/orders/{order_id}/shipment", data=code)
    assert "on its way" in staff.get(sent.headers["location"]).text
    assert staff.post(f"/admin/orders/{order_id}/shipment", data=code, headers=BROWSER).status_code == 409
