"""The whole platform of one environment: eight stacks in the order of their deployment."""

from __future__ import annotations

from aws_cdk import App

from environments import Environment
from retail_constructs.compliance import acknowledge, in_packs
from retail_constructs.experiments import Experiments
from retail_constructs.library_functions import adopt_library_functions
from retail_constructs.managed_policies import manage_policies
from retail_constructs.target_alarms import errors_in_a_minute
from stacks.analytics import AnalyticsStack
from stacks.application import ApplicationStack
from stacks.data import DataStack
from stacks.edge import EdgeStack
from stacks.events import EventsStack
from stacks.ingress import IngressStack
from stacks.networking import NetworkingStack
from stacks.security import SecurityStack


class Platform:
    """Wires the stacks of `environment` into `app`; `image_tag` picks an image of the repository instead of the source.

    Each stack uses its predecessors only; what a later one owns, an earlier one finds under the parameter prefix.
    """

    def __init__(self, app: App, environment: Environment, *, image_tag: str | None = None) -> None:
        _acknowledge_everywhere(app)
        placement, log_days, domain = environment.placement, environment.log_days, environment.domain
        self.networking = NetworkingStack(
            app, "Networking", placement=placement, plan=environment.network, log_days=log_days
        )
        self.security = SecurityStack(
            app,
            "Security",
            placement=placement,
            vpc=self.networking.vpc,
            log_days=log_days,
            tls_at_origin=domain is not None,
            accelerated=environment.accelerator,
            monthly_budget=environment.operations.monthly_budget,
            payment_gateway=environment.shop.payment_gateway,
        )
        self.edge = EdgeStack(app, "Edge", placement=placement, domain=domain, log_days=log_days)
        self.ingress = IngressStack(
            app,
            "Ingress",
            placement=placement,
            vpc=self.networking.vpc,
            security=self.security,
            edge=self.edge,
            domain=domain,
            shop=environment.shop,
            log_days=log_days,
        )
        self.application = ApplicationStack(
            app,
            "Application",
            placement=placement,
            vpc=self.networking.vpc,
            security=self.security,
            target_groups=self.ingress.target_groups,
            capacity=environment.service,
            payment_gateway=environment.shop.payment_gateway,
            store_address=self.ingress.store_address,
            traced=environment.operations.traces,
            log_days=log_days,
            image_tag=image_tag,
        )
        self.data = DataStack(
            app,
            "Data",
            placement=placement,
            vpc=self.networking.vpc,
            security=self.security,
            task_role=self.application.service.task_role,
            database=environment.database,
            cache=environment.cache,
            backups=environment.operations.backups,
            sample_catalog=environment.shop.sample_catalog,
            log_days=log_days,
        )
        self.events = EventsStack(
            app,
            "Events",
            placement=placement,
            vpc=self.networking.vpc,
            security=self.security,
            data=self.data,
            task_role=self.application.service.task_role,
            payment_gateway=environment.shop.payment_gateway,
            relay_minutes=environment.operations.relay_minutes,
            lake_delivery_seconds=environment.lake_delivery_seconds,
            log_days=log_days,
        )
        self.analytics = AnalyticsStack(
            app,
            "Analytics",
            placement=placement,
            vpc=self.networking.vpc,
            security=self.security,
            ingress=self.ingress,
            application=self.application,
            data=self.data,
            events=self.events,
            crawl_window_seconds=environment.crawl_window_seconds,
            warehouse=environment.warehouse,
            log_days=log_days,
        )
        if environment.operations.fault_injection:
            self._allow_experiments(zone=environment.network.zones[0])
        self._adopt_library_functions(log_days)
        manage_policies(app)

    def _adopt_library_functions(self, log_days: int) -> None:
        """One empties buckets that go with their stack, one the default security group."""
        for stack, key in (
            (self.networking, self.networking.log_key),
            (self.security, self.security.key),
            (self.ingress, self.security.key),
            (self.data, self.security.key),
        ):
            adopt_library_functions(stack, key=key, log_days=log_days, tags=stack.shared_tags)

    def _allow_experiments(self, *, zone: str) -> None:
        """In the last stack, for they break what all the others own."""
        balancer = self.ingress.load_balancer
        Experiments(
            self.analytics,
            "Experiments",
            service=self.application.service.service,
            database_arn=self.data.database.cluster.cluster_arn,
            vpc_id=self.networking.vpc.vpc_id,
            zone=zone,
            errors=errors_in_a_minute(balancer.load_balancer, balancer.target_group),
            alarm_topic=self.security.alarm_topic,
        )


def _acknowledge_everywhere(app: App) -> None:
    """The findings that a decision for the whole platform causes; five identifiers at most."""
    acknowledge(
        app,
        *in_packs("S3BucketReplicationEnabled", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
        because="Every bucket is versioned over three zones of one region. Events are replayed from an archive, "
        "the lake is in the backup plan, the site is published anew, and the trail's digests show what is gone.",
    )
    acknowledge(
        app,
        "Serverless-LambdaEventSourceMappingDestination",
        "Serverless-SQSRedrivePolicy",
        because="Every queue has a dead-letter queue, which is the failure destination of its mapping and the end of "
        "the line. AwsSolutions-SQS3, which is not acknowledged for them, finds a queue without one.",
    )
