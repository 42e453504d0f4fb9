"""Start the library's validation of templates while Python is still reading modules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from aws_cdk import CloudFormationValidatePlugin

# The largest that the stacks use; each brings what it needs itself. Reading them asks nothing of Node.js, which may do
# one thing at a time only.
LARGE_MODULES = ("aws_ecs", "aws_rds", "aws_glue", "aws_cloudfront", "aws_backup", "aws_wafv2")


def start_validation() -> CloudFormationValidatePlugin:
    """The library's validation plugin, ready, and its large modules read meanwhile.

    Its engine takes 1.3 s in Node.js, reading the modules takes as long in Python: together half a synthesis of `prod`
    would pass with one waiting for the other.
    """
    with ThreadPoolExecutor(1) as reader:
        modules = reader.map(import_module, (f"aws_cdk.{name}" for name in LARGE_MODULES))
        plugin = CloudFormationValidatePlugin()
        list(modules)  # raises what went wrong there
    return plugin
