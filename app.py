"""Composition root: which environment → the platform, checked by five rule packs, written to build/<environment>/."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks

from environments import Environment, InvalidEnvironmentError, named
from retail_constructs.uncollected import uncollected
from retail_constructs.validation_start import start_validation

ROOT = Path(__file__).resolve().parent
PACKS = AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks


def main() -> None:
    """Synthesize; run by the CDK CLI, or plainly: `python app.py -c env=prod`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-c", "--context", action="append", default=[], metavar="key=value")
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | json.loads(os.getenv("CDK_CONTEXT_JSON", "{}"))
    context |= dict(item.partition("=")[::2] for item in parser.parse_args().context)
    try:
        environment = named(context.get("env", "dev"))
        with uncollected():
            synthesize(environment, context)
    except InvalidEnvironmentError as error:
        sys.exit(f"error: {error}")
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        sys.exit(1)  # the findings are printed already


def synthesize(environment: Environment, context: Mapping[str, Any]) -> None:
    """Write the environment's assembly. Raises `RuntimeError` where validation or a pack has found something."""
    validation = start_validation(reading=("stacks.platform", "typeguard"))
    from stacks.platform import Platform  # only now: it has been read while the validation started

    app = App(context=context, outdir=os.environ.get("CDK_OUTDIR", f"{ROOT}/build/{environment.placement.name}"))
    Platform(app, environment, image_tag=context.get("image_tag"))
    Validations.of(app).add_plugins(validation, *(pack(app) for pack in PACKS))
    app.synth()


if __name__ == "__main__":
    main()
