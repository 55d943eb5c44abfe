"""A closed network for benchmarks: name servers, mail servers and open ports that let everybody wait for 20 ms.

It is plugged into the portal by settings alone (`World.settings`); nothing of the product is changed for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import trustme

from portal.spare_ports import free_ports
from tests.bench._names import FAST_HOSTS, SLOW_HOSTS, VENDOR, VENDOR_HOSTS, VENDOR_MX
from tests.bench._processes import ROOT, cpu_seconds

DELAY = 0.02
SLOW = 10.0
START_LIMIT = 30
ARTICLE = "timeclock"
PORTS = {"clocks1": [80, 443, 59777, 59778], "clocks2": [443, 59777, 59778]}
"""With our own port 25, eight connections a case."""
PROFILE = "\n".join(
    [
        'name = "Timeclock"',
        "ports = [80, 443, 59777, 59778]",
        f'domains = ["{VENDOR}"]',
        f'senders = ["codes@{VENDOR}"]',
        f'control_domain = "{VENDOR}"',
        'allowlist_version = "1"',
        *(f'[[hosts]]\nname = "{name}.{VENDOR}"\nports = {ports}\ntls_ports = []' for name, ports in PORTS.items()),
    ]
)


@dataclass
class World:
    """Runs while its `with` block does. `name_servers` confirm NXDOMAIN to one another, as two do in production.

    `slow` is how many seconds the mail servers of slow domains take to greet. `seen` keeps what was asked and
    answered: `events`.
    """

    folder: Path
    delay: float = DELAY
    slow: float = SLOW
    name_servers: int = 2
    seen: bool = False
    name_ports: list[int] = field(default_factory=list, init=False)
    ports: dict[str, int] = field(default_factory=dict, init=False)
    _read: dict[str, int] = field(default_factory=dict, init=False)
    _processes: list[subprocess.Popen[str]] = field(default_factory=list, init=False)

    def __enter__(self) -> World:
        self.folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self._file("authority.pem")))
        certificate = authority.issue_cert(f"mx.{VENDOR}", "*.mx.test")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(self._file("mail.pem")))
        self.name_ports = self._start("_names", "--ports", json.dumps(free_ports(self.name_servers)))
        self.ports = self._start(
            *("_hosts", "--slow", str(self.slow), "--certificate", str(self._file("mail.pem"))),
            *("--name-ports", json.dumps(self.name_ports)),
        )
        self._file("dial_map.json").write_text(json.dumps(self.dial_map))
        self._file("vendors").mkdir(exist_ok=True)
        tomllib.loads(PROFILE)
        (self._file("vendors") / f"{ARTICLE}.toml").write_text(PROFILE)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()

    @property
    def dial_map(self) -> dict[str, str]:
        """Where each address of the world really is."""
        mail, slow, open_port = (f"127.0.0.1:{self.ports[name]}" for name in ("mail", "slow_mail", "open"))
        return {
            f"{VENDOR_MX}:25": mail,
            **{f"{host}:25": mail for host in FAST_HOSTS},
            **{f"{host}:25": slow for host in SLOW_HOSTS},
            **{
                f"{host}:{port}": open_port
                for host, ports in zip(VENDOR_HOSTS, PORTS.values(), strict=True)
                for port in ports
            },
        }

    @property
    def nameservers(self) -> list[str]:
        return [f"127.0.0.1:{port}" for port in self.name_ports]

    @property
    def settings(self) -> dict[str, str]:
        """The environment that leads the portal here."""
        return {
            "PROBE_CLOSED_NETWORK": "1",
            "PROBE_NAMESERVERS": ",".join(self.nameservers),
            "PROBE_DIAL_MAP": str(self._file("dial_map.json")),
            "VENDORS_DIR": str(self._file("vendors")),
            "SSL_CERT_FILE": str(self._file("authority.pem")),
        }

    def cpu_seconds(self) -> dict[str, float]:
        """What the world itself has cost so far: name servers, hosts."""
        names, hosts = self._processes
        return {"name servers": cpu_seconds(names.pid), "hosts": cpu_seconds(hosts.pid)}

    def events(self) -> list[dict[str, Any]]:
        """What was asked and answered since the last time, in no order."""
        return [json.loads(line) for part in ("_names", "_hosts") for line in self._new_lines(part)]

    def _new_lines(self, part: str) -> list[str]:
        with self._file(f"{part}.seen").open() as file:
            file.seek(self._read.get(part, 0))
            lines = file.readlines()
            self._read[part] = file.tell()
        return lines

    def _start(self, part: str, *options: str) -> Any:
        command = [sys.executable, "-m", f"tests.bench.{part}", "--delay", str(self.delay), *options]
        if self.seen:
            command += ["--seen", str(self._file(f"{part}.seen"))]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._processes.append(process)
        assert process.stdout
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{part} of the world did not start")
        return json.loads(line)

    def _file(self, name: str) -> Path:
        return self.folder / name
