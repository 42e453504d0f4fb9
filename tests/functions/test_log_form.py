"""What a function logs, whoever writes the line."""

import json
import os
import subprocess
import sys

IN_LAMBDA = """
import logging, warnings
logging.getLogger().addHandler(logging.StreamHandler())  # what the runtime does before it imports a function
from retail.observability import correlate, logger
correlate("7f4c1f52-8f5b-4a53-9f5e-0c8a3a7a4e11")
logging.getLogger("botocore.endpoint").warning("retrying %s", "PutEvents")
logging.getLogger("botocore.endpoint").info("unheard")
warnings.warn("old-fashioned")
logger.info("ours")
"""


def test_a_function_writes_every_line_once_as_json_under_the_correlation_id() -> None:
    environment = {
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "POWERTOOLS_SERVICE_NAME": "order-processor",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    ended = subprocess.run(
        [sys.executable, "-c", IN_LAMBDA], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert ended.stderr == ""
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line.get("library") for line in lines] == ["botocore.endpoint", "py.warnings", None]
    assert [line["message"] for line in (lines[0], lines[2])] == ["retrying PutEvents", "ours"]
    assert {line["service"] for line in lines} == {"order-processor"}
    assert {line["correlation_id"] for line in lines} == {"7f4c1f52-8f5b-4a53-9f5e-0c8a3a7a4e11"}
