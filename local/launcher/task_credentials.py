"""Credentials of a task's role, handed out as the ECS agent hands them to a container.

ECS documents the protocol as `AWS_CONTAINER_CREDENTIALS_FULL_URI` with `AWS_CONTAINER_AUTHORIZATION_TOKEN`. Plain HTTP,
as there: it never leaves the loopback interface, and boto3 trusts no authority of ours on this path.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local.launcher.role_sessions import RoleRefusedError, assume


def serve_task_credentials(port: int, token: str) -> None:
    """Answers `GET /?role=ARN` to who knows the token, on 127.0.0.1, for as long as this process lives."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if hmac.compare_digest(self.headers.get("Authorization", ""), token):
                status, answer = _credentials(parse_qs(urlsplit(self.path).query).get("role", [""])[0])
            else:
                status, answer = 401, {"message": "The authorization token is not the one of this platform"}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (the base class's name)
            """Requests carry a token: nothing of them is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Door)
    threading.Thread(target=server.serve_forever, name="task-credentials", daemon=True).start()


def _credentials(arn: str) -> tuple[int, dict[str, str]]:
    """A new session of the role, if there is one and it trusts ECS tasks."""
    try:
        session = assume(arn, "ecs-tasks.amazonaws.com")
    except RoleRefusedError as refusal:
        return refusal.status, {"message": str(refusal)}
    return 200, {
        "RoleArn": arn,
        "AccessKeyId": session.key,
        "SecretAccessKey": session.secret,
        "Token": session.token,
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(session.expires)),
    }
