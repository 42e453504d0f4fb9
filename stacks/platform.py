"""The whole platform of one environment: eight stacks in the order of their deployment."""

from __future__ import annotations

from aws_cdk import App

from environments import Environment
from retail_constructs.compliance import acknowledge, in_packs
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
        self.networking = NetworkingStack(app, "Networking", placement=placement, plan=environment.network)
        self.security = SecurityStack(
            app,
            "Security",
            placement=placement,
            vpc=self.networking.vpc,
            log_days=log_days,
            tls_at_origin=domain is not None,
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
            log_days=log_days,
        )
        self.application = ApplicationStack(
            app,
            "Application",
            placement=placement,
            vpc=self.networking.vpc,
            security=self.security,
            target_group=self.ingress.load_balancer.target_group,
            capacity=environment.service,
            payment_gateway=environment.shop.payment_gateway,
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
            log_days=log_days,
        )
        self.analytics = AnalyticsStack(
            app,
            "Analytics",
            placement=placement,
            security=self.security,
            ingress=self.ingress,
            application=self.application,
            data=self.data,
            events=self.events,
            crawl_window_seconds=environment.crawl_window_seconds,
            log_days=log_days,
        )


def _acknowledge_everywhere(app: App) -> None:
    """The findings that a decision for the whole platform causes; five identifiers at most."""
    acknowledge(
        app,
        *in_packs("IAMNoInlinePolicy", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"),
        because="A role's policy is part of the role: made by grants, one to one, reviewed and deleted with it. "
        "A managed policy would invite sharing.",
    )
    acknowledge(
        app,
        "AwsSolutions-L1",
        "Serverless-LambdaLatestVersion",
        because="Python 3.13 is the version that code and dependencies are tested on; AWS patches it until 2029.",
    )
