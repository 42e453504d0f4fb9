"""The four steps in which Secrets Manager changes the password of the database's one user.

Every step may come twice, and again after any crash: each looks first at how far the one before came. The new value
waits as AWSPENDING until the database accepts it; only then it becomes AWSCURRENT. The schedule is made with the
secret, before there is a database, which is found by the parameters that its stack publishes.
"""

import json
import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import psycopg
from aws_lambda_powertools.utilities.typing import LambdaContext
from psycopg import sql

from retail import clients
from retail.database import ConnectionSettings
from retail.observability import logger
from retail.secret_versions import CURRENT, PENDING, SecretVersions
from retail.settings import FunctionSettings

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD_LENGTH = 40
_ALPHABET = string.ascii_letters + string.digits  # as the first one: it fits a connection URL without quoting


class RotationError(Exception):
    """Why the password stays as it is; Secrets Manager tries again."""


class Settings(FunctionSettings):
    """The one secret that is rotated, and under which parameters its database is found."""

    database_secret_arn: str
    parameter_prefix: str


@dataclass(frozen=True)
class Address:
    """Where the database is."""

    host: str
    port: int
    name: str

    @classmethod
    def published_under(cls, prefix: str) -> Self | None:
        """The writer's address as the database's stack publishes it; None before it is deployed."""
        names = [f"{prefix}/database/{name}" for name in ("writer-endpoint", "port", "name")]
        found = {entry["Name"]: entry["Value"] for entry in clients.ssm().get_parameters(Names=names)["Parameters"]}
        if not all(name in found for name in names):
            return None
        host, port, name = (found[name] for name in names)
        return cls(host, int(port), name)


class Rotation:
    """One rotation: the secret's versions and the database that has to agree with them."""

    def __init__(self, database: Address, versions: SecretVersions, *, sslmode: str = "verify-full") -> None:
        self._database = database
        self._versions = versions
        self._sslmode = sslmode

    def create_secret(self) -> None:
        """A pending version: the current one with another password. One that is there already stays."""
        if self._versions.read(PENDING) is None:
            password = "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_LENGTH))
            self._versions.put_pending(json.dumps({**self._current(), "password": password}))

    def set_secret(self) -> None:
        """The database takes the pending password. Does nothing when it did so before."""
        pending = self._pending()
        if self._accepts(pending):
            return
        user, password = pending["username"], pending["password"]
        with self._connect(self._current()) as connection:
            # What the server stores, not the password: the statement may end in the log of slow ones.
            verifier = connection.pgconn.encrypt_password(password.encode(), user.encode()).decode()
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(user), sql.Literal(verifier))
            connection.execute(statement)

    def test_secret(self) -> None:
        """The pending password opens the database; raises RotationError when it does not."""
        if not self._accepts(self._pending()):
            raise RotationError("the database does not accept the pending password: set it first")

    def finish_secret(self) -> None:
        """The pending version becomes the current one, and the one before stays at hand as AWSPREVIOUS."""
        self._versions.make_current()

    def _current(self) -> dict[str, Any]:
        current = self._versions.read(CURRENT)
        if current is None:
            raise RotationError("the secret has no current version: store username and password in it")
        return current

    def _pending(self) -> dict[str, Any]:
        pending = self._versions.read(PENDING)
        if pending is None:
            raise RotationError("the secret has no pending version: createSecret comes first")
        return pending

    def _accepts(self, credentials: dict[str, Any]) -> bool:
        try:
            with self._connect(credentials) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                return False
            raise
        return True

    def _connect(self, credentials: dict[str, Any]) -> psycopg.Connection:
        connection = ConnectionSettings(
            host=self._database.host,
            port=self._database.port,
            name=self._database.name,
            username=credentials["username"],
            password=credentials["password"],
            sslmode=self._sslmode,
        )
        return psycopg.connect(connection.conninfo)


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Do the one step that Secrets Manager asks for; an exception makes it try the rotation again."""
    settings = Settings.read()
    if event["SecretId"] != settings.database_secret_arn:
        raise RotationError(f"{event['SecretId']} is not the secret that this function rotates")
    database = Address.published_under(settings.parameter_prefix)
    if database is None:
        if event["Step"] != "testSecret":
            raise RotationError(f"no database is published under {settings.parameter_prefix}: deploy it first")
        logger.info("no database yet, so nothing to test")  # this is how Secrets Manager tries a new schedule out
        return
    versions = SecretVersions(clients.secrets_manager(), event["SecretId"], event["ClientRequestToken"])
    rotation = Rotation(database, versions)
    steps: dict[str, Callable[[], None]] = {
        "createSecret": rotation.create_secret,
        "setSecret": rotation.set_secret,
        "testSecret": rotation.test_secret,
        "finishSecret": rotation.finish_secret,
    }
    if event["Step"] not in steps:
        raise RotationError(f"step {event['Step']!r} is unknown: Secrets Manager calls {', '.join(steps)}")
    if versions.is_done():
        logger.info("rotated already", step=event["Step"])
        return
    steps[event["Step"]]()
    logger.info("rotation step done", step=event["Step"])
