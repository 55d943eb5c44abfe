"""Places with a network of their own, and the router between them with its faults.

A place is a process in new network, mount and process namespaces. It has no name anywhere, and the kernel ends all
that runs in it, takes down its interfaces and undoes its mounts when that process ends: at the latest together with
the test run, however that ends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.customer import eventually
from tests.rig.plan import (
    CHECK_ADDRESS,
    PORTAL_ADDRESS,
    SIGN_IN_ADDRESS,
    SIGN_IN_PLAIN_PORT,
    SIGN_IN_PORT,
    SINKHOLE_ADDRESS,
    VENDORS_ROUTER,
    Net,
    Port,
)

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ("curl", "ip", "nft", "nsenter", "setpriv", "unshare")
LIMIT = 20.0


def why_not() -> str:
    """Why there can be no rig on this machine; empty where there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    if missing := [program for program in PROGRAMS if not shutil.which(program, path=_path())]:
        return f"not installed: {', '.join(missing)} (apt install curl iproute2 nftables util-linux)"
    try_out = "ip link add rig type veth peer name rig2 && echo 1 >/proc/sys/net/ipv4/ip_forward && nft --file -"
    tried = subprocess.run(
        ["unshare", *_NEW, "sh", "-c", try_out],
        input=_rules(),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=LIMIT,
    )
    return f"no namespaces with nftables: {tried.stderr.strip()}" if tried.returncode else ""


