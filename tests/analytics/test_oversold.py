"""A product that was sold without being there lasts no days, whoever is asked: the query, the view or the page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ops.curated import CuratedTables
from ops.insights.figures import VIEWS, figures
from ops.synth import ROOT
from tests.analytics.rows import put


@pytest.fixture
def tables(tmp_path: Path) -> CuratedTables:
    """Five lamps were counted, then eight reserved."""
    lamp = {"product_id": "p1", "sku": "LAMP", "name": "Lamp", "active": True, "inventory_count": 5}
    put(tmp_path, "products", "2026-11-18", {**lamp, "occurred_at": "2026-11-18 08:00:00"})
    reserved = {"product_id": "p1", "change": -8, "reason": "RESERVED", "occurred_at": "2026-11-19 08:00:00"}
    put(tmp_path, "inventory_movements", "2026-11-19", reserved)
    return CuratedTables(tmp_path, now=datetime(2026, 11, 20, 12))


def test_oversold_product_lasts_no_days_and_owes_pieces(tables: CuratedTables) -> None:
    (of_query,) = tables.ask((ROOT / "etl" / "queries" / "stock_cover.sql").read_text(), "athena")
    (of_view,) = tables.ask((VIEWS / "stock_cover.sql").read_text(), "redshift")
    (of_page,) = figures(tables).stock

    expected = {"sku": "LAMP", "name": "Lamp", "stock": -3, "sold": 8, "days_left": 0}
    for row in (of_query, of_view, of_page):
        assert {key: row[key] for key in expected} == expected
