"""How Glue encrypts what it writes: logs, bookmarks, objects."""

from __future__ import annotations

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from constructs import Construct

# What AWS's page on Glue and encryption lists for a role that writes objects, bookmarks or an encrypted catalog.
KEY_ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


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
        # It holds no data. The L2 would keep it, and a name that is kept stops the next deployment.
        resource = cast(glue.CfnSecurityConfiguration, self.node.find_child("Resource"))
        resource.apply_removal_policy(RemovalPolicy.DESTROY)
        self.name = name
