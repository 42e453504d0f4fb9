"""Sets the project up on a fresh machine: `make setup`. Needs Python 3.11 or newer and nothing else.

Guarantees, when it exits 0: `.venv` (CDK, tests, tools, Node.js), `.emulator` (the emulator, apart from all else),
`node_modules` (the CDK command line) and the functions' dependency layers are there and match their lock files.
Each step is skipped while its inputs are unchanged, so that a second run takes a fraction of a second. What a run that
was interrupted left in half is made anew by the next; of two at once, one waits for the other.
Runs on the standard library alone, because it is what installs everything else.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
EMULATOR = ROOT / ".emulator"
STOREFRONT = ROOT / "build" / "cache" / "storefront"
CHROMIUM = ROOT / "build" / "cache" / "chromium"
SCHEMAS = ROOT / "build" / "cache" / "resource-schemas.json"
STAMPS = ROOT / "build" / "setup"
UV_VERSION = "0.13.8"
MINIMUM_PYTHON = (3, 11)
NEEDED_GIGABYTES = 3
# The package holds no other build; elsewhere the tests take the machine's own Chrome.
HAS_CHROMIUM = (platform.system(), platform.machine()) == ("Linux", "x86_64")


class SetupError(Exception):
    """What went wrong and what to do about it, in one line."""


def check_machine() -> None:
    """Raises SetupError when this machine cannot run the project."""
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(
            f"Python {found} is too old: 3.11 or newer is needed. Choose one: make setup PYTHON=python3.12"
        )
    try:
        import ensurepip  # noqa: F401  (absent on Debian without python3-venv)
    except ImportError:
        raise SetupError("This Python has no `venv`: install it first (Debian: apt-get install python3-venv)") from None
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < NEEDED_GIGABYTES and not VENV.exists():
        raise SetupError(
            f"Only {free:.1f} GB free below {ROOT}: {NEEDED_GIGABYTES} GB are needed. Make room, then try again"
        )


def run(*command: str | Path, environment: Mapping[str, str] = os.environ) -> None:
    """Runs a command quietly; raises SetupError with its last lines when it fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env={"UV_HTTP_TIMEOUT": "300", **environment},  # uv gives up on a slow registry after thirty seconds
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except FileNotFoundError as missing:
        raise SetupError(f"Missing tool: {missing.filename}") from None
    if done.returncode:
        tail = "\n    ".join(done.stdout.strip().splitlines()[-12:])
        raise SetupError(f"`{' '.join(str(part) for part in command[:4])} …` failed:\n    {tail}")


def uv(*arguments: str | Path) -> None:
    """Runs uv, the installer, from the project's own environment."""
    run(VENV / "bin" / "uv", *arguments)


def is_whole(environment: Path) -> bool:
    """Whether there is a virtual environment that was made to its end, by a Python that is still there."""
    # The last that `venv` makes, the last that uv makes, and what leads out of it.
    return all((environment / part).exists() for part in ("bin/activate", "pyvenv.cfg", "bin/python"))


def python_environment() -> None:
    """`.venv`: CDK, the shop's libraries, tests and tools, exactly as locked."""
    if not is_whole(VENV):
        run(sys.executable, "-m", "venv", "--clear", VENV)
    run(VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"uv=={UV_VERSION}")
    lock = ROOT / "requirements-dev.txt"
    uv("pip", "sync", "--quiet", "--require-hashes", "--python", VENV / "bin" / "python", lock)
    uv("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--python", VENV / "bin" / "python", "-e", ".")
    # Importing aws_cdk uncompiled takes four seconds, each time where Python is told to write no bytecode.
    script = "import compileall, sysconfig; compileall.compile_dir(sysconfig.get_path('purelib') + '/aws_cdk', quiet=2)"
    run(VENV / "bin" / "python", "-c", script)


def emulator_environment() -> None:
    """`.emulator`: the emulator and what AWS's own Lambda runtime has, nothing of ours."""
    python = EMULATOR / "bin" / "python"
    if not is_whole(EMULATOR):
        uv("venv", "--quiet", "--clear", "--python", VENV / "bin" / "python", EMULATOR)
    uv("pip", "sync", "--quiet", "--require-hashes", "--python", python, ROOT / "local" / "requirements.txt")


