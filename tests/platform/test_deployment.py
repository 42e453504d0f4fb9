"""What runs here is what goes to AWS; it can be deployed again, and it ends without a trace."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2 as httpx
import psutil
import pytest

from local.platform import EmbeddedPlatform
from local.run_directory import ROOT, free_port
from tests.platform.deployed import PATIENCE_SECONDS, Deployed, quiet


def test_the_deployed_templates_are_the_synthesized_ones_to_the_byte(platform: Deployed) -> None:
    synthesized = {file.name: file.read_bytes() for file in (ROOT / "build" / "dev").glob("*.template.json")}
    deployed = {file.name: file.read_bytes() for file in (platform.directory / "assembly").glob("*.template.json")}
    assert deployed == synthesized
    assert len(synthesized) == 8


def test_the_emulator_holds_the_synthesized_templates(platform: Deployed) -> None:
    for file in (ROOT / "build" / "dev").glob("*.template.json"):
        stack = f"retail-dev-{file.name.removesuffix('.template.json').lower()}"
        region = "us-east-1" if stack.endswith("-edge") else "us-east-2"
        body = platform.emulator.client("cloudformation", region).get_template(StackName=stack)["TemplateBody"]
        held = json.loads(body) if isinstance(body, str) else body
        assert held["Resources"] == json.loads(file.read_text())["Resources"], stack


def test_what_is_recorded_only_is_listed(platform: Deployed) -> None:
    recorded = {resource.type for resource in EmbeddedPlatform(platform.directory).recorded()}
    assert "AWS::EC2::NatGateway" in recorded
    assert "AWS::RDS::DBCluster" not in recorded


def processes_of(directory: Path) -> list[psutil.Process]:
    """Every process that knows this directory: by its command line or its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(directory) in " ".join([*process.cmdline(), *process.environ().values()]):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return [process for process in found if process.pid != psutil.Process().pid]


def test_up_works_again_after_a_crash_and_down_leaves_nothing(tmp_path: Path) -> None:
    directory, port = tmp_path / "run", free_port()
    crashing = EmbeddedPlatform(directory)
    crashing.up(port, quiet)
    emulator = psutil.Process(crashing.run.process_id("emulator"))
    emulator.kill()
    emulator.wait(PATIENCE_SECONDS)
    again = EmbeddedPlatform(directory)
    running = again.up(port, quiet)
    assert httpx.get(f"{running.address}/api/products", timeout=PATIENCE_SECONDS).json()["items"]
    temporary = [Path(found) for found in again.run._contents.directories]
    assert temporary
    again.down()
    assert processes_of(directory) == []
    assert not directory.exists()
    assert not [found for found in temporary if found.exists()]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.address}/health")
