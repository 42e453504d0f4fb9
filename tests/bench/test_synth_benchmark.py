"""The benchmark's arithmetic; how long anything takes is measured by `make bench-synth`, never asserted."""

from __future__ import annotations

from bench.synth import CHECKED, COMMANDS, EMPTY, SPEED_TARGETS, UNCHECKED, Result, Run


def runs(*seconds: float) -> list[Run]:
    """Rounds that kept two processors busy for so many seconds."""
    return [Run(elapsed=second, cpu=second * 2) for second in seconds]


RESULT = Result(
    {EMPTY: runs(1.0, 9.0, 2.0), CHECKED: runs(5.0, 4.0, 90.0), UNCHECKED: runs(3.0, 3.0, 3.0)}, resources=300
)


def test_ratio_is_of_medians_so_that_one_slow_round_changes_nothing() -> None:
    assert RESULT.ratio(EMPTY) == 1
    assert RESULT.ratio(CHECKED) == 2.5
    assert RESULT.cpu_ratio(CHECKED) == 2.5


def test_document_says_what_was_measured_on_what_machine() -> None:
    document = RESULT.document()

    assert document["ratios"] == document["cpu_ratios"] == {CHECKED: 2.5, UNCHECKED: 1.5}
    assert document["cpu_seconds"][UNCHECKED] == [6, 6, 6]
    assert document["resources"] == 300
    assert {"cores", "python", "aws-cdk-lib"} <= set(document["measured_on"])


def test_every_target_is_measured() -> None:
    assert set(SPEED_TARGETS) <= set(COMMANDS)