def storefront_environment() -> None:
    """`build/cache/storefront`: what the container holds and no more, to run the storefront on this machine."""
    if not is_whole(STOREFRONT):
        uv("venv", "--quiet", "--clear", "--python", VENV / "bin" / "python", STOREFRONT)
    lock = ROOT / "services" / "storefront" / "requirements.txt"
    uv("pip", "sync", "--quiet", "--require-hashes", "--python", STOREFRONT / "bin" / "python", lock)


def resource_schemas() -> None:
    """The attribute names of every CloudFormation resource type, for what the emulator can only record."""
    run(VENV / "bin" / "python", "-m", "local.resource_schemas")


def node_modules() -> None:
    """`node_modules`: the CDK command line, installed by the Node.js of `.venv`."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    run(VENV / "bin" / "npm", "ci", "--loglevel=error", environment={**os.environ, "PATH": path})


def browser() -> None:
    """`build/cache/chromium`: Chromium with the libraries it needs, out of its package, for the tests of the pages."""
    if not HAS_CHROMIUM:
        return
    CHROMIUM.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CHROMIUM.parent, prefix=".chromium-") as scratch:
        unpacked = Path(scratch, "unpacked")  # apart: the package takes whatever lies there, half or old, for unpacked
        unpacked.mkdir()
        script = "import('@sparticuz/chromium').then((chromium) => chromium.default.executablePath())"
        # The package unpacks into TMPDIR, and brings its libraries where it believes to be inside a Lambda function.
        inside = {"TMPDIR": str(unpacked), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x"}
        run(VENV / "bin" / "node", "--eval", script, environment={**os.environ, **inside})
        shutil.rmtree(CHROMIUM, ignore_errors=True)
        unpacked.rename(CHROMIUM)


def dependency_layers() -> None:
    """The functions' packages, for AWS and for this machine, so that synthesis needs no network."""
    run(VENV / "bin" / "python", "-m", "retail_constructs.layer_build", "lambda", "host")


Step = tuple[str, Callable[[], None], Sequence[str], Path]
STEPS: Sequence[Step] = (
    ("Python environment", python_environment, ("requirements-dev.txt", "pyproject.toml"), VENV),
    ("Emulator", emulator_environment, ("local/requirements.txt",), EMULATOR),
    ("Storefront", storefront_environment, ("services/storefront/requirements.txt",), STOREFRONT),
    ("CDK command line", node_modules, ("package-lock.json",), ROOT / "node_modules"),
    ("Browser", browser, ("package-lock.json",), CHROMIUM if HAS_CHROMIUM else ROOT / "node_modules"),
    ("Function layers", dependency_layers, ("lambda_src/dependencies/requirements.txt",), ROOT / "build" / "cache"),
    ("Resource schemas", resource_schemas, ("requirements-dev.txt", "local/resource_schemas.py"), SCHEMAS),
)


def fingerprint(inputs: Sequence[str]) -> str:
    """Changes when an input, this script, the Python or the checkout's place changes."""
    digest = hashlib.sha256(f"{sys.version}{ROOT}".encode())
    for name in (*inputs, "ops/setup.py"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


@contextmanager
def alone() -> Iterator[None]:
    """While this lasts, no other set-up of this checkout is at work; waits for one that is."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    with (STAMPS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  Another set-up is at work here: waiting for it to end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def set_up() -> None:
    """Runs every step whose inputs changed, naming each as it goes."""
    for name, step, inputs, product in STEPS:
        stamp = STAMPS / name.lower().replace(" ", "-")
        wanted = fingerprint(inputs)
        if product.exists() and stamp.exists() and stamp.read_text() == wanted:
            continue
        print(f"  {name} …", end=" ", flush=True)
        began = time.monotonic()
        stamp.unlink(missing_ok=True)
        step()
        stamp.write_text(wanted)
        print(f"{time.monotonic() - began:.1f} s", flush=True)


def main() -> int:
    """Sets everything up; 0 when all is in place."""
    try:
        check_machine()
        with alone():
            set_up()
    except (SetupError, OSError) as problem:
        print(f"\nset-up: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
