"""The rules by which resource types are priced, and the types that cost nothing by themselves."""

from __future__ import annotations

from ops.cost_model import HOURS, Month, Quantities, Rule, Template

DAYS = 30
CDN_FREE_MILLIONS, CDN_FREE_GIGABYTES = 10, 1000
CRAWLER_DPU, CRAWL_HOURS = 2, 10 / 60
GIGABYTES_OF_A_MILLION_EVENTS = 10**6 * 5 * 2**10 / 2**30  # Firehose counts each up to 5 KB, of which ours have one


def _endpoint(endpoint: Template, _month: Month) -> Quantities:
    zones = len(endpoint.get("SubnetIds", []))
    return {"interface_endpoint_hour": HOURS * zones} if endpoint.get("VpcEndpointType") == "Interface" else {}


def _balancer(balancer: Template, month: Month) -> Quantities:
    public = balancer.get("Scheme") != "internal"
    return {
        "balancer_hour": HOURS,
        "balancer_capacity_hour": HOURS
        * month.share("balancer_capacity_units", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
        "public_address_hour": HOURS * len(balancer["Subnets"]) if public else 0,
    }


def _web_acl(acl: Template, month: Month) -> Quantities:
    return {
        "web_acl_month": 1,
        "web_acl_rule_month": len(acl["Rules"]),
        "web_acl_million_requests": month.share("web_acl_million_requests", "AWS::WAFv2::WebACL"),
    }


def _distribution(_distribution: Template, month: Month) -> Quantities:
    return {
        "cdn_ten_thousand_requests": 100 * max(0, month.used("cdn_million_requests") - CDN_FREE_MILLIONS),
        "cdn_gigabyte": max(0, month.used("cdn_gigabytes") - CDN_FREE_GIGABYTES),
    }


def _service(service: Template, month: Month) -> Quantities:
    (task,) = month.all("AWS::ECS::TaskDefinition")
    running = service["DesiredCount"] * HOURS
    return {
        "fargate_vcpu_hour": running * int(task["Cpu"]) / 1024,
        "fargate_gigabyte_hour": running * int(task["Memory"]) / 1024,
    }


def _instance(_instance: Template, month: Month) -> Quantities:
    (cluster,) = month.all("AWS::RDS::DBCluster")
    minimum = cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"]
    return {"acu_hour": HOURS * (minimum + month.used("acu_above_minimum"))}


def _backups(plan: Template, month: Month) -> Quantities:
    """Aurora and DynamoDB keep a whole copy each time, S3 what changed: a tenth of it a week."""
    kept = {rule["RuleName"]: rule["Lifecycle"]["DeleteAfterDays"] for rule in plan["BackupPlan"]["BackupPlanRule"]}
    copies = kept["Daily"] * 6 / 7 + kept["Weekly"] / 7
    return {
        "aurora_backup_gigabyte_month": copies * month.used("aurora_gigabytes"),
        "dynamodb_backup_gigabyte_month": copies * month.used("dynamodb_gigabytes"),
        "s3_backup_gigabyte_month": month.used("lake_gigabytes") * (1 + kept["Weekly"] / 7 / 10),
    }


def _function(function: Template, month: Month) -> Quantities:
    million = month.share("lambda_million_requests", "AWS::Lambda::Function")
    seconds = million * 1e6 * month.used("lambda_seconds")
    return {
        "lambda_million_requests": million,
        "lambda_gigabyte_second": seconds * function.get("MemorySize", 128) / 1024,
    }


def _log_group(group: Template, month: Month) -> Quantities:
    gigabytes = month.share("log_gigabytes", "AWS::Logs::LogGroup")
    return {"log_gigabyte": gigabytes, "log_gigabyte_month": gigabytes * group["RetentionInDays"] / DAYS}


def _job(job: Template, month: Month) -> Quantities:
    return {"glue_dpu_hour": DAYS * job["NumberOfWorkers"] * month.used("etl_minutes") / 60}


def _crawler(_crawler: Template, _month: Month) -> Quantities:
    """One crawl for each day's partition, ten minutes at least; AWS reckons with two DPUs in its own example."""
    return {"crawler_dpu_hour": DAYS * CRAWLER_DPU * CRAWL_HOURS}


def _warehouse(workgroup: Template, month: Month) -> Quantities:
    return {
        "rpu_hour": workgroup["BaseCapacity"] * month.used("warehouse_hours"),
        "warehouse_gigabyte_month": month.used("warehouse_gigabytes"),
    }


def _shared(kind: str, **prices: str) -> Rule:
    """Each price by the resource's part of a use."""
    return lambda _resource, month: {price: month.share(use, kind) for price, use in prices.items()}


def _fixed(**quantities: float) -> Rule:
    """The same for every resource of the type."""
    return lambda _resource, _month: dict(quantities)


def _alarm(alarm: Template, _month: Month) -> Quantities:
    """Paid for each metric that it looks at."""
    queries = alarm.get("Metrics", [{"MetricStat": ...}])
    return {"alarm_month": sum("MetricStat" in query for query in queries)}


def _cache(_cache: Template, month: Month) -> Quantities:
    return {
        "cache_gigabyte_hour": HOURS * month.used("cache_gigabytes"),
        "cache_million_ecpu": month.used("cache_million_ecpus"),
    }


RULES: dict[str, Rule] = {
    "AWS::Athena::WorkGroup": _shared("AWS::Athena::WorkGroup", athena_terabyte="athena_terabytes"),
    "AWS::Backup::BackupPlan": _backups,
    "AWS::CloudFront::Distribution": _distribution,
    "AWS::CloudTrail::Trail": _shared(
        "AWS::CloudTrail::Trail", trail_hundred_thousand_data_events="trail_hundred_thousands"
    ),
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _fixed(alarm_month=5),
    "AWS::CloudWatch::Dashboard": _fixed(dashboard_month=1),
    "AWS::DynamoDB::Table": _shared(
        "AWS::DynamoDB::Table",
        dynamodb_million_reads="dynamodb_million_reads",
        dynamodb_million_writes="dynamodb_million_writes",
        dynamodb_gigabyte_month="dynamodb_gigabytes",
        dynamodb_pitr_gigabyte_month="dynamodb_gigabytes",
    ),
    "AWS::EC2::EIP": _fixed(public_address_hour=HOURS),
    "AWS::EC2::NatGateway": lambda _nat, month: {
        "nat_hour": HOURS,
        "nat_gigabyte": month.share("nat_gigabytes", "AWS::EC2::NatGateway"),
    },
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ECR::Repository": _shared("AWS::ECR::Repository", registry_gigabyte_month="image_gigabytes"),
    "AWS::ECS::Cluster": _shared("AWS::ECS::Cluster", custom_metric_month="container_insights_metrics"),
    "AWS::ECS::Service": _service,
    "AWS::ElastiCache::ServerlessCache": _cache,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
    "AWS::Events::Archive": _shared(
        "AWS::Events::Archive", archive_gigabyte="archive_gigabytes", archive_gigabyte_month="archive_gigabytes"
    ),
    "AWS::Events::EventBus": _shared(
        "AWS::Events::EventBus", event_million="event_millions", custom_metric_month="function_metrics"
    ),
    "AWS::GlobalAccelerator::Accelerator": lambda _accelerator, month: {
        "accelerator_hour": HOURS,
        "accelerator_gigabyte": month.used("accelerator_gigabytes"),
    },
    "AWS::Glue::Crawler": _crawler,
    "AWS::Glue::Job": _job,
    "AWS::KMS::Key": lambda _key, month: {
        "key_month": 1,
        "key_ten_thousand_requests": 100 * month.share("key_million_requests", "AWS::KMS::Key"),
    },
    "AWS::KinesisFirehose::DeliveryStream": lambda _stream, month: {
        "delivered_gigabyte": month.share("event_millions", "AWS::KinesisFirehose::DeliveryStream")
        * GIGABYTES_OF_A_MILLION_EVENTS,
    },
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::RDS::DBCluster": _shared(
        "AWS::RDS::DBCluster", aurora_gigabyte_month="aurora_gigabytes", aurora_million_io="aurora_million_ios"
    ),
    "AWS::RDS::DBInstance": _instance,
    "AWS::RedshiftServerless::Namespace": _fixed(secret_month=1),
    "AWS::RedshiftServerless::Workgroup": _warehouse,
    "AWS::S3::Bucket": _shared(
        "AWS::S3::Bucket", s3_gigabyte_month="lake_gigabytes", s3_thousand_puts="lake_thousand_puts"
    ),
    "AWS::SNS::Topic": _shared("AWS::SNS::Topic", sns_million="sns_millions"),
    "AWS::SQS::Queue": _shared("AWS::SQS::Queue", sqs_million="sqs_millions"),
    "AWS::SecretsManager::Secret": _fixed(secret_month=1),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": _fixed(private_zone_month=1),
    "AWS::WAFv2::WebACL": _web_acl,
}

