"""The rig's map: who stands where, and which port or name meets which fault."""

from __future__ import annotations

from enum import IntEnum, StrEnum

PORTAL, PORTAL_ADDRESS = "portal.example.net", "198.51.100.20"
CHECK, CHECK_ADDRESS = "check.example.net", "198.51.100.10"
PORTAL_URL = f"https://{PORTAL}"
VENDORS_ROUTER = "198.51.100.1"
SIGN_IN, SIGN_IN_ADDRESS = "sign-in.example.org", "198.51.100.30"
"""Where a Wi-Fi's sign-in page, and the company's web filter, send people."""
SINKHOLE_ADDRESS = "10.77.0.99"
"""Inside the company: where its name server leads to for what it does not like."""


class Port(IntEnum):
    """Ports of CHECK. Our own responder stands behind the first five, whatever lies on the way to them."""

    HTTPS = 443
    OPEN = 59777
    DROPPED = 59778
    NO_TLS = 80
    RESTRICTED = 10080
    QUEUE_FULL = 5001
    SILENT = 5002
    HTTP_SILENT = 5003
    REFUSED = 5004
    RESET_BY_ROUTER = 5005
    PROHIBITED = 5006
    CLOSED = 5007
    RESET = 5008
    RESET_AFTER_HELLO = 5009
    BANNER = 5010
    PLAIN_HTTP = 5011
    INTERCEPTED = 5012
    CAPTIVE = 5013
    BLOCK_PAGE = 5014
    REDIRECT = 5015
    FORGED = 5016


OURS = (Port.HTTPS, Port.OPEN, Port.DROPPED, Port.NO_TLS, Port.RESTRICTED)


class Name(StrEnum):
    """Host names of ours that the customer's name server is at odds with."""

    GONE = "gone.example.net"
    SERVFAIL = "servfail.example.net"
    REFUSED = "refused.example.net"
    UNANSWERED = "unanswered.example.net"
    SINKHOLE = "sinkhole.example.net"


class Net(StrEnum):
    """Customers' networks; the name is that of the router's interface, too."""

    OFFICE = "office"
    """Every fault of `Port` and `Name` at once."""
    PROXY = "proxied"
    """Only its proxy leads out, by CONNECT to port 443."""
    CAPTIVE = "captive"
    """The portal is let through, all else ends at a sign-in page."""
    CUT = "cut"
    """Nothing is wrong with it, until nothing gets out any more."""
    UNSTEADY = "unsteady"
    """Every other connection to CHECK is turned away: on OPEN the first of two, on HTTPS the second."""

    @property
    def number(self) -> int:
        return list(Net).index(self) + 1

    @property
    def gateway(self) -> str:
        """The router's address in the network, where its name server is, too."""
        return f"10.77.{self.number}.1"

    @property
    def customer(self) -> str:
        return f"10.77.{self.number}.2"

    @property
    def outside(self) -> str:
        """The address that the network shows to the world."""
        return f"203.0.113.{self.number}"


PROXY_PORT = 3128
PROXY = f"http://{Net.PROXY.gateway}:{PROXY_PORT}"
SIGN_IN_PORT, SIGN_IN_PLAIN_PORT = 8443, 8080

RESPONDERS: dict[str, dict[str, tuple[int, ...]]] = {
    "every-fault": {CHECK: tuple(Port), **dict.fromkeys(Name, (443,))},
    "two-ports": {CHECK: (Port.HTTPS, Port.OPEN)},
    "three-ports": {CHECK: (Port.HTTPS, Port.OPEN, Port.NO_TLS)},
}
"""Vendor profiles: what the test asks for, by host."""
PROFILES = {
    Net.OFFICE: "every-fault",
    Net.PROXY: "two-ports",
    Net.CAPTIVE: "three-ports",
    Net.CUT: "two-ports",
    Net.UNSTEADY: "two-ports",
}
