"""How the library's Node.js starts. Imports nothing of the library, for that starts it."""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from pathlib import Path

COMPILED_ONCE = Path(__file__).with_name("compiled_once.cjs")


def compile_once(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let a Node.js started with `environment` compile WebAssembly once, whatever else NODE_OPTIONS asks for.

    A synthesis spends a second less of the processors. Call it before the library is imported.
    """
    path = json.dumps(str(COMPILED_ONCE), ensure_ascii=False)  # NODE_OPTIONS quotes as JSON does
    environment["NODE_OPTIONS"] = f"{environment.get('NODE_OPTIONS', '')} --require={path}".strip()
