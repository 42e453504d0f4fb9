"""One environment's assembly, checked by the library's validation of templates and by five rule packs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks

from environments import Environment
from retail_constructs.validation_start import start_validation

PACKS = AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks


def synthesize(environment: Environment, *, context: Mapping[str, Any], directory: str) -> None:
    """Write the platform of `environment` to `directory`. `RuntimeError` "ValidationFailed" tells of findings."""
    validation = start_validation(reading="stacks.platform")
    from stacks.platform import Platform  # only now: it has been read while the validation started

    app = App(context=context, outdir=directory)
    Platform(app, environment, image_tag=context.get("image_tag"))
    Validations.of(app).add_plugins(validation, *(pack(app) for pack in PACKS))
    app.synth()
