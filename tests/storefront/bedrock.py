"""Bedrock's Converse API on a port of this machine, for the real client to speak to."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

MODEL = "amazon.nova-lite-v1:0"


class Bedrock:
    """Answers what it is told to; keeps what it was asked."""

    def __init__(self) -> None:
        self.text: str | Callable[[dict[str, Any]], str] = "[2, 1]"
        self.status = 200
        self.questions: list[dict[str, Any]] = []

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        self.questions.append(question)
        if self.status != 200:
            return {"message": "Too many requests, please wait before trying again."}
        text = self.text if isinstance(self.text, str) else self.text(question)
        return {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15},
            "metrics": {"latencyMs": 1},
        }


@contextmanager
def serve(bedrock: Bedrock) -> Iterator[str]:
    """Its address, while it runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == f"/model/{MODEL.replace(':', '%3A')}/converse", self.path
            assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256")
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(bedrock.answer(question)).encode()
            self.send_response(bedrock.status)
            if bedrock.status == 429:
                self.send_header("x-amzn-ErrorType", "ThrottlingException")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                return  # whoever asked has given up

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
