"""The browser of the tests: the one that set-up unpacked, or the machine's own where its package has no build."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.retail.shop import HOME

MILLISECONDS_TO_START = 120_000
expect.set_options(timeout=30_000)  # as long as Playwright waits for anything else: its own five seconds may pass idly

_UNPACKED = Path(__file__).resolve().parent.parent / "build" / "cache" / "chromium"
_INSTALLED = ("chromium", "chromium-browser", "google-chrome", "chrome")


def launch(playwright: Playwright) -> Browser:
    """A headless Chromium that talks to nobody but the page's own server. Raises RuntimeError where there is none."""
    unpacked = _UNPACKED / "chromium"
    installed = next(filter(None, map(shutil.which, _INSTALLED)), None)
    executable = str(unpacked) if unpacked.exists() else installed
    if executable is None:
        raise RuntimeError("No Chromium: run `make setup`, or install Chrome where the set-up brings none")
    libraries = {"LD_LIBRARY_PATH": str(_UNPACKED / "al2023" / "lib")} if unpacked.exists() else {}
    return playwright.chromium.launch(
        executable_path=executable,
        env={**os.environ, **libraries},
        timeout=MILLISECONDS_TO_START,
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    )


def follow(link: Locator) -> None:
    """Click, and wait for the page that it leads to, which a busy machine may take a while to begin."""
    with link.page.expect_navigation():
        link.click()


def fill_in_where_it_goes(page: Page) -> None:
    """The address on the checkout's form, field by field as a person finds them."""
    page.get_by_label("Name", exact=True).fill(HOME.recipient)
    page.get_by_label("Street and house number").fill(HOME.line1)
    page.get_by_label("City").fill(HOME.city)
    page.get_by_label("Postcode").fill(HOME.postcode)
    page.get_by_label("Country").select_option(HOME.country)
