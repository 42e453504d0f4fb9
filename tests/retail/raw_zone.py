"""The lake's bucket, as far as these tests need it."""

import json
from typing import Any


class RememberingS3:
    """Keeps objects."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
        assert (Bucket, ContentType) == ("lake", "application/json")
        self.objects[Key] = json.loads(Body)
