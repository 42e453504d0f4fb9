"""The roles that storefront and functions take on in the database: what they need, and no more.

The user they enter as owns everything; the role is taken on with the connection. It holds for every statement that
follows, one that was injected or meant for another table included, but not for who has the password.
"""

from pathlib import Path
from typing import Any

import psycopg

STOREFRONT = "retail_storefront"
FUNCTIONS = "retail_functions"
GRANTS = Path(__file__).parent / "grants.sql"

_CREATE = f"""
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['{STOREFRONT}', '{FUNCTIONS}'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER WITH INHERIT FALSE, SET TRUE', wanted);
        END IF;
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA public TO {STOREFRONT}, {FUNCTIONS};
GRANT SELECT ON schema_migrations TO {STOREFRONT};
"""


def create(connection: psycopg.Connection[Any]) -> None:
    """The roles, for the user of this connection to take on; they may do nothing yet but tell how far the schema is."""
    connection.execute(_CREATE.encode())


def grant(connection: psycopg.Connection[Any]) -> None:
    """Exactly what the newest schema's code needs."""
    with connection.transaction():
        connection.execute(GRANTS.read_bytes())