@dataclass
class Place:
    """Somewhere to run programs that see that place's network only."""

    name: str
    home: Path
    """Its files: what its programs print, its resolver's configuration."""
    nameserver: str
    holder: subprocess.Popen[bytes] = field(init=False)
    pid: int = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", *_NEW, "sleep", "infinity"], env=environment()
        )
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children")
        eventually(lambda: _program_of(children) == "sleep", LIMIT, f"the place {self.name}")
        self.pid = int(children.read_text())
        resolver = self.home / "resolv.conf"
        resolver.write_text(f"nameserver {self.nameserver}\n")
        # Where the file is a link, what it leads to is covered.
        self.run("mount", "--bind", str(resolver), str(Path("/etc/resolv.conf").resolve()))
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command: str, text: str = "", variables: dict[str, str] | None = None) -> str:
        """What the command prints; fails where it does."""
        done = subprocess.run(
            self._inside(command),
            input=text,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env=environment(variables),
        )
        assert done.returncode == 0, f"{self.name}: {' '.join(command)}: {done.stderr}{done.stdout}"
        return done.stdout

    def succeeds(self, *command: str) -> bool:
        """Whether the command ends well; what it prints is lost."""
        asked = subprocess.run(
            self._inside(command), capture_output=True, timeout=LIMIT, env=environment(), check=False
        )
        return asked.returncode == 0

    def start(self, *command: str, log: str, variables: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """A program that goes on and may be talked with; what it complains about is kept in the file `log`."""
        with (self.home / log).open("a") as complaints:
            return subprocess.Popen(
                self._inside(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                env=environment(variables),
            )

    def start_server(self, *command: str, log: str, variables: dict[str, str]) -> None:
        """A program that goes on until the place's end; all it prints is kept in the file `log`."""
        with (self.home / log).open("a") as printed:
            subprocess.Popen(
                self._inside(command),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                env=environment(variables),
            )

    def words(self) -> str:
        """What its programs complained about: for messages of failed tests."""
        return "\n".join(f"{log.name}:\n{log.read_text()[-3000:]}" for log in sorted(self.home.glob("*.log")))

    def kill(self) -> None:
        self.holder.kill()

    def wait_for_end(self) -> None:
        self.holder.wait(LIMIT)
        eventually(lambda: not Path(f"/proc/{self.pid}").exists(), LIMIT, f"the end of {self.name}")

    def _inside(self, command: Iterable[str]) -> list[str]:
        entered = ["nsenter", f"--target={self.pid}", "--net", "--mount", "--pid", f"--wd={ROOT}"]
        return [*entered, "--", *command]


@dataclass
class Network:
    """The vendor's place, the customers' places, and the router between them."""

    home: Path
    places: dict[str, Place] = field(default_factory=dict)

    def start(self) -> None:
        self._add("router", "127.0.0.1")
        self._add("vendor", VENDORS_ROUTER)
        self._link("vendor", "vendor", VENDORS_ROUTER, PORTAL_ADDRESS, CHECK_ADDRESS, SIGN_IN_ADDRESS)
        self.router.run("ip", "address", "add", f"{SINKHOLE_ADDRESS}/32", "dev", "lo")
        for net in Net:
            self._add(net, net.gateway)
            self._link(net, net, net.gateway, net.customer)
        self.router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.router.run("nft", "--file", "-", text=_rules())

    def end(self) -> None:
        for place in self.places.values():
            place.kill()
        for place in self.places.values():
            place.wait_for_end()

    @property
    def router(self) -> Place:
        return self.places["router"]

    @property
    def vendor(self) -> Place:
        return self.places["vendor"]

    def customer(self, net: Net) -> Place:
        return self.places[net]

    def cut(self) -> None:
        """From now on nothing that was or is begun in that network gets out."""
        self.router.run(
            "nft", "add", "rule", "ip", "rig", "cut", "meta", "l4proto", "tcp", "reject", "with", "tcp", "reset"
        )

    def mend(self) -> None:
        self.router.run("nft", "flush", "chain", "ip", "rig", "cut")

    def _add(self, name: str, nameserver: str) -> None:
        self.places[name] = Place(name, self.home / name, nameserver)

    def _link(self, name: str, interface: str, gateway: str, *addresses: str) -> None:
        """A cable from the router's interface to the place's, and the way out through it."""
        place = self.places[name]
        # From outside of both: here the numbers of their processes mean something.
        cable = f"ip link add {interface} type veth peer name eth0 netns {place.pid}".split()
        subprocess.run(
            ["nsenter", f"--target={self.router.pid}", "--net", *cable], check=True, timeout=LIMIT, env=environment()
        )
        self.router.run("ip", "address", "add", f"{gateway}/24", "dev", interface)
        self.router.run("ip", "link", "set", interface, "up")
        for address in addresses:
            place.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
        place.run("ip", "link", "set", "eth0", "up")
        place.run("ip", "route", "add", "default", "via", gateway)


def _rules() -> str:
    """What the router does to whom, as nftables reads it."""
    to_check = f"ip daddr {CHECK_ADDRESS} tcp dport"
    snat = "\n".join(f'iifname "{net}" oifname "vendor" snat to {net.outside}' for net in Net)
    begins = "tcp flags & (syn | ack) == syn"
    # A firewall that knows protocols: on port 80 the first octet of a TLS record (behind a TCP header of 32, with
    # timestamps) is turned away.
    hello = "@th,96,4 8 @th,256,8 0x16"
    return f"""
table ip rig {{
  chain forward {{
    type filter hook forward priority 0; policy accept;
    iifname "{Net.OFFICE}" jump office
    iifname "{Net.PROXY}" drop
    iifname "{Net.CUT}" jump cut
    iifname "{Net.UNSTEADY}" {to_check} {Port.OPEN} {begins} numgen inc mod 2 0 reject with tcp reset
    iifname "{Net.UNSTEADY}" {to_check} {Port.HTTPS} {begins} numgen inc mod 2 1 reject with tcp reset
  }}
  chain cut {{
  }}
  chain office {{
    {to_check} {Port.DROPPED} drop
    {to_check} {Port.RESET_BY_ROUTER} reject with tcp reset
    {to_check} {Port.PROHIBITED} reject with icmp type admin-prohibited
    {to_check} {Port.NO_TLS} {hello} reject with tcp reset
  }}
  chain before {{
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr {Net.CAPTIVE.gateway} accept
    iifname "{Net.CAPTIVE}" ip daddr {PORTAL_ADDRESS} tcp dport 443 accept
    iifname "{Net.CAPTIVE}" tcp dport 80 dnat to {Net.CAPTIVE.gateway}:{SIGN_IN_PLAIN_PORT}
    iifname "{Net.CAPTIVE}" tcp dport 1-65535 dnat to {Net.CAPTIVE.gateway}:{SIGN_IN_PORT}
  }}
  chain after {{
    type nat hook postrouting priority srcnat; policy accept;
    {snat}
  }}
}}
"""


def _program_of(children: Path) -> str:
    try:
        return Path(f"/proc/{int(children.read_text())}/comm").read_text().strip()
    except (OSError, ValueError):
        return ""


def environment(more: dict[str, str] | None = None) -> dict[str, str]:
    """No settings, no proxies, nothing else of this test run's: what a program gets that is started here."""
    own = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    # `ip` and `nft` lie where not every root looks.
    return own | {"PATH": _path()} | (more or {})


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


_NEW = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
