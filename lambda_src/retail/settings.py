"""The environment variables of the functions, validated before the first message is touched."""

import os
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict

from retail import roles
from retail.database import ConnectionSettings, SingleConnection, read_credentials


class FunctionSettings(BaseModel):
    """What every function is told; a missing or wrong variable fails with its name.

    Not of pydantic-settings, whose many sources cost a cold start a tenth of its imports.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    retail_environment: str

    @classmethod
    def read(cls) -> Self:
        """The variables of this process; raises ValidationError with the names of those that are missing or wrong."""
        return cls.model_validate({name.lower(): value for name, value in os.environ.items()})


class DatabaseSettings(FunctionSettings):
    """A function that works on the database; user and password are read from the secret, not from here."""

    database_secret_arn: str
    database_host: str
    database_port: int
    database_name: str

    _role: ClassVar[str | None] = roles.FUNCTIONS

    def conninfo(self) -> str:
        """The libpq connection string, with the credentials that the secret holds now."""
        username, password = read_credentials(self.database_secret_arn)
        return ConnectionSettings(
            host=self.database_host,
            port=self.database_port,
            name=self.database_name,
            username=username,
            password=password,
            role=self._role,
        ).conninfo

    def connect(self) -> SingleConnection:
        """The database these settings name."""
        return SingleConnection(self.conninfo)
