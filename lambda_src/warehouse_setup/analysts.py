"""Who reads the dashboard: a role of the database that may do that and nothing else."""

from retail.observability import logger
from warehouse_setup.statements import Statements
from warehouse_setup.views import SCHEMA, View

ROLE = "analyst"


def admit(statements: Statements, readable: list[View]) -> None:
    """The role `analyst` is there and may read these views; the ledger and the lake are none of its business.

    Redshift has no CREATE ROLE IF NOT EXISTS, and a view that was made anew has lost its grants: so the role is looked
    for, and the grants are given each time. Raises WarehouseError.
    """
    about = f"role {ROLE}"
    found = statements.rows(about, f"SELECT role_name FROM svv_roles WHERE role_name = '{ROLE}'")  # noqa: S608  (ours)
    if not found:
        statements.run(about, f"CREATE ROLE {ROLE}")
        logger.info("role made", role=ROLE)
    statements.run(about, f"GRANT USAGE ON SCHEMA {SCHEMA} TO ROLE {ROLE}")
    names = ", ".join(f"{SCHEMA}.{view.name}" for view in readable)
    statements.run(about, f"GRANT SELECT ON {names} TO ROLE {ROLE}")
