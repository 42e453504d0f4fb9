"""Composition root: which environment → the platform, checked by five rule packs, written to build/<environment>/."""

import argparse
import json
import os
import sys
from pathlib import Path

from environments import InvalidEnvironmentError, named
from retail_constructs.node_start import compile_once
from retail_constructs.uncollected import uncollected

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Synthesize; run by the CDK CLI, or plainly: `python app.py -c env=prod`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-c", "--context", action="append", default=[], metavar="key=value")
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | json.loads(os.getenv("CDK_CONTEXT_JSON", "{}"))
    context |= dict(item.partition("=")[::2] for item in parser.parse_args().context)
    try:
        environment = named(context.get("env", "dev"))
        directory = os.environ.get("CDK_OUTDIR", f"{ROOT}/build/{environment.placement.name}")
        compile_once()
        with uncollected():
            from stacks.assembly import synthesize  # only now: to import the library is to start its Node.js

            synthesize(environment, context=context, directory=directory)
    except InvalidEnvironmentError as error:
        sys.exit(f"error: {error}")
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
        sys.exit(1)  # the findings are printed already


if __name__ == "__main__":
    main()
