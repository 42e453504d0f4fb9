"""Discovery without SSM: what the later stacks would publish, for servers that speak without TLS."""

from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from retail.payments import GatewayName
from storefront.discovery import NAMES, DiscoveryIncompleteError
from storefront.resources import Resources
from storefront.settings import Settings

STORE = "https://store.test"


class FixedDiscovery:
    """Knows what it is given."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    def value(self, name: str) -> str:
        try:
            return self.values[name]
        except KeyError:
            raise DiscoveryIncompleteError(name) from None

    def missing(self) -> list[str]:
        return [name for name in NAMES if name not in self.values]


def published(conninfo: str, cache_url: str) -> dict[str, str]:
    """All parameters, for this database and this cache."""
    database = conninfo_to_dict(conninfo)
    return {
        "database/writer-endpoint": str(database["host"]),
        "database/reader-endpoint": str(database["host"]),
        "database/port": str(database["port"]),
        "database/name": str(database["dbname"]),
        "database/username": str(database["user"]),
        "database/password": str(database.get("password", "")),
        "cache/endpoint": cache_url.removeprefix("redis://").split("/")[0],
        "lake/bucket": "lake",
        "events/bus": "RetailEventBus",
    }


def plain_resources(
    values: dict[str, str], payment_gateway: GatewayName = "simulator", limits: dict[str, int] | None = None
) -> Resources:
    """The storefront's resources over these parameters, with other limits than the usual ones where they are given."""
    settings = Settings(
        retail_environment="test",
        parameter_prefix="/retail/test",
        database_secret_arn="arn:of:the:database:secret",
        database_username=values["database/username"],
        database_password=SecretStr(values["database/password"]),
        payment_gateway=payment_gateway,
        payment_secret_arn="arn:of:the:key",
        store_address=STORE,
    ).model_copy(update=limits)
    return Resources(settings, FixedDiscovery(values), sslmode="disable", cache_scheme="redis")
