"""What has the sending service told about code e-mails to the address?"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.domain import Evidence, Network, ProbeGroup, SendEvent, SendHistory, Target, Vantage
from diagnostics.registry import probe, reported


@reported(vantage=Vantage.SENDER, private=True)
@dataclass(frozen=True, slots=True)
class CodeMailEvents(SendHistory):
    """The same history as it stood later, when a service had told more."""


@reported(vantage=Vantage.SENDER, private=True)
@dataclass(frozen=True, slots=True)
class TestMessageStopped:
    """The sending service took the test message and then did not send it, because of earlier mail for example."""

    __test__ = False

    event: SendEvent


@probe(group=ProbeGroup.RECORDS, observes=SendHistory)
async def collect(target: Target, evidence: Evidence, net: Network) -> SendHistory:
    """What happened to the code e-mails to this address?"""
    return await net.records.events(target)