# Free, or paid where what they belong to is priced: a listener with its load balancer, a log with its group.
_FREE = {
    "ApplicationAutoScaling": "ScalableTarget ScalingPolicy",
    "Athena": "NamedQuery",
    "Backup": "BackupSelection BackupVault",
    "Budgets": "Budget",
    "CertificateManager": "Certificate",
    "CloudFront": "CachePolicy Function OriginAccessControl OriginRequestPolicy ResponseHeadersPolicy",
    "EC2": "FlowLog InternetGateway Route RouteTable SecurityGroup SecurityGroupEgress SecurityGroupIngress "
    "Subnet SubnetRouteTableAssociation VPC VPCGatewayAttachment",
    "ECS": "TaskDefinition",
    "ElastiCache": "User UserGroup",
    "ElasticLoadBalancingV2": "Listener ListenerRule TargetGroup",
    "Events": "Rule",
    "FIS": "ExperimentTemplate",
    "GlobalAccelerator": "EndpointGroup Listener",
    "Glue": "Database SecurityConfiguration Table Trigger",
    "IAM": "ManagedPolicy Policy Role",
    "KMS": "Alias",
    "Lambda": "EventSourceMapping LayerVersion Permission",
    "Logs": "LogStream ResourcePolicy",
    "RDS": "DBClusterParameterGroup DBSubnetGroup",
    "Route53": "RecordSet",
    "S3": "BucketPolicy",
    "SNS": "Subscription TopicPolicy",
    "SQS": "QueuePolicy",
    "SSM": "Parameter",
    "SecretsManager": "ResourcePolicy RotationSchedule SecretTargetAttachment",
    "ServiceDiscovery": "Service",
    "WAFv2": "LoggingConfiguration WebACLAssociation",
}
FREE = frozenset(f"AWS::{service}::{name}" for service, names in _FREE.items() for name in names.split())
