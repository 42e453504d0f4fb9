"""The synthesized templates, unmodified, through the real CDK command line onto the emulator."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from local.emulator import ACCOUNT, EDGE_REGION, REGION, Emulator
from local.run_directory import ROOT, LocalError, RunDirectory
from retail_constructs import layer_build

_CDK = ROOT / "node_modules" / ".bin" / "cdk"
_DEPLOYED = "✅"


def local_assembly(source: Path, target: Path) -> Path:
    """Copies a cloud assembly, its functions' layer built for this machine's processor.

    Guarantees that every template is the same to the byte: only what is inside the layer's asset differs.
    """
    shutil.rmtree(target, ignore_errors=True)
    layers = set(_layer_assets(source))
    shutil.copytree(source, target, ignore=lambda _directory, names: layers & set(names))
    host_layer = layer_build.build("host")
    for name in layers:
        shutil.copytree(host_layer, target / name)
    return target


def _layer_assets(assembly: Path) -> Iterator[str]:
    """The directories of the assembly that hold a Lambda layer."""
    for file in assembly.glob("*.template.json"):
        for resource in json.loads(file.read_text()).get("Resources", {}).values():
            if resource["Type"] == "AWS::Lambda::LayerVersion":
                yield "asset." + Path(resource["Properties"]["Content"]["S3Key"]).stem


def bootstrap(run: RunDirectory, emulator: Emulator) -> None:
    """Makes the account ready for CDK in both regions. Raises LocalError with the end of CDK's own words."""
    environments = [f"aws://{ACCOUNT}/{region}" for region in (REGION, EDGE_REGION)]
    # From a folder without an app, because bootstrapping would otherwise synthesize it.
    _cdk(run, emulator, ["bootstrap", *environments], directory=run.path, report=lambda _line: None)


def deploy(run: RunDirectory, emulator: Emulator, assembly: Path, report: Callable[[str], None]) -> None:
    """Deploys every stack, telling `report` the name of each that is done. Raises LocalError when one fails."""
    command = ["deploy", "--all", "--app", str(assembly), "--require-approval", "never"]
    command += ["--concurrency", "8", "--method", "direct", "--asset-parallelism", "true"]
    _cdk(run, emulator, command, directory=ROOT, report=report)


def _cdk(
    run: RunDirectory, emulator: Emulator, arguments: list[str], *, directory: Path, report: Callable[[str], None]
) -> None:
    log = run.log("cdk")
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with (
        log.open("a") as output,
        subprocess.Popen(
            [str(_CDK), *arguments, "--no-notices", "--progress", "events", "--no-color"],
            cwd=directory,
            env={**emulator.client_environment(), "CI": "true", "CDK_DISABLE_CLI_TELEMETRY": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            output.write(line)
            output.flush()
            lines.append(line.rstrip())
            if line.strip().startswith(_DEPLOYED):
                report(line.strip().removeprefix(_DEPLOYED).strip())
    if process.returncode:
        errors = [line for line in lines if "failed" in line.lower() or "error" in line.lower()] or lines
        raise LocalError(f"cdk {arguments[0]} failed: {errors[-1] if errors else 'it said nothing'} (all of it: {log})")
