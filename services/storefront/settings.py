"""The environment variables of the container, validated before it listens."""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from retail.payments import GatewayName


class Settings(BaseSettings):
    """What the task definition tells; everything else is discovered."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    retail_environment: str
    parameter_prefix: str = Field(pattern=r"^/[A-Za-z0-9_./-]+[^/]$")
    database_secret_arn: str
    database_username: str
    database_password: SecretStr
    payment_gateway: GatewayName
    session_requests_per_minute: int = Field(default=6_000, ge=1)
    address_requests_per_minute: int = Field(default=60_000, ge=1)  # a whole office may share one
    sign_ins_per_account_and_address: int = Field(default=10, ge=1)  # in a quarter of an hour, as the next two
    sign_ins_per_account: int = Field(default=100, ge=1)  # so that a stranger needs ten addresses to keep somebody out
    sign_ins_per_address: int = Field(default=100, ge=1)
    payment_secret_arn: str = ""
    store_address: str = Field(
        default="", pattern=r"^(https://[a-z0-9.-]+)?$", description="Where customers come back to"
    )
    trace_ratio: float = Field(default=0.05, ge=0, le=1)
    trace_collector: str = Field(default="", description="An OTLP endpoint, if there is one: http://…/v1/traces")
    recommendation_model: str = ""
    recommendation_region: str = ""
    host: str = "0.0.0.0"  # noqa: S104 a container is reached from outside; HOST narrows it
    port: int = Field(default=8080, ge=1, le=65535)

    @model_validator(mode="after")
    def _can_take_cards(self) -> Self:
        if self.payment_gateway == "stripe" and not (self.payment_secret_arn and self.store_address):
            raise ValueError("Stripe needs PAYMENT_SECRET_ARN and STORE_ADDRESS, where its customers come back to")
        return self
