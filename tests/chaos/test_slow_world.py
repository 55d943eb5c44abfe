"""One byte a second: whoever answers like that is left in time, and nobody is accused of anything."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

import pytest

from diagnostics import registry
from diagnostics.addresses import parse_address
from diagnostics.domain import ConnectOutcome, Evidence, Gap, ProbeGroup, Target, Verdict
from diagnostics.lab.behaviours import Http, NameBehaviour, Smtp
from diagnostics.lab.scenario import LAB_ZONE, Hosts, Scenario, Zone
from diagnostics.lab.serve import Lab
from diagnostics.net.config import NetworkConfig
from diagnostics.net.live import LiveNetwork
from diagnostics.probes.mta_sts_policy import MtaStsPolicy
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.responders import Responders
from diagnostics.registry import Probe
from diagnostics.remedies import causes
from diagnostics.runner import observe
from diagnostics.services.runs import GROUP_DEADLINE
from diagnostics.vendors import vendor
from diagnostics.verdicts import diagnose

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(90)]

DRIPS = 1.0
WOULD_BE_A_CAUSE = "version: STSv1\nmode: enforce\nmx: mx.other.test\nmax_age: 604800\n"


def act(name: str, address: str, zone: Zone | None = None, hosts: Hosts | None = None) -> Scenario:
    """A domain that is healthy but for that."""
    healthy: Zone = {name: {"MX": (f"10 mx.{name}.",)}, f"mx.{name}": {"A": (address,)}}
    return Scenario(
        slug=name.partition(".")[0],
        title=name,
        address=f"anna@{name}",
        verdict=Verdict.INCONCLUSIVE,
        zone={**healthy, **(zone or {})},
        hosts={(address, 25): Smtp(), **(hosts or {})},
    )


POLICY = act(
    "slow-policy.test",
    "203.0.113.10",
    {
        "_mta-sts.slow-policy.test": {"TXT": ('"v=STSv1; id=1"',)},
        "mta-sts.slow-policy.test": {"A": ("203.0.113.11",)},
    },
    {("203.0.113.11", 443): Http(tls=True, page=WOULD_BE_A_CAUSE, drips_every=DRIPS)},
)
NAMES = act("slow-names.test", "203.0.113.12", {"slow-names.test": NameBehaviour.DRIPS})
TEST_POINT = act(
    "slow-test-point.test",
    "203.0.113.13",
    {"check.timeclock-mute.test": {"A": ("203.0.113.14",)}},
    {("203.0.113.14", port): Http(tls=True, drips_every=DRIPS) for port in (80, 443, 59777, 59778)},
)
MAIL = act("slow-mail.test", "203.0.113.15", hosts={("203.0.113.15", 25): Smtp(drips_every=DRIPS)})
BUT_MAIL = frozenset(ProbeGroup) - {ProbeGroup.DELIVERY}


async def test_names_policies_and_test_points(tmp_path: Path) -> None:
    policy, names, test_point = await seen_of(tmp_path, (POLICY, NAMES, TEST_POINT), BUT_MAIL)

    assert gap_of(policy, MtaStsPolicy) is Gap.TIMED_OUT
    assert accused(policy) == []

    assert gap_of(names, MxRecords) is Gap.RESOLVER_SILENT
    assert diagnose(names, causes=causes()).verdict is Verdict.INCONCLUSIVE
    assert accused(names) == []

    ours = test_point.get(Responders)
    assert ours is not None
    assert [(one.port, one.echoed, one.detail) for one in ours.ports] == [
        (port, False, "no answer in time") for port in (80, 443, 59777, 59778)
    ]
    assert accused(test_point) == []


@pytest.mark.chaos_long
async def test_mail_servers(tmp_path: Path) -> None:
    (mail,) = await seen_of(tmp_path, (MAIL,), frozenset(ProbeGroup))
    said = mail.get(MxConversations)
    assert said is not None
    assert [(one.outcome, one.detail) for one in said.conversations] == [(ConnectOutcome.OPEN, "no reply in time")]
    assert {reply.code for one in said.conversations for reply in one.replies} == {0}, "no whole reply"
    assert diagnose(mail, causes=causes()).verdict is Verdict.INCONCLUSIVE
    assert accused(mail) == []


async def seen_of(folder: Path, acts: Collection[Scenario], groups: Collection[ProbeGroup]) -> list[Evidence]:
    """What these groups' probes see of each, all at the same time, within their time limit."""
    wanted = [probe for probe in registry.probes() if probe.group in groups]
    async with Lab(folder, acts=tuple(acts)) as lab:
        net = LiveNetwork(
            NetworkConfig(
                zones=dict.fromkeys(lab.state["zones"], (lab.state["nameserver"], lab.state["spare_nameserver"])),
                dial_map=lab.state["dial_map"],
                closed=True,
                ca_file=lab.state["ca_file"],
            )
        )
        async with asyncio.timeout(GROUP_DEADLINE):
            return await asyncio.gather(*(look(one, wanted, net) for one in acts))


async def look(one: Scenario, wanted: list[Probe], net: LiveNetwork) -> Evidence:
    address = parse_address(one.address, extra_suffixes=frozenset({LAB_ZONE}))
    return await observe(wanted, Target(address, vendor("timeclock-mute"), one.company_id), net)


def gap_of(evidence: Evidence, kind: type[object]) -> Gap | None:
    seen = evidence.latest(kind)
    assert seen is not None
    return seen.gap


def accused(evidence: Evidence) -> list[str]:
    return [one.cause for one in diagnose(evidence, causes=causes()).causes]
