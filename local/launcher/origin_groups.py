"""Origin groups of a distribution: the second origin is asked when the first answers with one of the named statuses.

The emulator stores them and answers 502 for a behaviour that names one.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudfront

_Origins = dict[str, dict[str, Any]]


def follow_origin_groups() -> None:
    """A behaviour may name a group; it is asked for as an origin that is the first and knows the second."""
    parse, fetch = cloudfront.parse_distribution_dataplane_config, cloudfront._fetch_from_origin

    def parse_with_groups(distribution: dict[str, Any]) -> Any:
        parsed = parse(distribution)
        parsed["origins"].update(_groups(cloudfront._dist_config_el(distribution), parsed["origins"]))
        return parsed

    async def fetch_from_group(origin: dict[str, Any], *request: Any) -> Any:
        try:
            answer = await fetch(origin, *request)
        except (cloudfront.OriginTimeout, cloudfront.OriginUnreachable):
            if "second" not in origin:
                raise
            return await fetch(origin["second"], *request)
        return await fetch(origin["second"], *request) if answer[0] in origin.get("failover", ()) else answer

    cloudfront.parse_distribution_dataplane_config = parse_with_groups
    cloudfront._fetch_from_origin = fetch_from_group


def _groups(config: Any, origins: _Origins) -> _Origins:
    found = {}
    for group in _named(config, "OriginGroup"):
        first, second = (origins[cloudfront._text(member, "OriginId")] for member in _named(group, "OriginGroupMember"))
        failover = {int(status.text) for status in _named(group, "StatusCode")}
        found[cloudfront._text(group, "Id")] = {**first, "second": second, "failover": failover}
    return found


def _named(element: Any, name: str) -> list[Any]:
    """The elements of that name at any depth, whatever their namespace."""
    return [inner for inner in element.iter() if cloudfront._local_tag_name(inner) == name]
