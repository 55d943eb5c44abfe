"""What customers' browsers and the check script report of the lab's test point, for scenarios."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostics.lab.neighbourhood import TEST_POINT
from diagnostics.probes.network_look import BrowserLook, How, Place, PortLook, ScriptLook, Try, Turn

ADDRESS = "192.0.2.30"
PORTS = (80, 443, 59777, 59778)
TWICE = 2
MS = {How.ECHO: 120, How.REFUSED: 60, How.FAILED: 90, How.FILTERED: 5_000, How.DNS_SILENT: 5_000, How.SILENT: 12_000}
NEVER_CONNECTED = frozenset({How.NO_NAME, How.DNS_SILENT})


def script_at(
    place: Place,
    hows: Mapping[int, How] | None = None,
    *,
    otherwise: How = How.ECHO,
    portal_reached: bool = True,
    host: str = TEST_POINT,
    address: str = ADDRESS,
    issuer: str = "",
    through_proxy: Mapping[int, How] | None = None,
) -> ScriptLook:
    """One run of the script: by port how it ended, and by port what a proxy made of it."""
    return ScriptLook(
        nonce=f"lab-script-at-the-{place}",
        place=place,
        portal_reached=portal_reached,
        ports=tuple(
            PortLook(
                host=host,
                port=port,
                tries=(Try(how, MS.get(how, 150)),),
                address="" if how in NEVER_CONNECTED else address,
                issuer=issuer if how is How.CERTIFICATE else "",
                by_proxy=(through_proxy or {}).get(port),
            )
            for port, how in _by_port(hows, otherwise)
        ),
    )


def browser_at(
    place: Place, hows: Mapping[int, How] | None = None, *, otherwise: How = How.ECHO, host: str = TEST_POINT
) -> BrowserLook:
    """One test by the page: by port how both tries ended."""
    return BrowserLook(
        nonce=f"lab-browser-at-the-{place}",
        place=place,
        ports=tuple(
            PortLook(
                host=host,
                port=port,
                tries=(Try(how, MS.get(how, 150)),) * TWICE,
                turn=Turn.SILENT if how is How.SILENT else Turn.UNTRIED,
            )
            for port, how in _by_port(hows, otherwise)
        ),
    )


def _by_port(hows: Mapping[int, How] | None, otherwise: How) -> list[tuple[int, How]]:
    return [(port, (hows or {}).get(port, otherwise)) for port in PORTS]
