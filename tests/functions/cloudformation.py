"""CloudFormation as a custom resource sees it: it asks, and waits for the answer at an address of its own."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any


class CloudFormation:
    """Waits for answers at an address of its own."""

    def __init__(self) -> None:
        answers: list[dict[str, Any]] = []

        class Listener(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self.answers = answers
        self.server = HTTPServer(("127.0.0.1", 0), Listener)
        self._thread = Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for nothing any more."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def request(self, request_type: str, **more: Any) -> dict[str, Any]:
        """What CloudFormation sends to the function."""
        return {
            "RequestType": request_type,
            "ResponseURL": f"http://127.0.0.1:{self.server.server_port}/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Resource",
            "ResourceProperties": {},
            **more,
        }
