"""A secret under rotation."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class SecretsManager:
    """One secret in memory with the rules of the service: a stage is on one version, a version's value is final."""

    def __init__(self, value: dict[str, str]) -> None:
        self.values = {"first": json.dumps(value)}
        self.stages = {"first": ["AWSCURRENT"]}

    def describe_secret(self, **_: str) -> dict[str, Any]:
        return {"RotationEnabled": True, "VersionIdsToStages": self.stages}

    def get_secret_value(self, **asked: str) -> dict[str, str]:
        for version, names in self.stages.items():
            is_asked = asked["VersionStage"] in names and asked.get("VersionId", version) == version
            if is_asked and version in self.values:
                return {"SecretString": self.values[version]}
        raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")

    def put_secret_value(self, **given: Any) -> None:
        version = given["ClientRequestToken"]
        assert self.values.setdefault(version, given["SecretString"]) == given["SecretString"]
        self.stages[version] = given["VersionStages"]

    def update_secret_version_stage(self, **given: str) -> None:
        self.stages[given["RemoveFromVersionId"]] = ["AWSPREVIOUS"]
        self.stages[given["MoveToVersionId"]].append(given["VersionStage"])  # and AWSPENDING stays

    def begin(self) -> str:
        """What the service does before the first step: a token, pending and without a value."""
        token = str(uuid4())
        self.stages[token] = ["AWSPENDING"]
        return token

    def current(self) -> dict[str, str]:
        value: dict[str, str] = json.loads(self.get_secret_value(VersionStage="AWSCURRENT")["SecretString"])
        return value
