"""Where the emulator's CloudFormation differs from AWS's in a way that stops a correct template."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region, set_request_region
from ministack.services import ecs, route53, s3, secretsmanager
from ministack.services.cloudformation import changesets, engine, handlers, stacks
from ministack.services.cloudformation.provisioners import _pascal_to_camel

from local.launcher.recorded import Created, Handler, Properties


def resolve_outputs_of_other_regions() -> None:
    """`Fn::GetStackOutput` with a `Region` reads the stack of that region; the emulator looks in its own only."""
    resolve = engine._resolve_refs

    def resolve_there(value: Any, *context: Any, **named: Any) -> Any:
        reference = value.get("Fn::GetStackOutput") if isinstance(value, dict) else None
        if not isinstance(reference, dict) or "Region" not in reference:
            return resolve(value, *context, **named)
        here = get_region()
        set_request_region(reference["Region"])
        try:
            return resolve(value, *context, **named)
        finally:
            set_request_region(here)

    for module in (engine, stacks, changesets, handlers):
        module._resolve_refs = resolve_there


def leave_sam_alone() -> None:
    """CDK's rotation application names the SAM transform; its one resource is recorded like any unknown type."""
    engine._SAM_TRANSFORM = None


def with_bucket_tags(bucket: Handler) -> Handler:
    """AWS::S3::Bucket with its tags, which CDK's auto-delete function reads before it empties a bucket."""

    def tagged(properties: Properties, created: Created) -> Created:
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        if tags:
            s3._bucket_tags[created[0]] = tags
        return created

    return _wrapped(bucket, tagged)


def with_arn_as_reference(secret: Handler) -> Handler:
    """AWS::SecretsManager::Secret whose Ref is its ARN, as on AWS; the emulator gives the name."""

    def name_of(arn: str) -> str:
        name, _ = secretsmanager._resolve(arn)
        return str(name or arn)

    def create(*arguments: Any) -> Created:
        _, attributes = secret["create"](*arguments)
        return attributes["Arn"], attributes

    def update(arn: str, *arguments: Any) -> Created:
        _, attributes = secret["update"](name_of(arn), *arguments)
        return attributes["Arn"], attributes

    def delete(arn: str, properties: Properties) -> None:
        secret["delete"](name_of(arn), properties)

    return {**secret, "create": create, "update": update, "delete": delete}


def with_camel_case_containers(task_definition: Handler) -> Handler:
    """AWS::ECS::TaskDefinition whose containers read as ECS's API gives them, `secrets` included."""

    def spelled(_properties: Properties, created: Created) -> Created:
        definition = ecs._task_defs.get(created[0].rsplit("/", 1)[-1])
        if definition:
            definition["containerDefinitions"] = _pascal_to_camel(definition["containerDefinitions"])
        return created

    return _wrapped(task_definition, spelled)


def with_default_origin_ports(distribution: Handler) -> Handler:
    """AWS::CloudFront::Distribution whose custom origins have the ports that AWS fills in, 80 and 443."""

    def completed(properties: Properties) -> Properties:
        whole = copy.deepcopy(properties)
        for origin in whole["DistributionConfig"].get("Origins", []):
            if custom := origin.get("CustomOriginConfig"):
                origin["CustomOriginConfig"] = {"HTTPPort": 80, "HTTPSPort": 443, **custom}
        return whole

    def create(logical_id: str, properties: Properties, *rest: Any) -> Created:
        created: Created = distribution["create"](logical_id, completed(properties), *rest)
        return created

    def update(reference: str, old: Properties, new: Properties, *rest: Any) -> Created:
        updated: Created = distribution["update"](reference, completed(old), completed(new), *rest)
        return updated

    return {**distribution, "create": create, "update": update}


def with_first_metric(alarm: Handler) -> Handler:
    """AWS::CloudWatch::Alarm, stored with the first of its metrics where it computes with several; none is acted on."""

    def simple(properties: Properties) -> Properties:
        if "Metrics" not in properties:
            return properties
        first = next(metric["MetricStat"] for metric in properties["Metrics"] if "MetricStat" in metric)
        plain = {name: value for name, value in properties.items() if name != "Metrics"}
        return {**plain, **first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}

    def create(logical_id: str, properties: Properties, *rest: Any) -> Created:
        created: Created = alarm["create"](logical_id, simple(properties), *rest)
        return created

    def update(reference: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Created:
        updated: Created = alarm["update"](reference, simple(old), simple(new), *rest, **named)
        return updated

    return {**alarm, "create": create, "update": update}


def with_zone_of_the_account(record: Handler) -> Handler:
    """AWS::Route53::RecordSet in a zone that no stack made: whoever names it in an environment owns it already."""

    def create(logical_id: str, properties: Properties, *rest: Any) -> Created:
        zone, name = properties["HostedZoneId"], properties["Name"].partition(".")[2]
        if zone not in route53._zones:
            route53._zones[zone] = {"id": zone, "name": name, "caller_reference": zone, "comment": "", "private": False}
            route53._records[zone] = route53._default_records(name)
        created: Created = record["create"](logical_id, properties, *rest)
        return created

    return {**record, "create": create}


def with_properties_as_attributes(handler: Handler) -> Handler:
    """The same handler, whose GetAtt also answers for plain properties (`VPC.CidrBlock`), which the emulator omits."""

    def answered(properties: Properties, created: Created) -> Created:
        reference, attributes = created
        plain = {name: str(value) for name, value in properties.items() if isinstance(value, str | int)}
        return reference, {**plain, **attributes}

    return _wrapped(handler, answered)


def _wrapped(handler: Handler, after: Callable[[Properties, Created], Created]) -> Handler:
    """The handler with `after` applied to what it creates and updates."""
    wrapped = dict(handler)
    if create := handler.get("create"):
        wrapped["create"] = lambda logical_id, properties, *rest: after(
            properties, create(logical_id, properties, *rest)
        )
    if update := handler.get("update"):
        wrapped["update"] = lambda reference, old, new, *rest: after(new, update(reference, old, new, *rest))
    return wrapped
