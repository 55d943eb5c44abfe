"""The check script: two fixed files that anybody may read before running them, and the commands for one test."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from diagnostics.domain import Vendor
from portal.wizard.endpoints import endpoints

FOLDER = Path(__file__).parent.parent / "scripts"
FILES = {"check-1.sh": "bash", "check-1.ps1": "powershell"}
"""The number is the version: a file that does something else gets another, so that a hash once noted stays right."""
PASTED_REPORT = ("network-paste", "")
"""The key of the form for a pasted report, among those that a page gives back with problems."""


@dataclass(frozen=True, slots=True)
class CheckScript:
    """One file; `sha256` in hexadecimal digits, `url` where it is downloaded, `language` bash or powershell."""

    name: str
    language: str
    sha256: str
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Commands:
    """One line each, to be copied as it is: get the file, read it, compare it with ours, run it."""

    download: str
    show: str
    verify: str
    run: str


def scripts() -> tuple[CheckScript, ...]:
    """Both, bash first."""
    return tuple(
        CheckScript(
            name=name,
            language=language,
            sha256=hashlib.sha256(content(name)).hexdigest(),
            text=content(name).decode("ascii"),
            url=f"{settings.PORTAL_URL}/{name}",
        )
        for name, language in FILES.items()
    )


@cache
def content(name: str) -> bytes:
    """The file as it is served; it never changes while we run."""
    return (FOLDER / name).read_bytes()


def commands(script: CheckScript, token: str, vendor: Vendor) -> Commands:
    """How one test is run with that script against the vendor's test points.

    Nothing in them needs quoting in either shell: the token and host names have no such characters.
    """
    name, sha256 = script.name, script.sha256
    arguments = f"{token} {settings.PORTAL_URL} {' '.join(_ports(vendor))}"
    if script.language == "powershell":
        return Commands(
            download=f"Invoke-WebRequest -UseBasicParsing {script.url} -OutFile {name}",
            show=f"notepad {name}",
            verify=f"if ((Get-FileHash {name}).Hash -eq '{sha256}') {{'The file is ours'}} else {{'Do NOT run it'}}",
            run=f"powershell -ExecutionPolicy Bypass -File {name} {arguments}",
        )
    return Commands(
        download=f"curl -fsSLO {script.url}",
        show=f"less {name}",
        verify=f"(sha256sum {name} || shasum -a 256 {name}) 2>/dev/null | grep -q ^{sha256}"
        " && echo 'The file is ours' || echo 'Do NOT run it'",
        run=f"bash {name} {arguments}",
    )


def _ports(vendor: Vendor) -> list[str]:
    """`host:port`, and where its responder listens elsewhere, that too."""
    return [
        f"{one.host}:{one.port}" + (f"={one.listens}" if one.listens != one.port else "") for one in endpoints(vendor)
    ]
