"""What each fault of a customer's network looks like from there, and our verdict on it, by browser and by script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from diagnostics.probes.network_look import How, PortState
from tests.rig.looks import Looks
from tests.rig.plan import CHECK, Name, Net, Port

pytestmark = [pytest.mark.slow, pytest.mark.serial, pytest.mark.timeout(300)]

OPEN, FAST, SILENT = PortState.OPEN, PortState.BLOCKED_FAST, PortState.BLOCKED_SILENT
OTHER, UNTESTABLE = PortState.ANSWERED_BY_OTHER, PortState.CANNOT_TEST


@dataclass(frozen=True)
class Row:
    """One fault, our verdicts on what a browser and the script say of it, and how the script's try ended."""

    fault: str
    at: Port | Name
    browser: PortState
    script: PortState
    how: How

    @property
    def where(self) -> tuple[str, int]:
        return (CHECK, int(self.at)) if isinstance(self.at, Port) else (self.at, 443)


ROWS = [
    Row("no fault on 443", Port.HTTPS, OPEN, OPEN, How.ECHO),
    Row("no fault on 59777", Port.OPEN, OPEN, OPEN, How.ECHO),
    Row("packets dropped by a firewall", Port.DROPPED, SILENT, SILENT, How.FILTERED),
    Row("listen queue full", Port.QUEUE_FULL, SILENT, SILENT, How.FILTERED),
    Row("accepts TCP, then silent", Port.SILENT, SILENT, SILENT, How.NO_ANSWER),
    Row("TLS done, HTTP never answered", Port.HTTP_SILENT, SILENT, SILENT, How.NO_ANSWER),
    Row("nobody listens", Port.REFUSED, FAST, FAST, How.REFUSED),
    Row("reset by a firewall", Port.RESET_BY_ROUTER, FAST, FAST, How.REFUSED),
    Row("ICMP admin-prohibited", Port.PROHIBITED, FAST, FAST, How.REFUSED),
    Row("accepts, then FIN", Port.CLOSED, FAST, FAST, How.BROKEN_OFF),
    Row("accepts, then RST", Port.RESET, FAST, FAST, How.BROKEN_OFF),
    Row("RST after the ClientHello", Port.RESET_AFTER_HELLO, FAST, FAST, How.BROKEN_OFF),
    Row("another protocol's banner", Port.BANNER, FAST, FAST, How.BROKEN_OFF),
    Row("plain HTTP where TLS belongs", Port.PLAIN_HTTP, FAST, FAST, How.BROKEN_OFF),
    # A page cannot tell a certificate that it does not trust from a closed port.
    Row("TLS intercepted", Port.INTERCEPTED, FAST, OTHER, How.CERTIFICATE),
    Row("captive portal's certificate", Port.CAPTIVE, FAST, OTHER, How.CERTIFICATE),
    Row("block page", Port.BLOCK_PAGE, OTHER, OTHER, How.OTHER),
    Row("redirect to a sign-in page", Port.REDIRECT, OTHER, OTHER, How.OTHER),
    Row("readable answer with a forged signature", Port.FORGED, OTHER, OTHER, How.OTHER),
    Row("NXDOMAIN", Name.GONE, FAST, FAST, How.NO_NAME),
    Row("SERVFAIL", Name.SERVFAIL, FAST, FAST, How.NO_NAME),
    Row("DNS refused", Name.REFUSED, FAST, FAST, How.NO_NAME),
    Row("DNS server silent", Name.UNANSWERED, SILENT, SILENT, How.DNS_SILENT),
    Row("DNS leads to a private address", Name.SINKHOLE, FAST, OTHER, How.CERTIFICATE),
    # Plain text passes there: the page's TURN, the script's HTTP.
    Row("TLS turned away on port 80", Port.NO_TLS, OPEN, OPEN, How.ECHO),
    # Browsers themselves refuse to go there, whatever the network does.
    Row("port that browsers refuse", Port.RESTRICTED, UNTESTABLE, OPEN, How.ECHO),
]


@pytest.mark.browser
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault)
def test_verdict_by_browser(row: Row, looks: Looks, chromium: Path) -> None:
    verdict = looks.visits[Net.OFFICE].result().verdicts[row.where]
    assert verdict.state is row.browser, verdict.look


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault)
def test_verdict_by_script(row: Row, looks: Looks) -> None:
    verdict = looks.scripts[Net.OFFICE].result().verdicts[row.where]
    assert (verdict.state, verdict.hows) == (row.script, {row.how}), verdict.look


def test_script_hands_its_report_over_and_ends_with_one_where_something_is_closed(looks: Looks) -> None:
    run = looks.scripts[Net.OFFICE].result()
    assert run.code == 1
    assert "\nReceived. " in run.printed


@pytest.mark.browser
def test_the_pages_policy_lets_it_try_every_port(looks: Looks, chromium: Path) -> None:
    assert looks.visits[Net.OFFICE].result().outcome.complaints == []
