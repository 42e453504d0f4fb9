"""Rule → queue and dead-letter queue → function, with the alarm that watches them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from retail_constructs.alarm import HeardAlarm
from retail_constructs.dead_letters import dead_letters_of
from retail_constructs.function import Function, FunctionProps

RECEIVES_BEFORE_DEAD = 3
LATE_AFTER_SECONDS = 5 * 60  # beyond the time after which a message that failed once is back


@dataclass(frozen=True, kw_only=True)
class Batching:
    """How many messages one invocation takes, and for how many seconds they are gathered before it."""

    size: int = 10
    window_seconds: int = 0


class EventConsumer(Construct):
    """Events that match `pattern` reach the function at least once, or lie in the dead-letter queue with an alarm.

    An event that EventBridge cannot deliver within a day goes to the same dead-letter queue as a message that
    failed three times: both hold the event as the queue would have, so one replay puts either back.
    One bad message never repeats the others of its batch: the function reports failures one by one. What it knows to
    be hopeless, and what failed for the last time, it puts among the dead letters itself, with the reason.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        pattern: events.EventPattern,
        function: FunctionProps,
        bus: events.IEventBus | None = None,
        batching: Batching | None = None,
    ) -> None:
        super().__init__(scope, id)
        batching = batching or Batching()
        # AWS advises six time-outs of the function and the window, so that a throttled batch is not received twice.
        hidden_for_seconds = 6 * function.timeout_seconds + batching.window_seconds
        self.dead_letter_queue = dead_letters_of(
            self,
            key=function.key,
            description=f"{function.package}: an event could not be processed; read its reason, fix it, replay it",
            runbook="dead-letters-of-a-consumer",
            alarm_topic=function.alarm_topic,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption_master_key=function.key,
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(hidden_for_seconds),
            retention_period=Duration.days(4),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letter_queue, max_receive_count=RECEIVES_BEFORE_DEAD),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.rule = events.Rule(
            self,
            "Rule",
            event_bus=bus,
            event_pattern=pattern,
            targets=[
                targets.SqsQueue(
                    self.queue,
                    dead_letter_queue=self.dead_letter_queue,
                    max_event_age=Duration.hours(24),
                    retry_attempts=185,
                )
            ],
        )
        variables = {
            "DEAD_LETTER_QUEUE_URL": self.dead_letter_queue.queue_url,
            "RECEIVES_BEFORE_DEAD": str(RECEIVES_BEFORE_DEAD),
        }
        self.consumer = Function(
            self,
            "Function",
            replace(function, variables={**function.variables, **variables}),
            dead_letter_queue=self.dead_letter_queue,  # with the permission to send to it
        )
        self.consumer.function.add_event_source(
            event_sources.SqsEventSource(
                self.queue,
                batch_size=batching.size,
                max_batching_window=Duration.seconds(batching.window_seconds) if batching.window_seconds else None,
                report_batch_item_failures=True,
                max_concurrency=function.concurrency,
            )
        )
        self._watch(function, back_after_seconds=hidden_for_seconds + batching.window_seconds)

    def _watch(self, props: FunctionProps, *, back_after_seconds: int) -> None:
        HeardAlarm(
            self,
            "DelayAlarm",
            metric=self.queue.metric_approximate_age_of_oldest_message(period=Duration.minutes(1), statistic="max"),
            threshold=back_after_seconds + LATE_AFTER_SECONDS,
            description=f"{props.package}: events wait too long; look at the function's errors, throttles and duration",
            runbook="a-consumer-is-late",
            topic=props.alarm_topic,
            periods=3,
        )
