"""What keeps failing is left alone, and found again when it is back."""

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Away

from retail.breaker import Breaker

PAUSE = 30.0


def test_what_failed_is_asked_by_one_caller_in_each_pause_until_it_answers() -> None:
    now = 0.0
    breaker = Breaker(PAUSE, clock=lambda: now)
    assert [breaker.lets_through() for _ in range(3)] == [True, True, True]
    breaker.failed()
    assert not breaker.lets_through()
    now += PAUSE
    assert [breaker.lets_through() for _ in range(3)] == [True, False, False]
    breaker.failed()
    assert not breaker.lets_through()
    now += PAUSE
    assert breaker.lets_through()
    breaker.succeeded()
    assert [breaker.lets_through() for _ in range(3)] == [True, True, True]


def test_only_failures_in_a_row_count() -> None:
    breaker = Breaker(PAUSE, failures=2)
    for _ in range(3):
        breaker.failed()
        assert breaker.lets_through()
        breaker.succeeded()
    breaker.failed()
    breaker.failed()
    assert not breaker.lets_through()


def test_a_pipeline_that_asks_nothing_learns_nothing_of_the_cache(absent_cache: Redis) -> None:
    with pytest.raises(Away, match="refused"):
        absent_cache.get("key")
    assert absent_cache.pipeline().execute() == []
    pipeline = absent_cache.pipeline()
    pipeline.get("key")
    with pytest.raises(Away, match="left alone"):
        pipeline.execute()
