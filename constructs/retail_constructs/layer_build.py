"""Build the functions' dependency layer once per platform and keep it under `build/cache/`.

Imports nothing of the CDK, so that set-up can call it: `python -m retail_constructs.layer_build lambda`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Literal

Platform = Literal["lambda", "host"]

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "lambda_src" / "dependencies"
CACHE = ROOT / "build" / "cache"

# Lambda's Python 3.14 runs on Amazon Linux 2023: glibc 2.34, so wheels up to manylinux_2_28 fit.
_LAMBDA = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.14")


class LayerBuildError(RuntimeError):
    """The layer could not be built; the message holds the installer's own words."""


def build(platform: Platform) -> Path:
    """The layer's content (`python/…`) for that platform, built on the first call and reused afterwards.

    "lambda" is Python 3.14 on ARM64 Linux, whatever runs this; "host" is this very interpreter.
    Only the first call needs the network. Raises `LayerBuildError`.
    """
    requirements = SOURCE / "requirements.txt"
    target = CACHE / f"layer-{platform}-{fingerprint(platform)}"
    if target.is_dir():
        return target
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix=".layer-") as scratch:
        content = Path(scratch) / "layer"
        _install(requirements, content / "python", platform)
        _strip(content / "python")
        try:
            content.rename(target)
        except OSError:  # another process built the same layer meanwhile
            if not target.is_dir():
                raise
    return target


def fingerprint(platform: Platform) -> str:
    """Changes with the pins and with what they are installed for; that of "lambda" is the same on every machine."""
    interpreter = " ".join(_LAMBDA) if platform == "lambda" else f"{sysconfig.get_platform()}-{sys.version_info[:2]}"
    pins = (SOURCE / "requirements.txt").read_bytes()
    return hashlib.sha256(pins + interpreter.encode()).hexdigest()[:16]


def _install(requirements: Path, target: Path, platform: Platform) -> None:
    command = [_uv(), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"]
    command += _LAMBDA if platform == "lambda" else ("--python", sys.executable)
    if "--hash=" in requirements.read_text():
        command.append("--require-hashes")
    command += ["--target", str(target), "--requirements", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LayerBuildError(f"the dependency layer for {platform} cannot be built: {result.stderr.strip()}")


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise LayerBuildError("uv is missing: run the set-up, it installs uv beside this interpreter")
    return uv


def _strip(packages: Path) -> None:
    """Leave out what no function imports; `*.dist-info` keeps its metadata, libraries read their version there."""
    for folder in [*packages.rglob("__pycache__"), *packages.glob("*/tests"), packages / "bin"]:
        shutil.rmtree(folder, ignore_errors=True)
    for record in [*packages.glob("*.dist-info/RECORD"), packages / ".lock"]:
        record.unlink(missing_ok=True)


if __name__ == "__main__":
    platforms: tuple[Platform, ...] = ("lambda", "host")
    chosen = [platform for platform in platforms if platform in sys.argv[1:]]
    if not chosen or len(chosen) != len(sys.argv[1:]):
        sys.exit(f"usage: python -m retail_constructs.layer_build {' '.join(platforms)}  (one of them or both)")
    for platform in chosen:
        print(build(platform))
