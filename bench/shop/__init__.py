"""What the shop adds to the framework and the database that it is built on."""

import sys

from ops.synth import ROOT

sys.path.append(str(ROOT / "lambda_src"))  # the functions, which are no installed package
