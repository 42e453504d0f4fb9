"""Writes docs/network.md, who reaches whom, out of the templates: `python -m ops.network`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from ops.reachability import Network, Template, tier
from ops.synth import ROOT, SynthesisError, synthesize

DOCUMENT = ROOT / "docs" / "network.md"
ENVIRONMENTS = ("prod", "dev")

_HEAD = """# Who reaches whom

Computed from the templates by `make network`, and compared with them by `tests/infrastructure/test_reachability.py`.
A line means: a connection can be opened. It is there if one group lets it out, the other lets it in, something listens,
and the routes lead there; what has no line cannot be reached. On port 80 CloudFront answers with a redirect only, and
so does the load balancer to whom `Redirects` admits. Data subnets have no route out of the network, and S3 and DynamoDB
are reached through gateway endpoints.
"""


def document(environments: Mapping[str, Network]) -> str:
    """The page: for each environment the connections, then what is in each group."""
    return "\n".join([_HEAD, *(_section(name, network) for name, network in environments.items())])


def _section(name: str, network: Network) -> str:
    lines = [f"## `{name}`", "", "| from | to | port |", "|---|---|---|"]
    lines += [f"| {reach.source} | {reach.target} | {reach.port} |" for reach in network.reaches()]
    lines += ["", "| group | holds |", "|---|---|"]
    for group, members in sorted(network.members.items()):
        kinds = sorted({member.type.removeprefix("AWS::").replace("::", " ") for member in members})
        lines.append(f"| {tier(group)} | {', '.join(kinds) or 'nothing'} |")
    return "\n".join(lines) + "\n"


def templates(assembly: Path) -> dict[str, Template]:
    """The templates of a cloud assembly by stack."""
    return {
        path.name.removesuffix(".template.json"): json.loads(path.read_text())
        for path in sorted(assembly.glob("*.template.json"))
    }


def main() -> int:
    """Synthesize, compute, write; says where the page is."""
    began = time.monotonic()
    networks = {}
    for name in ENVIRONMENTS:
        print(f"  Synthesize {name} …", flush=True)
        try:
            networks[name] = Network(templates(synthesize(name)))
        except SynthesisError as problem:
            print(problem, file=sys.stderr)
            return 1
    DOCUMENT.write_text(document(networks), encoding="utf-8")
    print(f"  {DOCUMENT.relative_to(ROOT)}   {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
