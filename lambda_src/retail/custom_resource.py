"""The answer that CloudFormation waits for, put to the address it gave."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.request import Request, urlopen

LONGEST_REASON = 1000  # the whole answer may have 4 KB


@dataclass(frozen=True)
class Answer:
    """How it went."""

    status: Literal["SUCCESS", "FAILED"]
    reason: str = ""
    data: dict[str, str] = field(default_factory=dict)


def send(event: dict[str, Any], physical_id: str, answer: Answer) -> None:
    """Put the answer; raises urllib's error when nobody takes it, so that Lambda delivers the event again."""
    body = {
        "Status": answer.status,
        "Reason": answer.reason[:LONGEST_REASON],
        "PhysicalResourceId": event.get("PhysicalResourceId", physical_id),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": answer.data,
    }
    request = Request(  # noqa: S310 the address comes from CloudFormation, signed for this one answer
        event["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urlopen(request, timeout=15) as response:  # noqa: S310
        response.read()
