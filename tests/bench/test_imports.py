"""A cold start may not cost more than half as much again as that of a handler that imports boto3 alone."""

import json

import pytest

from bench.imports import BARE, FUNCTIONS, NOTHING, RESULT, TARGET, Result


def test_the_ratio_leaves_pythons_own_start_out() -> None:
    result = Result({NOTHING: [0.1, 0.1], BARE: [0.3, 0.3], "one": [0.4, 0.4]})
    assert result.ratio("one") == pytest.approx(1.5)


def test_every_function_was_measured_and_keeps_the_target() -> None:
    ratios = json.loads(RESULT.read_text())["ratios"]
    assert set(ratios) == set(FUNCTIONS)
    assert max(ratios.values()) <= TARGET
