"""Sessions of deployed roles for what acts on a role's behalf: tasks, rules, delivery streams."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass

from ministack.services import iam, sts

_SECONDS = 3600


class RoleRefusedError(Exception):
    """There is no such role (status 404), or it does not trust who asks (403)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class RoleSession:
    """Credentials that the emulator knows as a session of a role, until `expires` (Unix time)."""

    key: str
    secret: str
    token: str
    expires: float


def assume(arn: str, principal: str) -> RoleSession:
    """A new session of the role for a service. Raises RoleRefusedError as AWS would refuse."""
    account, name = arn.split(":")[4] if arn.count(":") == 5 else "", arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        raise RoleRefusedError(404, f"There is no role {arn!r}")
    if principal not in json.dumps(role["AssumeRolePolicyDocument"]):
        raise RoleRefusedError(403, f"{arn} does not trust {principal}")
    session = RoleSession(
        key="ASIA" + secrets.token_hex(8).upper(),
        secret=secrets.token_urlsafe(30),
        token=secrets.token_urlsafe(60),
        expires=time.time() + _SECONDS,
    )
    sts.register_session(
        session.key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{principal.split('.', maxsplit=1)[0]}",
            "UserId": f"{name}:{principal.split('.', maxsplit=1)[0]}",
            "SecretAccessKey": session.secret,
            "SessionToken": session.token,
            "Expiration": session.expires,
        },
    )
    return session
