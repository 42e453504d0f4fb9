"""The end of the process: ECS kills it 30 s after asking, so requests and what is behind them share that time."""

from collections.abc import Callable
from threading import Thread

from retail.observability import logger

SECONDS_TO_FINISH = 16  # the requests in flight …
SECONDS_TO_PUT_AWAY = 10.0  # … and then everything else together


def put_away(*ends: Callable[[], None]) -> None:
    """Call these one after another; what is not done in time goes down with the process, and the log says so."""
    thread = Thread(target=_call, args=ends, name="ending", daemon=True)
    thread.start()
    thread.join(SECONDS_TO_PUT_AWAY)
    if thread.is_alive():
        logger.warning("the process ends before everything is put away", seconds=SECONDS_TO_PUT_AWAY)


def _call(*ends: Callable[[], None]) -> None:
    for end in ends:
        try:
            end()
        except Exception:  # what comes after it is to be put away all the same
            logger.exception("something cannot be put away")
