"""What the README promises a person: open the address, buy something, watch the order's status change."""

from __future__ import annotations

from playwright.sync_api import expect, sync_playwright

from tests.browser import fill_in_where_it_goes, launch
from tests.platform.deployed import PATIENCE_SECONDS, Deployed


def test_a_person_buys_something_and_watches_the_status_change(platform: Deployed) -> None:
    with sync_playwright() as playwright, launch(playwright) as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        page.goto(platform.address)
        page.get_by_role("link", name="Canvas backpack").first.click()
        page.get_by_role("button", name="Add to cart").click()
        page.get_by_role("link", name="Go to checkout").click()
        page.get_by_label("E-mail address").fill("customer@example.com")
        fill_in_where_it_goes(page)
        page.get_by_role("button", name="Place order").click()
        expect(page.get_by_role("heading", name="Thank you for your order")).to_be_visible()
        expect(page.locator("#order")).to_have_attribute("data-status", "PROCESSING")
