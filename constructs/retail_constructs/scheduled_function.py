"""A function that runs by the clock."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from retail_constructs.compliance import acknowledge
from retail_constructs.function import Function, FunctionProps


class ScheduledFunction(Construct):
    """Runs `function` once in each `every`, one at a time; a run that fails is tried no more often than the clock says.

    What keeps failing calls a person through the function's own alarm.
    """

    def __init__(self, scope: Construct, id: str, *, every: Duration, function: FunctionProps) -> None:
        super().__init__(scope, id)
        self.function = Function(self, "Function", function)
        run = targets.LambdaFunction(self.function.function, retry_attempts=0, max_event_age=Duration.minutes(1))
        self.rule = events.Rule(
            self,
            "Schedule",
            description=f"Runs {function.package}",
            schedule=events.Schedule.rate(every),
            targets=[run],
        )
        acknowledge(
            self.rule,
            "Serverless-EventBusDLQ",
            because="A run that was not delivered holds nothing: the next one, as the clock says, does all that it "
            "would have done, and an alarm tells of what waits too long.",
        )
