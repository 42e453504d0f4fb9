"""AWS clients: made at first use, then kept for the life of the process."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient
    from mypy_boto3_cloudfront import CloudFrontClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
    from mypy_boto3_redshift_serverless import RedshiftServerlessClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient


def _config() -> "Config":
    """Fail within seconds, not within botocore's default minute: the queue or the next poll tries again."""
    from botocore.config import Config

    return Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


@cache
def bedrock(region: str) -> "BedrockRuntimeClient":
    """The models' client in the region that serves them; it is asked once, and waits longer than any visitor does."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "bedrock-runtime",
        region_name=region,
        config=Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 1}),
    )


@cache
def cloudfront() -> "CloudFrontClient":
    """The distribution's client."""
    import boto3

    return boto3.client("cloudfront", config=_config())


@cache
def elbv2() -> "ElasticLoadBalancingv2Client":
    """The load balancer's client."""
    import boto3

    return boto3.client("elbv2", config=_config())


@cache
def events() -> "EventBridgeClient":
    """The bus's client."""
    import boto3

    return boto3.client("events", config=_config())


@cache
def glue() -> "GlueClient":
    """The crawlers' client."""
    import boto3

    return boto3.client("glue", config=_config())


@cache
def redshift_data() -> "RedshiftDataAPIServiceClient":
    """The client that runs the warehouse's statements."""
    import boto3

    return boto3.client("redshift-data", config=_config())


@cache
def redshift_serverless() -> "RedshiftServerlessClient":
    """The warehouse's own client."""
    import boto3

    return boto3.client("redshift-serverless", config=_config())


@cache
def s3() -> "S3Client":
    """The lake's client."""
    import boto3

    return boto3.client("s3", config=_config())


@cache
def secrets_manager() -> "SecretsManagerClient":
    """The secrets' client."""
    import boto3

    return boto3.client("secretsmanager", config=_config())


@cache
def sns() -> "SNSClient":
    """The topic's client."""
    import boto3

    return boto3.client("sns", config=_config())


@cache
def sqs() -> "SQSClient":
    """The queues' client."""
    import boto3

    return boto3.client("sqs", config=_config())


@cache
def ssm() -> "SSMClient":
    """The discovery parameters' client."""
    import boto3

    return boto3.client("ssm", config=_config())
