"""The arithmetic of the comparison of web frameworks."""

from __future__ import annotations

from bench.frameworks.measurement import CANDIDATES, ORDERS, PAGE, Result


def test_ratio_is_to_the_fastest_of_the_run() -> None:
    rates = {name: [100.0, 1.0, 50.0] for name in CANDIDATES} | {"falcon": [200.0, 200.0, 200.0]}
    result = Result({PAGE: rates, ORDERS: rates})

    assert result.ratio(PAGE, "falcon") == 1
    assert result.ratio(ORDERS, "fastapi") == 0.25
    assert result.document()["ratios"][PAGE]["starlette"] == 0.25
