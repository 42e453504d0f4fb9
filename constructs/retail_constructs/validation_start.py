"""Start the library's validation of templates while Python is still reading modules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from aws_cdk import CloudFormationValidatePlugin


def start_validation(*, reading: tuple[str, ...]) -> CloudFormationValidatePlugin:
    """The library's validation plugin, ready, and the modules of those names read meanwhile.

    Its engine takes a second in Node.js, reading the stacks and what they use takes as long in Python: together half a
    synthesis of `prod` would pass with one waiting for the other. Node.js does one thing at a time only, so reading
    must ask nothing of it: no module of ours makes an object of the library's when it is imported.
    """
    with ThreadPoolExecutor(1) as reader:
        modules = reader.map(import_module, reading)
        plugin = CloudFormationValidatePlugin()
        list(modules)  # raises what went wrong there
    return plugin
