"""docker-compose.yml, without Docker: each of our services' very commands runs here, turns healthy and stops."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import trustme
import yaml

from diagnostics.health import MOST_SECONDS
from diagnostics.net.loop import GRACE
from diagnostics.services import messages, runs, ticket_notes, webhooks
from diagnostics.tasks import RELEASE_SECONDS
from portal.embedded import Servers
from portal.spare_ports import free_port
from portal.stack import WORKER_MEMORY

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "wheres-my-code"}
VALUES = {
    "PORTAL_URL": "https://portal.example.org",
    "SECRET_KEY": "kX9-vQ2mZr7Lw4TfYh8Jb3NcPd6Sg1Ae5Uo0Ri_xMyWzEqHtBnCs",
    "POSTGRES_PASSWORD": "for-this-test",
}
HEALTHY_SECONDS = 45


@pytest.fixture(scope="module")
def environment(embedded_servers: Servers) -> Iterator[dict[str, str]]:
    """The services' environment, with a database of their own, migrated by the very `migrate` service."""
    from django.conf import settings

    database, server_url = f"compose_{os.getpid()}", settings.DATABASE_URL
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {database}")
    environment = {
        **VALUES,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": "/nonexistent",
        "DATABASE_URL": urlsplit(server_url)._replace(path=f"/{database}").geturl(),
        "REDIS_URL": settings.REDIS_URL,
        "C_FORCE_ROOT": "1",
        "TRUSTED_PROXY_HOPS": "1",
        "DRAIN_SECONDS": "0.1",
        "LOG_FORMAT": "json",
    }
    subprocess.run(_natively(OURS["migrate"]["command"], {}), cwd=ROOT, env=environment, check=True, timeout=60)
    yield environment
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE {database} WITH (FORCE)")


@pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"])
def test_service_turns_healthy_and_stops_when_told(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    service = OURS[name]
    ports = {port.rsplit(":")[-1]: str(free_port()) for port in service.get("ports", [])}
    environment = environment | {"ALIVE_FILE": str(tmp_path / "alive")}
    if name == "exporter":
        environment |= {"METRICS_PORT": str(free_port()), "METRICS_BIND": "127.0.0.1"}
    if name == "responder":
        environment = _responders_own(service, ports, environment["PATH"], tmp_path)
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        _natively(service["command"], ports), cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        check = _natively([_given(word, environment) for word in service["healthcheck"]["test"][1:]], ports)
        deadline = time.monotonic() + HEALTHY_SECONDS
        while (
            health := subprocess.run(check, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=10)
        ).returncode:
            assert process.poll() is None, f"{name} ended: {_read(log)}"
            assert time.monotonic() < deadline, f"{name} is not healthy: {health.stderr}{_read(log)}"
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        assert not _session_members(process.pid), f"{name} left processes behind"
        if name != "responder":  # which has no Django, and a log of its own
            # What Celery writes at its end past every logger is let pass.
            said = [line for line in _read(log).splitlines() if line and not line.startswith("worker: ")]
            assert not [line for line in said if not _is_object(line)]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
        log.close()


@pytest.mark.parametrize("question", [("http", "1", "/"), ("file",), ("dispatcher",)], ids=" ".join)
def test_a_health_check_can_fail(question: tuple[str, ...], tmp_path: Path) -> None:
    environment = {
        "ALIVE_FILE": str(tmp_path / "missing"),
        "DATABASE_URL": f"postgresql://{tmp_path.name}.invalid/none",
    }
    check = [sys.executable, "-m", "portal.alive", *question]
    assert subprocess.run(check, cwd=ROOT, env=environment, capture_output=True, timeout=30).returncode == 1


@pytest.mark.parametrize(("told", "pause"), [("", 5.0), ("0", 0.0), ("7.5", 7.5), ("300", 300.0)])
def test_a_web_server_is_left_the_time_that_it_takes_to_stop(told: str, pause: float) -> None:
    web = OURS["web"]
    finishing = float(web["command"][web["command"].index("--workers-kill-timeout") + 1])
    assert _seconds(_given(web["stop_grace_period"], {"DRAIN_SECONDS": told})) >= pause + finishing + 10


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_rights(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert not any(port.split(":")[0] == "8000" for port in service.get("ports", []))


def test_the_responder_is_published_on_the_articles_ports() -> None:
    published = dict(port.split(":") for port in OURS["responder"]["ports"])
    assert published == dict(word.split("=") for word in OURS["responder"]["environment"]["RESPONDER_PORTS"].split(","))
    assert sorted(published, key=int) == ["80", "443", "59777", "59778"]
    assert all(int(listens) >= 1024 for listens in published.values()), "it has no rights to listen below"


def test_every_setting_of_a_vendor_is_passed_on() -> None:
    """What the README's table names and `.env` may hold, but for the lab, debugging and other hosts of the services."""
    table = re.findall(r"^\| ((?:`[A-Z][A-Z0-9_]*`(?:, )?)+) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    named = {name for row in table for name in re.findall(r"`([A-Z0-9_]+)`", row)}
    not_in_a_container = {"DEBUG", "EMBEDDED_HOME", "LAB", "LAB_STATE", "PORT", "REQUIRE_MFA"}
    closed_network = {"PROBE_CLOSED_NETWORK", "PROBE_DIAL_MAP", "PROBE_NAMESERVERS"}
    other_hosts = {"AMAZON_SES_URL", "POSTMARK_URL", "SENDGRID_URL"}
    passed_on = {name for service in OURS.values() for name in service["environment"]}
    assert named - passed_on == not_in_a_container | closed_network | other_hosts


def test_workers_are_as_small_as_on_this_machine() -> None:
    assert OURS["worker"]["environment"].items() >= WORKER_MEMORY.items()


def test_a_worker_that_is_told_to_stop_has_the_time_to_end_what_it_has_begun() -> None:
    noting = ticket_notes.LOOK_SECONDS + ticket_notes.POST_SECONDS
    longest = max(messages.SEND_DEADLINE, runs.GROUP_DEADLINE, webhooks.DEADLINE, noting, RELEASE_SECONDS, MOST_SECONDS)
    to_write = 5
    assert int(OURS["worker"]["stop_grace_period"].removesuffix("s")) >= longest + GRACE + to_write


def test_the_broker_keeps_what_it_was_given() -> None:
    command = " ".join(COMPOSE["services"]["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_what_a_service_writes_to_disk_is_bounded(service: str) -> None:
    assert COMPOSE["services"][service]["tmpfs"] == ["/tmp:size=64m"]


def test_docker_compose_accepts_the_file() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed; as root: apt install docker-compose")
    environment = {**VALUES, "DRAIN_SECONDS": "300", "METRICS_PORT": "9500"}
    done = subprocess.run(
        [program, "--file", str(ROOT / "docker-compose.yml"), "--profile", "watched", "config"],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert _seconds(services["web"]["stop_grace_period"]) == 315
    asked = OURS["exporter"]["healthcheck"]["test"]
    assert services["exporter"]["healthcheck"]["test"] == [_given(word, environment) for word in asked]


def _responders_own(
    service: dict[str, Any], ports: dict[str, str], search_path: str, certificates: Path
) -> dict[str, str]:
    """What the file gives it and nothing else: neither database nor secret. Its folder of certificates is real."""
    pair = trustme.CA().issue_cert("check.example.net")
    pair.private_key_pem.write_to_path(str(certificates / "privkey.pem"))
    for blob in pair.cert_chain_pems:
        blob.write_to_path(str(certificates / "fullchain.pem"), append=True)
    given = {name: value for name, value in service["environment"].items() if not value.startswith("$")}
    listening = (word.split("=") for word in given["RESPONDER_PORTS"].split(","))
    return {
        "PATH": search_path,
        **{name: value.replace("/certificates", str(certificates)) for name, value in given.items()},
        "PORTAL_URL": VALUES["PORTAL_URL"],
        "RESPONDER_KEY": "a-key-for-this-test-of-at-least-32-characters",
        "RESPONDER_BIND": "127.0.0.1",
        "RESPONDER_PORTS": ",".join(f"{port}={ports[listens]}" for port, listens in listening),
    }


def _given(text: str, environment: dict[str, str]) -> str:
    """With what stands in `.env`, as Compose fills in `${NAME:-default}`."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: environment.get(found[1]) or found[2], text)


def _seconds(duration: str) -> float:
    """Of a duration as Compose writes them: its parts are added up."""
    units = {"m": 60.0, "s": 1.0, "ms": 0.001}
    parts = re.findall(r"([0-9.]+)([a-z]+)", duration)
    assert "".join(number + unit for number, unit in parts) == duration
    return sum(float(number) * units[unit] for number, unit in parts)


def _natively(command: list[str], ports: dict[str, str]) -> list[str]:
    """The container's command for this machine: on loopback and free ports."""
    instead: dict[str, Any] = {"python": sys.executable, "0.0.0.0": "127.0.0.1", **ports}  # noqa: S104
    return [instead.get(word, word) for word in command]


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _ask(check: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(check, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=10, check=False)


def _session_members(session: int) -> list[str]:
    listing = subprocess.run(["ps", "-eo", "sess=,stat=,args="], capture_output=True, text=True, check=True, timeout=10)
    rows = [line.split(maxsplit=2) for line in listing.stdout.splitlines()]
    return [row[2] for row in rows if row[0] == str(session) and not row[1].startswith("Z")]


def _read(log: Any) -> str:
    log.seek(0)
    return log.read()[-3000:]
