"""The container image holds what the storefront imports, and nothing that moves under it."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "services" / "storefront" / "Dockerfile").read_text()
REQUIREMENTS = (ROOT / "services" / "storefront" / "requirements.txt").read_text()
INSTALLED = {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", REQUIREMENTS, re.MULTILINE)}
COPIED = dict(re.findall(r"^COPY (?!--from)(\S+) /app/(\S+)$", DOCKERFILE, re.MULTILINE))


def imported() -> set[tuple[str, str]]:
    """Every import that can happen once `python -m storefront` runs, and the module that does it."""
    found: set[tuple[str, str]] = set()
    waiting, seen = ["storefront.__main__"], set[str]()
    while waiting:
        module = waiting.pop()
        path = _file(module)
        if module in seen or path is None:
            continue
        seen.add(module)
        for name in _names(ast.parse(path.read_text())):
            found.add((module, name.partition(".")[0]))
            waiting.append(name)
    assert {"storefront.pages", "retail.stripe_card_entry", "retail.catalog"} <= seen, "the walk ended early"
    return found


def _file(module: str) -> Path | None:
    """Where the image has this module; None for what it does not have, or for a name inside of one."""
    for source, package in COPIED.items():
        if module.partition(".")[0] == package:
            base = (ROOT / source).joinpath(*module.split(".")[1:])
            candidates = (base.with_suffix(".py"), base / "__init__.py")
            return next((candidate for candidate in candidates if candidate.is_file()), None)
    return None


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue  # what only the type checker reads
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from _names(node)


def test_everything_that_the_storefront_imports_is_in_the_image() -> None:
    distributions = packages_distributions()

    missing = {
        (module, package)
        for module, package in imported()
        if package not in sys.stdlib_module_names
        and package not in COPIED.values()
        and not {name.lower().replace("_", "-") for name in distributions.get(package, [])} & INSTALLED
    }

    assert missing == set()


def test_the_folders_are_copied_whole_so_that_shapes_certificates_and_templates_come_along() -> None:
    assert COPIED == {"lambda_src/retail": "retail", "services/storefront": "storefront"}
    kept_beside_code = [
        path for name in COPIED for path in (ROOT / name).rglob("*") if path.suffix in (".html", ".pem")
    ]
    assert len(kept_beside_code) > 10


@pytest.mark.parametrize("line", re.findall(r"^FROM .*$", DOCKERFILE, re.MULTILINE))
def test_the_base_is_pinned_by_version_and_digest(line: str) -> None:
    assert re.fullmatch(r"FROM python:\d+\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}( AS \w+)?", line)


def test_nobody_in_the_image_is_root() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    assert DOCKERFILE.index("\nUSER ") < DOCKERFILE.index("\nCMD ")
