"""One dashboard to read at 3 a.m.: is the shop up, is it slow, is anything stuck."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_rds as rds
from constructs import Construct

from retail_constructs.event_consumer import EventConsumer

HALF_WIDTH = 12


class ShopDashboard(Construct):
    """Rows from the customer inwards: requests, tasks, database, cache, queues, functions."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        service: ecs.FargateService,
        load_balancer: elb.ApplicationLoadBalancer,
        target_group: elb.ApplicationTargetGroup,
        database: rds.DatabaseCluster,
        cache_name: str,
        consumers: Mapping[str, EventConsumer],
    ) -> None:
        super().__init__(scope, id)
        requests, targets = load_balancer.metrics, target_group.metrics
        dashboard = cloudwatch.Dashboard(self, "Default", default_interval=Duration.hours(3))
        dashboard.add_widgets(
            _graph(
                "Requests and errors",
                requests.request_count(label="requests"),
                targets.http_code_target(elb.HttpCodeTarget.TARGET_5XX_COUNT, label="5xx of the storefront"),
                requests.http_code_elb(elb.HttpCodeElb.ELB_5XX_COUNT, label="5xx of the load balancer"),
            ),
            _graph(
                "Response time (s)",
                targets.target_response_time(statistic="p50", label="p50"),
                targets.target_response_time(statistic="p99", label="p99"),
            ),
        )
        dashboard.add_widgets(
            _graph(
                "Tasks: use (%)",
                service.metric_cpu_utilization(label="CPU"),
                service.metric_memory_utilization(label="memory"),
            ),
            _graph(
                "Tasks: health",
                targets.healthy_host_count(label="healthy", statistic="min"),
                targets.unhealthy_host_count(label="unhealthy", statistic="max"),
            ),
        )
        dashboard.add_widgets(
            _graph("Database: capacity (ACU)", database.metric_serverless_database_capacity(label="ACU")),
            _graph("Database: connections", database.metric_database_connections(label="connections")),
        )
        hits, misses = _cache(cache_name, "CacheHits"), _cache(cache_name, "CacheMisses")
        dashboard.add_widgets(
            _graph(
                "Cache hit rate (%)",
                cloudwatch.MathExpression(
                    expression="100 * hits / (hits + misses)",
                    using_metrics={"hits": hits, "misses": misses},
                    label="hit rate",
                ),
            ),
            _graph(
                "Dead letters: anything above zero needs a person",
                *(
                    consumer.dead_letter_queue.metric_approximate_number_of_messages_visible(label=name)
                    for name, consumer in consumers.items()
                ),
            ),
        )
        dashboard.add_widgets(
            _graph(
                "Queues: oldest message (s)",
                *(
                    consumer.queue.metric_approximate_age_of_oldest_message(label=name)
                    for name, consumer in consumers.items()
                ),
            ),
            _graph(
                "Functions: errors",
                *(consumer.consumer.function.metric_errors(label=name) for name, consumer in consumers.items()),
            ),
        )


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=HALF_WIDTH)


def _cache(name: str, metric: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/ElastiCache",
        metric_name=metric,
        dimensions_map={"clusterId": name},
        statistic="sum",
    )
