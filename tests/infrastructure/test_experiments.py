"""Fault injection: there where it is asked for, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.infrastructure.synthesis import EXPERIMENTS, STACKS, Synthesized, Template


@pytest.fixture
def hurt(platforms: Callable[[str], Synthesized]) -> Synthesized:
    """`prod` as it is when it allows experiments."""
    return platforms(EXPERIMENTS)


def actions(platform: Synthesized) -> dict[str, Template]:
    """FIS's name of each action → its template."""
    return {
        action["ActionId"]: template
        for template in platform.properties("AWS::FIS::ExperimentTemplate")
        for action in template["Actions"].values()
    }


def test_experiments_are_off_by_default(platform: Synthesized) -> None:
    assert not platform.resources("AWS::FIS::ExperimentTemplate")


def test_experiments_change_the_last_stack_alone(hurt: Synthesized, prod: Synthesized) -> None:
    assert [stack for stack in STACKS if hurt.templates[stack] != prod.templates[stack]] == [STACKS[-1]]


def test_a_task_a_zone_and_the_writer_can_be_lost(hurt: Synthesized) -> None:
    templates = actions(hurt)
    (tasks,) = templates["aws:ecs:stop-task"]["Targets"].values()
    (subnets,) = templates["aws:network:disrupt-connectivity"]["Targets"].values()
    (clusters,) = templates["aws:rds:failover-db-cluster"]["Targets"].values()

    assert tasks["SelectionMode"] == "COUNT(1)"
    assert tasks["Parameters"].keys() == {"cluster", "service"}
    assert subnets["Parameters"]["availabilityZoneIdentifier"] == "us-east-2a"
    assert "vpc" in subnets["Parameters"]
    assert len(clusters["ResourceArns"]) == 1


def test_every_experiment_stops_when_customers_notice(hurt: Synthesized) -> None:
    for template in actions(hurt).values():
        (stop,) = template["StopConditions"]
        assert stop["Source"] == "aws:cloudwatch:alarm"
        alarm = hurt.resources("AWS::CloudWatch::Alarm", "Analytics")[stop["Value"]["Fn::GetAtt"][0]]
        counted = {
            metric["MetricStat"]["Metric"]["MetricName"]
            for metric in alarm["Properties"]["Metrics"]
            if "MetricStat" in metric
        }
        assert counted == {"HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"}, "without tasks the balancer answers"


def test_only_fis_of_this_account_may_break_anything(hurt: Synthesized) -> None:
    roles = [role for role in hurt.properties("AWS::IAM::Role") if "fis.amazonaws.com" in str(role)]

    (trust,) = roles[0]["AssumeRolePolicyDocument"]["Statement"]
    assert len(roles) == 1
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
