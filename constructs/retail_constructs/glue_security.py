"""How Glue encrypts what it writes: logs, bookmarks, objects."""

from __future__ import annotations

from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from constructs import Construct


class GlueSecurity(glue.SecurityConfiguration):
    """Everything that crawlers and jobs write is encrypted with `key`.

    `name` is needed: Glue derives the names of crawlers' log groups from it.
    """

    def __init__(self, scope: Construct, id: str, *, name: str, key: kms.IKey) -> None:
        super().__init__(
            scope,
            id,
            security_configuration_name=name,
            cloud_watch_encryption=glue.CloudWatchEncryption.kms(key),
            job_bookmarks_encryption=glue.JobBookmarksEncryption.client_side_kms(key),
            s3_encryption=glue.S3Encryption.kms(key),
        )
        self.name = name
