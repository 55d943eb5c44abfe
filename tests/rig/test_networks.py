"""Networks with one fault that concerns everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnostics.probes.network_look import How, PortState
from tests.rig.certificates import MIDDLEMAN
from tests.rig.looks import Looks, Verdicts
from tests.rig.plan import CHECK, Net, Port

pytestmark = [pytest.mark.slow, pytest.mark.serial, pytest.mark.timeout(300)]


def states(verdicts: Verdicts) -> dict[int, PortState]:
    return {port: verdict.state for (_host, port), verdict in verdicts.items()}


@pytest.mark.browser
def test_browser_behind_a_proxy_that_connects_to_443_only(looks: Looks, chromium: Path) -> None:
    seen = looks.visits[Net.PROXY].result().verdicts
    assert states(seen) == {Port.HTTPS: PortState.OPEN, Port.OPEN: PortState.BLOCKED_FAST}
    # The proxy's way out is not that of the devices behind it.
    assert seen[CHECK, Port.HTTPS].look["source"] != Net.PROXY.outside


def test_script_behind_a_proxy_that_connects_to_443_only(looks: Looks) -> None:
    """Directly nothing gets out; through the proxy, port 443 does."""
    seen = looks.scripts[Net.PROXY].result().verdicts
    assert states(seen) == {Port.HTTPS: PortState.BLOCKED_SILENT, Port.OPEN: PortState.BLOCKED_SILENT}
    assert seen[CHECK, Port.HTTPS].hows == seen[CHECK, Port.OPEN].hows == {How.FILTERED}
    assert seen[CHECK, Port.HTTPS].look["by_proxy"] == How.ECHO
    assert seen[CHECK, Port.OPEN].look["by_proxy"] == How.PROXY_REFUSED


@pytest.mark.browser
def test_browser_in_a_wifi_that_wants_a_sign_in(looks: Looks, chromium: Path) -> None:
    """Plain text it cannot try; a proxy for plain text alone would look the same."""
    seen = states(looks.visits[Net.CAPTIVE].result().verdicts)
    assert seen.pop(80) is PortState.CANNOT_TEST
    assert set(seen.values()) == {PortState.BLOCKED_FAST}


def test_script_in_a_wifi_that_wants_a_sign_in(looks: Looks) -> None:
    """It names who answers: by the certificate, and on port 80 by an answer that is not ours."""
    seen = looks.scripts[Net.CAPTIVE].result().verdicts
    assert set(states(seen).values()) == {PortState.ANSWERED_BY_OTHER}
    assert MIDDLEMAN in seen[CHECK, Port.HTTPS].look["issuer"]
    assert seen[CHECK, Port.NO_TLS].hows == {How.OTHER}


@pytest.mark.browser
def test_page_whose_network_goes_away_keeps_its_results_and_blames_no_port(looks: Looks, chromium: Path) -> None:
    visit = looks.visits[Net.CUT].result()
    assert "send them again" in visit.outcome.problem
    assert states(visit.verdicts) == {Port.HTTPS: PortState.CANNOT_TEST, Port.OPEN: PortState.CANNOT_TEST}


@pytest.mark.browser
def test_report_of_a_script_that_could_not_send_it_is_pasted(looks: Looks, chromium: Path) -> None:
    seen = looks.pasted()
    assert states(seen) == {Port.HTTPS: PortState.BLOCKED_FAST, Port.OPEN: PortState.BLOCKED_FAST}
    assert seen[CHECK, Port.OPEN].hows == {How.REFUSED}


@pytest.mark.browser
def test_browser_that_gets_through_every_other_time(looks: Looks, chromium: Path) -> None:
    """Whichever of its two tries it was that failed."""
    seen = looks.visits[Net.UNSTEADY].result().verdicts
    assert states(seen) == {Port.HTTPS: PortState.FLAKY, Port.OPEN: PortState.FLAKY}
