"""Rows P11 to P15 and P17: the bus, its consumers, and what happens to an event that cannot be processed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory_handler import handler as inventory_handler
from notification import handler as notification
from order_processor import handler as order_processor
from tests.infrastructure.synthesis import Synthesized

CONSUMERS = {  # id → (function, detail types)
    "OrderProcessing": ("order_processor", set(order_processor.HANDLERS)),
    "InventoryUpdate": ("inventory_handler", set(inventory_handler.HANDLERS)),
    "Notification": ("notification", set(notification.HANDLERS)),
    "Crawling": ("crawler_trigger", {"Object Created"}),
}


def of(consumer: str, resource_type: str, platform: Synthesized, part: str = "") -> dict[str, Any]:
    """The properties of the one resource of that type that the consumer (or that part of it) consists of."""
    (resource,) = [
        resource["Properties"]
        for logical_id, resource in platform.resources(resource_type, "Events", "Analytics").items()
        if logical_id.startswith(f"{consumer}{part}")
    ]
    return dict(resource)


def test_p11_bus_is_named_and_everything_on_it_is_kept_90_days(platform: Synthesized) -> None:
    archive = platform.only("AWS::Events::Archive")

    assert platform.only("AWS::Events::EventBus")["Name"] == "RetailEventBus"
    assert archive["RetentionDays"] == 90
    assert archive["EventPattern"] == {"source": [{"prefix": "retail."}]}


def test_p15_event_that_the_bus_cannot_read_is_kept_and_calls_a_person(platform: Synthesized) -> None:
    bus = platform.only("AWS::Events::EventBus")
    alarm = of("Bus", "AWS::CloudWatch::Alarm", platform, "DeadLetterAlarm")
    (statement,) = [
        statement
        for policy in platform.properties("AWS::SQS::QueuePolicy", "Events")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Sid") == "UnreadableEvents"
    ]

    assert bus["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith("BusDeadLetters")
    assert of("Bus", "AWS::SQS::Queue", platform, "DeadLetters")["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0].startswith("Bus")


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_p15_event_that_waits_too_long_calls_a_person(consumer: str, platform: Synthesized) -> None:
    alarm = of(consumer, "AWS::CloudWatch::Alarm", platform, "DelayAlarm")
    queue = of(consumer, "AWS::SQS::Queue", platform, "Queue")
    mapping = of(consumer, "AWS::Lambda::EventSourceMapping", platform)

    assert alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0].startswith(f"{consumer}Queue")
    back_after = queue["VisibilityTimeout"] + mapping.get("MaximumBatchingWindowInSeconds", 0)
    assert alarm["Threshold"] == back_after + 300, "one retry is no delay"
    assert "Alarms" in json.dumps(alarm["AlarmActions"])


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_log_is_kept_a_stated_time(consumer: str, platform: Synthesized) -> None:
    log = of(consumer, "AWS::Logs::LogGroup", platform)

    assert log["RetentionInDays"] == {"dev": 7, "staging": 30, "prod": 365}[platform.name]
    assert "DataKey" in json.dumps(log["KmsKeyId"])


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_p12_p13_p14_rule_delivers_its_events_to_the_queue_for_a_day_at_least(
    consumer: str, platform: Synthesized
) -> None:
    rule = of(consumer, "AWS::Events::Rule", platform)
    (target,) = rule["Targets"]

    assert set(rule["EventPattern"]["detail-type"]) == CONSUMERS[consumer][1], "what its function handles"
    assert rule["EventPattern"]["source"] == (["aws.s3"] if consumer == "Crawling" else [{"prefix": "retail."}])
    assert target["Arn"]["Fn::GetAtt"][0].startswith(f"{consumer}Queue")
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith(f"{consumer}DeadLetters")


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_p15_message_dies_after_three_receives_is_kept_two_weeks_and_calls_a_person(
    consumer: str, platform: Synthesized
) -> None:
    queue = of(consumer, "AWS::SQS::Queue", platform, "Queue")
    dead_letters = of(consumer, "AWS::SQS::Queue", platform, "DeadLetters")
    alarm = of(consumer, "AWS::CloudWatch::Alarm", platform, "DeadLetterAlarm")

    assert queue["RedrivePolicy"]["maxReceiveCount"] == 3
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    assert alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0].startswith(f"{consumer}DeadLetters")
    assert "Alarms" in json.dumps(alarm["AlarmActions"])


def test_p15_a_run_of_the_relay_that_was_missed_lies_in_a_queue_of_its_own(platform: Synthesized) -> None:
    (target,) = of("OutboxRelay", "AWS::Events::Rule", platform)["Targets"]
    function = of("OutboxRelay", "AWS::Lambda::Function", platform)
    (policy,) = [
        json.dumps(policy["PolicyDocument"]["Statement"])
        for policy in platform.properties("AWS::SQS::QueuePolicy", "Events")
        if "OutboxRelayDeadLetters" in json.dumps(policy["Queues"])
    ]

    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith("OutboxRelayDeadLetters")
    assert function["DeadLetterConfig"]["TargetArn"] == target["DeadLetterConfig"]["Arn"]
    assert "OutboxRelaySchedule" in policy, "EventBridge may put it there"


def test_p15_no_queue_of_any_stack_is_without_dead_letters_and_no_dead_letters_without_alarm(
    platform: Synthesized,
) -> None:
    queues = {name: found["Properties"] for name, found in platform.resources("AWS::SQS::Queue").items()}
    redriven = {name: queue["RedrivePolicy"] for name, queue in queues.items() if "RedrivePolicy" in queue}
    ends = set(queues) - set(redriven)
    alarmed = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in platform.properties("AWS::CloudWatch::Alarm")
        if (alarm.get("MetricName"), alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 1)
    }

    assert {policy["maxReceiveCount"] for policy in redriven.values()} == {3}
    assert {policy["deadLetterTargetArn"]["Fn::GetAtt"][0] for policy in redriven.values()} <= ends
    assert ends == alarmed
    assert {queues[name]["MessageRetentionPeriod"] for name in ends} == {14 * 24 * 3600}


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_p15_one_bad_message_never_repeats_its_batch(consumer: str, platform: Synthesized) -> None:
    mapping = of(consumer, "AWS::Lambda::EventSourceMapping", platform)
    function = of(consumer, "AWS::Lambda::Function", platform)
    queue = of(consumer, "AWS::SQS::Queue", platform, "Queue")

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] <= function["ReservedConcurrentExecutions"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"] + mapping.get("MaximumBatchingWindowInSeconds", 0)


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_function_is_the_consumers_own_and_alike_the_others(consumer: str, platform: Synthesized) -> None:
    package = CONSUMERS[consumer][0]
    function = of(consumer, "AWS::Lambda::Function", platform)

    assert function["Handler"] == f"{package}.handler.handler"
    assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
    assert len(function["Layers"]) == 1
    assert function["TracingConfig"] == {"Mode": "Active"}
    (group,) = function["VpcConfig"]["SecurityGroupIds"]
    assert ("TiersApiCallers" in json.dumps(group)) == (consumer == "Crawling"), "it needs no database and no cache"
    variables = function["Environment"]["Variables"]
    assert variables["RETAIL_ENVIRONMENT"] == platform.name
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "RetailPlatform"


def test_p17_a_crawl_is_for_all_objects_of_five_minutes(prod: Synthesized) -> None:
    mapping = of("Crawling", "AWS::Lambda::EventSourceMapping", prod)

    assert (mapping["MaximumBatchingWindowInSeconds"], mapping["BatchSize"]) == (300, 1000)


def test_function_asset_holds_the_domain_package_and_its_own_folder_only(dev: Synthesized) -> None:
    functions = dev.resources("AWS::Lambda::Function", "Data", "Events", "Analytics")
    assets = {
        resource["Properties"]["Handler"].split(".")[0]: resource["Properties"]["Code"]["S3Key"]
        for resource in functions.values()
        if resource["Properties"]["Runtime"].startswith("python")
    }

    assert set(assets) >= {package for package, _ in CONSUMERS.values()}
    for package, asset in assets.items():
        folder = dev.directory / f"asset.{asset.removesuffix('.zip')}"
        assert {path.name for path in folder.iterdir()} == {"retail", package}
        assert not list(folder.rglob("__pycache__"))


def test_stripe_takes_the_money_in_prod_with_a_key_that_only_order_processor_and_storefront_read(
    dev: Synthesized, prod: Synthesized
) -> None:
    def gateway(platform: Synthesized) -> dict[str, Any]:
        variables = of("OrderProcessing", "AWS::Lambda::Function", platform)["Environment"]["Variables"]
        return {name: value for name, value in variables.items() if name.startswith("PAYMENT")}

    (secret,) = [
        resource["Properties"]
        for logical_id, resource in prod.resources("AWS::SecretsManager::Secret", "Security").items()
        if logical_id.startswith("PaymentSecret")
    ]
    allowed = {
        (logical_id[:15], statement["Action"])
        for logical_id, policy in prod.resources("AWS::IAM::ManagedPolicy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "PaymentSecret" in json.dumps(statement["Resource"])
    }

    assert gateway(dev) == {"PAYMENT_GATEWAY": "simulator"}
    assert gateway(prod)["PAYMENT_GATEWAY"] == "stripe"
    assert "PaymentSecret" in json.dumps(gateway(prod)["PAYMENT_SECRET_ARN"])
    assert not {"GenerateSecretString", "SecretString"} & set(secret), "empty until somebody fills it"
    assert allowed == {
        ("OrderProcessing", "secretsmanager:GetSecretValue"),
        ("StorefrontTaskT", "secretsmanager:GetSecretValue"),  # for the page on which cards are entered
    }


def test_outbox_is_looked_into_each_minute_where_the_database_never_pauses(dev: Synthesized, prod: Synthesized) -> None:
    def rate(platform: Synthesized) -> str:
        return str(of("OutboxRelay", "AWS::Events::Rule", platform)["ScheduleExpression"])

    assert (rate(dev), rate(prod)) == ("rate(1 hour)", "rate(1 minute)")


def test_event_that_stays_in_the_outbox_calls_a_person(platform: Synthesized) -> None:
    alarm = of("OutboxAlarm", "AWS::CloudWatch::Alarm", platform)

    assert (alarm["Namespace"], alarm["MetricName"]) == ("RetailPlatform", "OutboxAge")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "outbox-relay"}]
    assert alarm["Threshold"] == (300 if platform.name == "prod" else 7200)


def test_order_that_nobody_charges_calls_a_person(platform: Synthesized) -> None:
    alarm = of("OrdersStuckAlarm", "AWS::CloudWatch::Alarm", platform)

    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("RetailPlatform", "OrdersStuck", 1)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "outbox-relay"}]


def test_redrive_may_empty_every_dead_letter_queue_of_the_bus_and_fill_its_own(platform: Synthesized) -> None:
    variables = of("DeadLetterRedrive", "AWS::Lambda::Function", platform)["Environment"]["Variables"]

    for consumer in ("OrderProcessing", "InventoryUpdate", "Notification"):
        assert f"{consumer}DeadLetters" in json.dumps(variables["DEAD_LETTER_QUEUES"])
        assert f"{consumer}Queue" in json.dumps(variables["QUEUES"])
    assert "BusDeadLetters" in json.dumps(variables["DEAD_LETTER_QUEUES"])


def test_every_alarm_is_heard(platform: Synthesized) -> None:
    alarms = platform.properties("AWS::CloudWatch::Alarm")

    assert len(alarms) > 10
    assert all(alarm["AlarmActions"] and alarm["AlarmDescription"] for alarm in alarms)


def test_every_alarm_reaches_the_operator_whose_address_the_deployment_is_given(platform: Synthesized) -> None:
    template = platform.templates["Security"]
    (subscription,) = platform.resources("AWS::SNS::Subscription", "Security").values()
    given = template["Conditions"][subscription["Condition"]]

    assert subscription["Properties"]["Protocol"] == "email"
    assert subscription["Properties"]["Endpoint"] == {"Ref": "OperatorEmail"}
    assert subscription["Properties"]["TopicArn"]["Ref"].startswith("Alarms")
    assert given == {"Fn::Not": [{"Fn::Equals": [{"Ref": "OperatorEmail"}, ""]}]}
    assert template["Parameters"]["OperatorEmail"]["Default"] == ""
    assert template["Parameters"]["OperatorEmail"]["NoEcho"] is True


def test_p14_topic_tells_each_channel_whose_address_the_deployment_is_given(platform: Synthesized) -> None:
    template = platform.templates["Events"]
    subscriptions = {
        subscription["Properties"]["Protocol"]: (subscription["Condition"], subscription["Properties"]["Endpoint"])
        for subscription in platform.resources("AWS::SNS::Subscription", "Events").values()
    }
    parameters = {name: template["Parameters"][name] for name in ("OrderEmail", "OrderSms", "OrderPush")}

    assert {protocol: endpoint["Ref"] for protocol, (_, endpoint) in subscriptions.items()} == {
        "email": "OrderEmail",
        "sms": "OrderSms",
        "application": "OrderPush",
    }
    for condition, endpoint in subscriptions.values():
        assert template["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [endpoint, ""]}]}
    for subscription in platform.properties("AWS::SNS::Subscription", "Events"):
        dead_letters = subscription["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert dead_letters.startswith("OrderNotificationsDeadLetters")
    assert all(parameter["Default"] == "" and parameter["NoEcho"] for parameter in parameters.values())
