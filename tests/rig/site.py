"""The vendor's side as in production: portal behind TLS, port responder, database; all real."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal import embedded
from tests.customer import eventually
from tests.rig import certificates
from tests.rig.network import ROOT, Network, environment
from tests.rig.plan import CHECK, CHECK_ADDRESS, OURS, PORTAL_ADDRESS, PORTAL_URL, RESPONDERS, Net, Port

START_LIMIT = 60.0


@dataclass(frozen=True)
class Opened:
    """A case: its reference, the token of its page, and the commands of the check script as its page shows them."""

    reference: str
    link: str
    download: str
    verify: str
    run: str


@dataclass
class Site:
    home: Path
    network: Network
    servers: embedded.Servers = field(init=False)

    def __post_init__(self) -> None:
        self.servers = self.servers_in(self.home)
        self.profiles.mkdir(parents=True, exist_ok=True)
        for slug, hosts in RESPONDERS.items():
            (self.profiles / f"{slug}.toml").write_text(_profile(hosts))
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "EMBEDDED_HOME": str(self.servers.home),
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "PORTAL_URL": PORTAL_URL,
            "TRUSTED_PROXY_HOPS": "0",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "RESPONDER_KEY": secrets.token_urlsafe(32),
            "RESPONDER_PORTS": _ports(Port),
            "RESPONDER_BIND": CHECK_ADDRESS,
            "RESPONDER_CERTIFICATE": str(self.certificates / "check.pem"),
            "VENDORS_DIR": str(self.profiles),
            # For the responder, which hands over to the portal.
            "SSL_CERT_FILE": str(self.authority),
        }

    @staticmethod
    def servers_in(home: Path) -> embedded.Servers:
        return embedded.Servers(home / "servers", durable=False)

    @property
    def certificates(self) -> Path:
        return self.home / "certificates"

    @property
    def authority(self) -> Path:
        """The certificate authority that everybody trusts."""
        return self.certificates / "ca.pem"

    @property
    def profiles(self) -> Path:
        return self.home / "vendors"

    def start(self) -> None:
        """Everything begins; `wait` until it is ready. Cases can be opened at once."""
        certificates.make(self.certificates)
        with ThreadPoolExecutor(1) as aside:
            database = aside.submit(self._start_database)
            for place in (self.network.router, self.network.vendor):
                servers = [sys.executable, "-m", "tests.rig.servers", place.name, str(self.certificates)]
                process = place.start(*servers, log="servers.log")
                assert process.stdout
                assert process.stdout.readline() == "ready\n", place.words()
            # Of the ports that the portal has tested, these are really our responder's.
            self._start("responder", sys.executable, "manage.py", "responder", RESPONDER_PORTS=_ports(OURS))
            database.result()
        certificate = self.certificates / "portal.pem"
        tls = [f"--ssl-certificate={certificate}", f"--ssl-keyfile={certificate}"]
        web = ["--interface=wsgi", f"--host={PORTAL_ADDRESS}", "--port=443", "--blocking-threads=4", *tls]
        self._start("web", sys.executable, "-m", "granian", *web, "portal.wsgi:application")

    def wait(self) -> None:
        eventually(self._web_answers, START_LIMIT, self.network.vendor.words)
        eventually(self._responder_answers, START_LIMIT, self.network.vendor.words)

    def end(self) -> None:
        self.servers.delete()

    def open(self, *profiles: str) -> list[Opened]:
        return [Opened(**case) for case in self._desk("open", *profiles)]

    def read(self, case: Opened) -> dict[str, Any]:
        """See tests.rig.desk."""
        told: dict[str, Any] = self._desk("read", case.reference)
        return told

    def _start(self, name: str, *command: str, **variables: str) -> None:
        self.network.vendor.start_server(*command, log=f"{name}.log", variables=self.environment | variables)

    def _start_database(self) -> None:
        self.servers.start(valkey=False)
        self._outside("manage.py", "migrate", "--verbosity=0")

    def _desk(self, *words: str) -> Any:
        return json.loads(self._outside("-m", "tests.rig.desk", *words))

    def _outside(self, *words: str) -> str:
        """The database is reached through files, so this needs no network at all."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=environment(self.environment),
            capture_output=True,
            text=True,
            timeout=START_LIMIT,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _web_answers(self) -> bool:
        return self._answers(f"{PORTAL_URL}/healthz/")

    def _responder_answers(self) -> bool:
        return self._answers(f"https://{CHECK}/e?n={secrets.token_urlsafe(16)}")

    def _answers(self, url: str) -> bool:
        look = ("curl", "--silent", "--fail", "--cacert", str(self.authority), "--output", "/dev/null", url)
        return self.network.customer(Net.OFFICE).succeeds(*look)


def _ports(ports: Iterable[Port]) -> str:
    return ",".join(str(int(port)) for port in ports)


def _profile(hosts: dict[str, tuple[int, ...]]) -> str:
    lines = ['name = "Timeclock"']
    for name, ports in hosts.items():
        lines += ["[[responders]]", f'name = "{name}"', f"ports = {[int(port) for port in ports]}"]
    return "\n".join(lines) + "\n"
