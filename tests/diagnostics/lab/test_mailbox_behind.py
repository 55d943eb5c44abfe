"""The mailbox provider behind a filter, by the real resolver, from the lab's own name server."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnostics import registry
from diagnostics.lab import scenarios
from diagnostics.lab.serve import Lab
from diagnostics.net.config import NetworkConfig
from diagnostics.net.live import LiveNetwork
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind
from diagnostics.runner import observe
from tests.diagnostics.networks import target


@pytest.mark.parametrize(
    ("slug", "gateway", "provider", "certain"),
    [
        ("proofpoint-before-microsoft", "proofpoint", "microsoft-365", True),
        ("mimecast-before-google", "mimecast", "google-workspace", True),
        ("own-host-before-microsoft", "", "microsoft-365", True),
        ("fine-behind-a-filter", "proofpoint-essentials", "microsoft-365", True),
        ("fine-with-a-stand-in", "hornetsecurity", "microsoft-365", True),
        ("mx-of-two-systems", "", "microsoft-365", False),
        ("mx-past-the-filter", "barracuda", "microsoft-365", False),
        ("lost-in-a-forward", "", "google-workspace", False),
        ("fine-forwarded", "", "", False),
        ("fine-microsoft", "", "microsoft-365", True),
        ("fine", "", "", False),
    ],
)
async def test_it_is_named_as_surely_as_the_records_allow(
    tmp_path: Path, slug: str, gateway: str, provider: str, certain: bool
) -> None:
    (act,) = (one for one in scenarios() if one.slug == slug)
    probe = registry.probe_for(MailboxBehind)
    assert probe is not None
    async with Lab(tmp_path, acts=[act]) as lab:
        net = LiveNetwork(NetworkConfig(zones=dict.fromkeys(lab.state["zones"], (lab.state["nameserver"],))))
        evidence = await observe([probe], target(act.address), net)
    found = evidence[MailboxBehind]
    assert (evidence[MailSystem].gateway, found.provider, found.certain) == (gateway, provider, certain)
