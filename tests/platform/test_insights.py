"""The page of pictures from the lake of the deployed platform."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import SparkSession

from ops.curated import CuratedTables
from ops.insights.figures import Arrival, figures
from ops.insights.here import LakeHere
from ops.insights.page import page
from tests.platform.deployed import Deployed, eventually
from tests.platform.lake import known_history
from tests.platform.placed import Placed


def test_page_shows_the_tables_of_the_lake_and_how_long_an_orders_event_took_into_it(
    platform: Deployed, order: Placed, spark: SparkSession, tmp_path: Path
) -> None:
    lake = LakeHere(platform.directory)

    def arrivals_of_order() -> list[Arrival]:
        return [arrival for arrival in lake.arrivals() if arrival.event_id == order.event_id]

    (arrived,) = eventually(arrivals_of_order)  # once, as the bus delivered it; the order processor's copy is not one
    assert arrived.prefix == "raw/orders/"
    assert 0 <= arrived.seconds < 3600

    with known_history(platform, spark, tmp_path / "known"):
        tables = CuratedTables(lake.copy_curated(tmp_path / "copied"))
    html = page(figures(tables, lake.arrivals()), source="a test", made_at=datetime.now(UTC))
    assert re.search(r"Nine of ten events under raw/\w+/ were there [\d,]+ seconds after they happened", html)
    assert "<td>raw/orders/</td>" in html
    assert "Lamp" in html
