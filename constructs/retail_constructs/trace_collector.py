"""The AWS Distro for OpenTelemetry beside a container: takes its spans, sends them to X-Ray."""

from __future__ import annotations

import json

from aws_cdk import Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from retail_constructs.compliance import acknowledge

# A release's tag, never `latest`; ECS resolves it to a digest once for each deployment.
IMAGE = "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0"
PORT = 4318
TRACES_ENDPOINT = f"http://127.0.0.1:{PORT}/v1/traces"
MEMORY = 128  # MiB; a collector that wants more is ended, and the shop goes on without traces
LIMIT, SPIKE = 96, 24  # MiB at which it refuses spans first
USER = "10002"  # neither root nor the storefront

_CONFIGURATION = {
    "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{PORT}"}}}},
    "processors": {
        "memory_limiter": {"check_interval": "1s", "limit_mib": LIMIT, "spike_limit_mib": SPIKE},
        "batch": {"timeout": "5s", "send_batch_size": 50},
    },
    "exporters": {"awsxray": {}},
    "service": {
        "telemetry": {"logs": {"level": "warn"}, "metrics": {"level": "none"}},
        "pipelines": {
            "traces": {"receivers": ["otlp"], "processors": ["memory_limiter", "batch"], "exporters": ["awsxray"]}
        },
    },
}


def add_trace_collector(task: ecs.FargateTaskDefinition, *, log_group: logs.ILogGroup) -> ecs.ContainerDefinition:
    """Adds a collector that only the task's own containers reach, and lets the task role write to X-Ray.

    It is not essential: when it ends, the other containers go on, and it is started again. It writes to no file.
    """
    task.add_to_task_role_policy(
        iam.PolicyStatement(
            sid="Traces", actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"]
        )
    )
    acknowledge(
        task.task_role,
        "AwsSolutions-IAM5[Resource::*]",
        because="Writing to X-Ray has no resource level; everything else that the role may do names its resource.",
    )
    return task.add_container(
        "TraceCollector",
        image=ecs.ContainerImage.from_registry(IMAGE),
        essential=False,
        user=USER,
        readonly_root_filesystem=True,
        memory_limit_mib=MEMORY,
        logging=ecs.LogDrivers.aws_logs(stream_prefix="traces", log_group=log_group),
        environment={"AOT_CONFIG_CONTENT": json.dumps(_CONFIGURATION), "AWS_REGION": Stack.of(task).region},
        enable_restart_policy=True,
    )
