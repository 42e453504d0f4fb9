"""No secret, account, address or company of the real world in a template, nor anywhere in the repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.infrastructure.synthesis import ROOT, STACKS, Synthesized

# Lock files hold hashes and addresses of registries, written by their tools.
WRITTEN_BY_TOOLS = re.compile(r"(requirements(-dev)?\.txt|package-lock\.json)$")
ACCOUNTS_OF_NOBODY = {"000000000000", "111111111111", "123456789012"}
# Whose documentation, packages, schemas and services the project speaks of. Names below `.example` belong to nobody.
KNOWN_HOSTS = re.compile(
    r"(^|\.)(amazonaws\.com|amazon\.com|awsstatic\.com|example(\.(com|org|net))?|localhost|json-schema\.org|schema\.org|"
    r"w3\.org|stripe\.com|github\.com|pypi\.org|python\.org|npmjs\.(org|com)|nodejs\.org|invalid|test|internal|local)$"
)

SECRETS = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|"
    r"\b(ghp|gho|github_pat|sk_live|rk_live|xox[abp])[_-]\w{16,}"
)
ACCOUNT = re.compile(r"(?<![\w.-])\d{12}(?![\w.-])")
ADDRESS = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-]|/(?!32))")  # a range is nobody's address
HOST = re.compile(r"(?:https?://|\w@)([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]+)\b")
COMPANY = re.compile(
    r"\b(?<!\.)(?!org\.apache\.)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|io|shop|store|dev|cloud)\b"
)


def secrets(text: str) -> Iterator[str]:
    """What looks like a credential."""
    return (match[0] for match in SECRETS.finditer(text))


def accounts(text: str) -> Iterator[str]:
    """Numbers that may be an AWS account, but those that documentation uses."""
    return (number for number in ACCOUNT.findall(text) if number not in ACCOUNTS_OF_NOBODY)


def addresses(text: str) -> Iterator[str]:
    """Addresses that somebody on the internet may have."""
    return (
        found
        for found in ADDRESS.findall(text)
        if max(map(int, found.split("."))) < 256 and IPv4Address(found).is_global
    )


def hosts(text: str) -> Iterator[str]:
    """Names of machines in addresses of pages or mail, other than those the project speaks of."""
    return (host for host in HOST.findall(text) if not KNOWN_HOSTS.search(host.lower()))


def companies(text: str) -> Iterator[str]:
    """Registered names, anywhere in a text."""
    return (name for name in COMPANY.findall(text) if not KNOWN_HOSTS.search(name))


def texts() -> Iterator[tuple[str, str]]:
    """Every text file that is, or is about to be, in the repository, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and not WRITTEN_BY_TOOLS.search(name):
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # a picture or a font


@pytest.mark.parametrize("finds", [secrets, accounts, addresses, companies])
def test_no_template_holds(finds: Callable[[str], Iterator[str]], platform: Synthesized) -> None:
    found = {stack: set(finds(platform.path_of(stack).read_text())) for stack in STACKS}

    assert {stack: private for stack, private in found.items() if private} == {}


@pytest.mark.parametrize("finds", [secrets, accounts, addresses, hosts])
def test_no_file_of_the_repository_holds(finds: Callable[[str], Iterator[str]]) -> None:
    this = Path(__file__).relative_to(ROOT).as_posix()
    found = {name: set(finds(text)) for name, text in texts() if name != this}

    assert len(found) > 100
    assert {name: private for name, private in found.items() if private} == {}


@pytest.mark.parametrize(
    ("finds", "private"),
    [
        (secrets, "key = AKIAABCDEFGHIJKLMNOP"),
        (secrets, "-----BEGIN RSA PRIVATE KEY-----"),
        (accounts, "arn:aws:iam::210987654321:role/x"),
        (addresses, "let 8.8.8.8 in"),
        (hosts, "https://shop.acme-retail.com/cart"),
        (companies, '"store.acme-retail.com"'),
    ],
)
def test_what_is_private_is_recognised(finds: Callable[[str], Iterator[str]], private: str) -> None:
    assert list(finds(private))
