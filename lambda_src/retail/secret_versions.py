"""The versions of a secret that is rotated, and their stages."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


class SecretVersions:
    """The current version and, under `token`, the one that is to follow it."""

    def __init__(self, client: "SecretsManagerClient", secret: str, token: str) -> None:
        self._client = client
        self._secret = secret
        self._token = token

    def is_done(self) -> bool:
        """Whether the version `token` is the current one; raises ValueError unless a rotation to it has begun."""
        description = self._client.describe_secret(SecretId=self._secret)
        if not description.get("RotationEnabled", True):  # it is left out while the first schedule is being made
            raise ValueError(f"{self._secret} has no rotation: configure its schedule")
        if self._token not in description["VersionIdsToStages"]:
            raise ValueError(f"version {self._token} is not being rotated to: Secrets Manager begins a rotation")
        return CURRENT in description["VersionIdsToStages"][self._token]

    def read(self, stage: str) -> dict[str, Any] | None:
        """The value at that stage, or None while there is none; a pending one must be this rotation's own."""
        version = {"VersionId": self._token} if stage == PENDING else {}
        try:
            answer = self._client.get_secret_value(SecretId=self._secret, VersionStage=stage, **version)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        value: dict[str, Any] = json.loads(answer["SecretString"])
        return value

    def put_pending(self, value: str) -> None:
        """Store the value under this rotation's token."""
        self._client.put_secret_value(
            SecretId=self._secret, ClientRequestToken=self._token, SecretString=value, VersionStages=[PENDING]
        )

    def make_current(self) -> None:
        """Move the stage AWSCURRENT to this rotation's version."""
        stages = self._client.describe_secret(SecretId=self._secret)["VersionIdsToStages"]
        current = next(version for version, names in stages.items() if CURRENT in names)
        self._client.update_secret_version_stage(
            SecretId=self._secret, VersionStage=CURRENT, MoveToVersionId=self._token, RemoveFromVersionId=current
        )
