"""Composition root: which environment → the platform, checked by five rule packs, written to build/<environment>/."""

import argparse
import gc
import json
import os
import sys
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks

from environments import InvalidEnvironmentError, named
from retail_constructs.validation_start import start_validation

ROOT = Path(__file__).resolve().parent
PACKS = AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks


def main() -> None:
    """Synthesize; run by the CDK CLI, or plainly: `python app.py -c env=prod`."""
    gc.disable()  # everything lives to the end: looking for garbage, now and when exiting, is a tenth of the time
    parser = argparse.ArgumentParser()
    parser.add_argument("-c", "--context", action="append", default=[], metavar="key=value")
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | json.loads(os.getenv("CDK_CONTEXT_JSON", "{}"))
    context |= dict(item.partition("=")[::2] for item in parser.parse_args().context)
    try:
        environment = named(context.get("env", "dev"))
        validation = start_validation()
        from stacks.platform import Platform  # only now, for it reads what `start_validation` read in the meantime

        app = App(context=context, outdir=os.environ.get("CDK_OUTDIR", f"{ROOT}/build/{environment.placement.name}"))
        Platform(app, environment, image_tag=context.get("image_tag"))
        Validations.of(app).add_plugins(validation, *(pack(app) for pack in PACKS))
        app.synth()
        gc.freeze()
    except InvalidEnvironmentError as error:
        sys.exit(f"error: {error}")
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        sys.exit(1)  # the findings are printed already


if __name__ == "__main__":
    main()
