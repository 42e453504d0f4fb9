"""One dashboard to read at 3 a.m.: what is wrong, is the shop up, is it slow, is anything stuck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_rds as rds
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from retail_constructs.daily_etl import DailyEtl
from retail_constructs.event_consumer import EventConsumer
from retail_constructs.lake_delivery import LakeDelivery

FULL_WIDTH = 24
_ALARMS_IN_A_ROW = 6  # at full width

_HOW_TO_READ = (
    "**Red above: start there**, its description says what to do. **Nothing red:** read from the customer inwards; "
    "the first row that looks unlike an hour ago is where it began. Anything in the dead letters waits for a person: "
    "find the reason, fix it, then `python -m ops.replay`."
)


class ShopDashboard(Construct):
    """Alarms on top, then rows from the customer inwards: requests, tasks, database, cache, queues, orders, lake."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        alarms: Sequence[cloudwatch.IAlarm],
        service: ecs.FargateService,
        load_balancer: elb.ApplicationLoadBalancer,
        target_group: elb.ApplicationTargetGroup,
        database: rds.DatabaseCluster,
        cache_name: str,
        consumers: Mapping[str, EventConsumer],
        other_dead_letters: Mapping[str, sqs.IQueue],
        waiting: Mapping[str, cloudwatch.IMetric],
        delivery: LakeDelivery,
        etl: DailyEtl,
    ) -> None:
        super().__init__(scope, id)
        requests, targets = load_balancer.metrics, target_group.metrics
        dead_letters = {**{name: c.dead_letter_queue for name, c in consumers.items()}, **other_dead_letters}
        self._dashboard = cloudwatch.Dashboard(self, "Default", default_interval=Duration.hours(3))
        self._dashboard.add_widgets(
            cloudwatch.AlarmStatusWidget(
                title="Alarms",
                alarms=list(alarms),
                width=FULL_WIDTH,
                height=1 + -(-len(alarms) // _ALARMS_IN_A_ROW),
                sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
            )
        )
        self._dashboard.add_widgets(cloudwatch.TextWidget(markdown=_HOW_TO_READ, width=FULL_WIDTH, height=2))
        self._add_row(
            {
                "Requests and errors": [
                    requests.request_count(label="requests"),
                    targets.http_code_target(elb.HttpCodeTarget.TARGET_5XX_COUNT, label="5xx of the storefront"),
                    requests.http_code_elb(elb.HttpCodeElb.ELB_5XX_COUNT, label="5xx of the load balancer"),
                ],
                "Response time (s)": [
                    targets.target_response_time(statistic="p50", label="p50"),
                    targets.target_response_time(statistic="p99", label="p99"),
                ],
            }
        )
        self._add_row(
            {
                "Storefront: tasks behind the load balancer": [
                    targets.healthy_host_count(label="healthy", statistic="min"),
                    targets.unhealthy_host_count(label="unhealthy", statistic="max"),
                ],
                "Storefront: use (%)": [
                    service.metric_cpu_utilization(label="CPU"),
                    service.metric_memory_utilization(label="memory"),
                ],
            }
        )
        self._add_row(
            {
                "Database: capacity (ACU)": [database.metric_serverless_database_capacity(label="ACU")],
                "Database: connections": [database.metric_database_connections(label="connections")],
                "Cache: hit rate (%)": [_hit_rate(cache_name)],
            }
        )
        self._add_row(
            {
                "Queues: waiting messages": [
                    consumer.queue.metric_approximate_number_of_messages_visible(label=name, statistic="max")
                    for name, consumer in consumers.items()
                ],
                "Queues: oldest message (s)": [
                    consumer.queue.metric_approximate_age_of_oldest_message(label=name, statistic="max")
                    for name, consumer in consumers.items()
                ],
                "Dead letters: anything above zero needs a person": [
                    queue.metric_approximate_number_of_messages_visible(label=name, statistic="max")
                    for name, queue in dead_letters.items()
                ],
            }
        )
        self._add_row({title: [metric] for title, metric in waiting.items()})
        functions = {name: consumer.consumer.function for name, consumer in consumers.items()}
        self._add_row(
            {
                "Functions: errors": [function.metric_errors(label=name) for name, function in functions.items()],
                "Functions: throttles": [function.metric_throttles(label=name) for name, function in functions.items()],
            }
        )

        self._add_row(
            {
                "Lake: oldest event on its way (s)": [
                    delivery.age_of_oldest_event(prefix).with_(label=prefix) for prefix in delivery.streams
                ],
                "Lake: events delivered": [
                    delivery.delivered_events(prefix).with_(label=prefix) for prefix in delivery.streams
                ],
            }
        )
        self._add_row(
            {
                "Nightly job, a week: records read, and of those new in the tables": [
                    etl.records("Read").with_(label="read"),
                    etl.records("Curated").with_(label="into tables"),
                ],
                "Nightly job, a week: anything above zero needs a person": [
                    etl.records("Quarantined").with_(label="broken: the reason is in quarantine/"),
                    etl.records("Unaccounted").with_(label="unaccounted for: nothing was published"),
                ],
            },
            start="-P7D",
        )

    def _add_row(self, graphs: Mapping[str, Sequence[cloudwatch.IMetric]], *, start: str | None = None) -> None:
        """Graphs side by side, each under its title, over the whole width; `start` if not the dashboard's (`-P7D`)."""
        width = FULL_WIDTH // len(graphs)
        self._dashboard.add_widgets(
            *(
                cloudwatch.GraphWidget(title=title, left=list(metrics), width=width, start=start)
                for title, metrics in graphs.items()
            )
        )


def _hit_rate(cache_name: str) -> cloudwatch.MathExpression:
    hits, misses = (
        cloudwatch.Metric(
            namespace="AWS/ElastiCache",
            metric_name=name,
            dimensions_map={"clusterId": cache_name},
            statistic="sum",
        )
        for name in ("CacheHits", "CacheMisses")
    )
    return cloudwatch.MathExpression(
        expression="100 * hits / (hits + misses)", using_metrics={"hits": hits, "misses": misses}, label="hit rate"
    )
