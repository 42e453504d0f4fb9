"""Start the library's validation of templates while Python is still reading modules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from aws_cdk import CloudFormationValidatePlugin


def start_validation(*, reading: str) -> CloudFormationValidatePlugin:
    """The library's validation plugin, ready, and the module `reading` with all that it imports read meanwhile.

    Its engine takes a second in Node.js, reading the stacks and what they use takes half of one in Python. Node.js does
    one thing at a time, so reading must ask nothing of it: no module of ours makes an object of the library's when it
    is imported.
    """
    with ThreadPoolExecutor(1) as reader:
        module = reader.submit(import_module, reading)
        plugin = CloudFormationValidatePlugin()
        module.result()  # raises what went wrong there
    return plugin
