"""Reading through the cache: one loader for each key, nothing stale kept after a change, no error while it is away.

A key holds its content, or a mark: somebody is loading it, or it was dropped a moment ago. Both ends of a load compare
what the key holds with what they saw there, so that a load which began before a change never outlives it.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from random import uniform
from typing import TYPE_CHECKING
from uuid import uuid4

from retail.cache import cache_errors
from retail.errors import CacheUnavailableError

if TYPE_CHECKING:
    from redis import Redis

SETTLING_SECONDS = 2  # longer than Aurora's reader lags behind its writer; what is read in between is kept no longer
LOADING_SECONDS = 5  # after that a loader counts as crashed
SECONDS_TO_WAIT_FOR_ANOTHER = 0.4
SECONDS_BETWEEN_LOOKS = 0.02
JITTER = 0.1  # entries that were stored together do not expire together

_DROPPED, _LOADING = "dropped", "loading:"
_REPLACE = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
"""


class ReadThrough:
    """Text by key; `load` is asked when the cache has nothing, or is away."""

    def __init__(self, cache: "Redis") -> None:
        self._cache = cache

    def get(
        self, key: str, load: Callable[[], str], *, seconds: int, valid: Callable[[str], bool] = lambda _: True
    ) -> str:
        """The content of one key. Of many that miss it at once one loads it, and the others wait for that one a moment.

        Content that is not `valid` any more counts as absent. Whatever `load` raises is raised, and nothing kept.
        """
        deadline = time.monotonic() + SECONDS_TO_WAIT_FOR_ANOTHER
        try:
            while time.monotonic() < deadline:
                found = self._look(key)
                if _is_content(found) and valid(found):
                    return found
                if not found.startswith(_LOADING):
                    claim = _claim()
                    if self._replace(key, found, claim, LOADING_SECONDS):
                        return self._load(key, claim, load, SETTLING_SECONDS if found == _DROPPED else seconds)
                time.sleep(SECONDS_BETWEEN_LOOKS)
        except CacheUnavailableError:
            return load()  # reported already; the database answers
        return load()  # the other loader is slow or gone: it may keep what it finds, we answer

    def get_many(
        self, keys: Iterable[str], load: Callable[[list[str]], Mapping[str, str]], *, seconds: int
    ) -> dict[str, str]:
        """The content of those keys that there is content for; what the cache lacks is loaded in one go."""
        wanted = list(dict.fromkeys(keys))
        try:
            found = self._look_at(wanted)
        except CacheUnavailableError:
            return dict(load(wanted)) if wanted else {}
        content = {key: text for key, text in found.items() if _is_content(text)}
        missing = [key for key in wanted if key not in content]
        if not missing:
            return content
        claimed = self._claim_all({key: found[key] for key in missing if not found[key].startswith(_LOADING)})
        loaded = load(missing)
        self._settle(claimed, found, loaded, seconds)
        return {**content, **loaded}

    def drop(self, *keys: str) -> None:
        """Make the next read of these come from the source; raises CacheUnavailableError."""
        if not keys:
            return
        with cache_errors(), self._cache.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.set(key, _DROPPED, ex=SETTLING_SECONDS)
            pipeline.execute()

    def _look(self, key: str) -> str:
        with cache_errors():
            return _text(self._cache.get(key))

    def _look_at(self, keys: list[str]) -> dict[str, str]:
        with cache_errors(), self._cache.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.get(key)
            return dict(zip(keys, map(_text, pipeline.execute()), strict=True))

    def _replace(self, key: str, seen: str, new: str, seconds: int) -> bool:
        with cache_errors():
            return bool(self._cache.eval(_REPLACE, 1, key, seen, new, str(seconds)))

    def _load(self, key: str, claim: str, load: Callable[[], str], seconds: int) -> str:
        content = ""
        try:
            content = load()
        finally:
            self._let_go(key, claim, content, seconds)
        return content

    def _let_go(self, key: str, claim: str, content: str, seconds: int) -> None:
        try:
            self._replace(key, claim, content, _spread(seconds))
        except CacheUnavailableError:
            return  # reported already; the claim expires by itself

    def _claim_all(self, seen: Mapping[str, str]) -> dict[str, str]:
        claims = {key: _claim() for key in seen}
        try:
            with cache_errors(), self._cache.pipeline(transaction=False) as pipeline:
                for key, claim in claims.items():
                    pipeline.eval(_REPLACE, 1, key, seen[key], claim, str(LOADING_SECONDS))
                won = pipeline.execute()
        except CacheUnavailableError:
            return {}
        return {key: claim for (key, claim), mine in zip(claims.items(), won, strict=True) if mine}

    def _settle(
        self, claimed: Mapping[str, str], seen: Mapping[str, str], loaded: Mapping[str, str], seconds: int
    ) -> None:
        try:
            with cache_errors(), self._cache.pipeline(transaction=False) as pipeline:
                for key, claim in claimed.items():
                    kept = SETTLING_SECONDS if seen[key] == _DROPPED else _spread(seconds)
                    pipeline.eval(_REPLACE, 1, key, claim, loaded.get(key, ""), str(kept))
                pipeline.execute()
        except CacheUnavailableError:
            return  # reported already; the claims expire by themselves


def _is_content(text: str) -> bool:
    return bool(text) and text != _DROPPED and not text.startswith(_LOADING)


def _claim() -> str:
    return f"{_LOADING}{uuid4().hex}"


def _spread(seconds: int) -> int:
    return max(1, round(seconds * uniform(1 - JITTER, 1)))  # noqa: S311 nothing to guess here


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")
