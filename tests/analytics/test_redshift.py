"""The check of Redshift's SQL refuses what Redshift refuses: a check that takes everything proves nothing."""

from __future__ import annotations

import pytest

from tests.analytics.redshift import problems_of_statement, problems_of_view

EXTERNAL = "CREATE EXTERNAL SCHEMA IF NOT EXISTS lake FROM DATA CATALOG DATABASE 'retail_dev' IAM_ROLE default"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT MAX_BY(name, occurred_at) FROM lake.curated_products",
        "SELECT COUNT(*) FILTER (WHERE active) FROM lake.curated_products",
        "SELECT TRY_CAST(sku AS INT) FROM lake.curated_products",
        "SELECT MADE_UP_FUNCTION(sku) FROM lake.curated_products",
        "SELECT ARRAY_AGG(sku) FROM lake.curated_products",
        "SELECT STRING_AGG(sku, ',') FROM lake.curated_products",
        "SELECT IFF(active, 1, 0) FROM lake.curated_products",
        "SELECT TO_UNIXTIME(occurred_at) FROM lake.curated_products",
        "SELECT DATE_FORMAT(occurred_at, '%Y') FROM lake.curated_products",
        "SELECT GETDATE() AS today FROM lake.curated_products",
        "SELECT sku FROM lake.curated_products WHERE occurred_at < CURRENT_DATE",
        "SELECT sku FROM lake.curated_products WHERE occurred_at < SYSDATE",
        "SELECT * FROM lake.curated_products",
        "SELECT sku FROM lake.curated_products ORDER BY sku",
        "SELECT sku FROM lake.curated_products LIMIT 1",
        "SELECT RANDOM() AS dice FROM lake.curated_products",
        "SELECT sku FROM dashboard.daily_revenue",
        "SELECT usename FROM pg_user",
        "SELECT sku, category FROM lake.curated_products CROSS JOIN UNNEST(categories) AS t (category)",
        "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY price), PERCENTILE_CONT(0.5) WITHIN GROUP "
        "(ORDER BY inventory_count) FROM lake.curated_products",
        "SELECT sku FROM lake.curated_products WHERE",
        "DELETE FROM lake.curated_products",
    ],
)
def test_what_redshift_does_not_take_in_a_view_is_refused(query: str) -> None:
    assert problems_of_view(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT sku, COUNT(*) AS changes, MAX(price) AS dearest FROM lake.curated_products GROUP BY sku",
        "WITH newest AS (SELECT sku, ROW_NUMBER() OVER (PARTITION BY sku ORDER BY occurred_at DESC) AS age "
        "FROM lake.curated_products) SELECT sku FROM newest WHERE age IN (1)",
        "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY price), PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY price) "
        "FROM lake.curated_products",
        "SELECT CAST(price AS DECIMAL(12,2)), NVL(sku, '-') FROM lake.curated_products WHERE (active OR sku > 'a')",
    ],
)
def test_what_redshift_takes_in_a_view_is_not_refused(query: str) -> None:
    assert problems_of_view(query) == []


@pytest.mark.parametrize(
    "statement",
    [
        EXTERNAL.replace("EXTERNAL SCHEMA IF NOT EXISTS lake", "EXTERNAL SCHEMA lake IF NOT EXISTS"),
        EXTERNAL.replace("DATA CATALOG", "GLUE CATALOG"),
        EXTERNAL.replace("'retail_dev'", "retail_dev"),
        EXTERNAL.replace(" IAM_ROLE default", ""),
        EXTERNAL.replace("default", "'role'"),
        f"{EXTERNAL}; DROP SCHEMA dashboard",
        "REFRESH VIEW dashboard.daily_revenue",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY dashboard.daily_revenue",
        "REFRESH MATERIALIZED VIEW IF EXISTS dashboard.daily_revenue",
        "CREATE OR REPLACE MATERIALIZED VIEW dashboard.daily_revenue AS\nSELECT sku FROM lake.curated_products",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS dashboard.a AS\nSELECT sku FROM lake.curated_products",
        "CREATE MATERIALIZED VIEW dashboard.a AUTO REFRESH YES AS\nSELECT sku FROM lake.curated_products",
        "CREATE MATERIALIZED VIEW dashboard.a AS\nSELECT MAX_BY(sku, price) FROM lake.curated_products",
        "CREATE ROLE IF NOT EXISTS analyst",
        "GRANT SELECT ON ALL MATERIALIZED VIEWS IN SCHEMA dashboard TO ROLE analyst",
        "GRANT SELECT ON MATERIALIZED VIEW dashboard.daily_revenue TO ROLE analyst",
        "GRANT USAGE ON dashboard TO ROLE analyst",
        "GRANT SELECT ON dashboard.daily_revenue TO analyst WITH GRANT OPTION",
        "INSERT INTO dashboard.deployed_views VALUES ('a', 'b') ON CONFLICT DO NOTHING",
        "CREATE TABLE IF NOT EXISTS dashboard.deployed_views (name TEXT[] PRIMARY KEY)",
    ],
)
def test_statement_that_is_not_the_guides_is_refused(statement: str) -> None:
    assert problems_of_statement(statement)


def test_statement_of_the_guide_is_not_refused() -> None:
    assert problems_of_statement(EXTERNAL) == []
