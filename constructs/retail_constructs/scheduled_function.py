"""A function that runs by the clock."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from retail_constructs.dead_letters import dead_letters_of
from retail_constructs.function import Function, FunctionProps


class ScheduledFunction(Construct):
    """Runs `function` once in each `every`, one at a time; a run that fails is tried no more often than the clock says.

    What keeps failing calls a person through the function's own alarm. A run that did not come to its end, or of which
    EventBridge could not tell the function, lies in `dead_letter_queue`.
    """

    def __init__(self, scope: Construct, id: str, *, every: Duration, function: FunctionProps) -> None:
        super().__init__(scope, id)
        self.dead_letter_queue = dead_letters_of(
            self,
            key=function.key,
            description=f"{function.package} was to run and did not, or not to its end; read its log group",
            runbook="a-run-was-missed",
            alarm_topic=function.alarm_topic,
        )
        self.function = Function(self, "Function", function, dead_letter_queue=self.dead_letter_queue)
        run = targets.LambdaFunction(
            self.function.function,
            dead_letter_queue=self.dead_letter_queue,
            retry_attempts=0,
            max_event_age=Duration.minutes(1),
        )
        self.rule = events.Rule(
            self,
            "Schedule",
            description=f"Runs {function.package}",
            schedule=events.Schedule.rate(every),
            targets=[run],
        )
