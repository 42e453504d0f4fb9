"""The dashboard's materialized views: one file of `sql/` each, a SELECT over the external schema `lake`."""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from retail.observability import logger
from warehouse_setup.statements import Statements, each

SCHEMA = "dashboard"
_LEDGER = f"{SCHEMA}.deployed_views"
_FILES = Path(__file__).parent / "sql"


@dataclass(frozen=True)
class View:
    """A view of the schema `dashboard`; the first line of its query is a comment that says what it is about."""

    name: str
    query: str

    @property
    def about(self) -> str:
        """What it tells, in a sentence."""
        return self.query.partition("\n")[0].removeprefix("-- ")

    @property
    def creation(self) -> str:
        """The statement that makes it. Redshift refreshes no view over external tables by itself."""
        return f"CREATE MATERIALIZED VIEW {SCHEMA}.{self.name} AUTO REFRESH NO AS\n{self.query}"

    @property
    def fingerprint(self) -> str:
        """Changes with the statement."""
        return sha256(self.creation.encode()).hexdigest()


def views() -> list[View]:
    """Every view there is to be."""
    return [View(file.stem, file.read_text().strip()) for file in sorted(_FILES.glob("*.sql"))]


def deploy(statements: Statements, wanted: list[View]) -> None:
    """The views are those of `wanted`: what changed is made anew, what is no longer wanted goes, the rest stays.

    A ledger says which text each view was made of. Its row goes first and comes last, so that whatever is stopped in
    between is made anew the next time. Raises WarehouseError.
    """
    statements.run(f"schema {SCHEMA}", f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    statements.run(
        "ledger of views",
        f"CREATE TABLE IF NOT EXISTS {_LEDGER} (name VARCHAR(127) NOT NULL, fingerprint CHAR(64) NOT NULL)",
    )
    rows = statements.rows("ledger of views", f"SELECT name, fingerprint FROM {_LEDGER}")  # noqa: S608  (our own names)
    deployed = {row[0]: row[1] for row in rows}
    names = {view.name for view in wanted}
    for name in sorted(deployed.keys() - names):
        statements.run(f"view {name}", _drop(name))
        statements.run(f"view {name}", _forget(name))
        logger.info("view dropped", view=name)
    for view in wanted:
        if deployed.get(view.name) != view.fingerprint:
            _replace(statements, view)


def refresh(statements: Statements, wanted: list[View]) -> None:
    """Every view holds what the lake holds now; one that cannot does not keep the others. Raises WarehouseError."""
    sql = "REFRESH MATERIALIZED VIEW {}.{}"
    each([partial(_run, statements, f"view {view.name}", sql.format(SCHEMA, view.name)) for view in wanted])


def _run(statements: Statements, about: str, sql: str) -> None:
    statements.run(about, sql)


def _replace(statements: Statements, view: View) -> None:
    about = f"view {view.name}"
    statements.run(about, _forget(view.name))
    statements.run(about, _drop(view.name))
    statements.run(about, view.creation)
    statements.run(about, f"INSERT INTO {_LEDGER} VALUES ('{view.name}', '{view.fingerprint}')")  # noqa: S608  (as above)
    logger.info("view made", view=view.name)


def _drop(name: str) -> str:
    return f"DROP MATERIALIZED VIEW IF EXISTS {SCHEMA}.{name}"


def _forget(name: str) -> str:
    return f"DELETE FROM {_LEDGER} WHERE name = '{name}'"  # noqa: S608  (names of our own files, or of the ledger)
