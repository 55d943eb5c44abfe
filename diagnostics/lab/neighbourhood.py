"""What is always there, whatever the scenario: the vendors' own domains, mail servers, hosts and good name.

`timeclock` is in order, `timeclock-astray` is not, and the article of `timeclock-drift` is out of date.
"""

from __future__ import annotations

from diagnostics.lab.behaviours import Http, Smtp, TestPoint
from diagnostics.lab.scenario import Hosts, Zone

PUBLIC_KEY = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCdHCCIxSop6nL1ocnQIOJHlsIJgUOPAa78gHENN8s611Iam0FZAd63kM2/tCto"
    "m73avkYAc0frFkmerK8LSj9kZE0+bstXOWEa//kmoN6psGoxn8OtRk233i+cXRJTs6DXyDZM98A7xSPxSeugk1AgfCve8C+eUpks"
    "HWsN8j0bwwIDAQAB"
)
"""An RSA key of 1024 bits, the shortest that is valid. Nobody has its other half: the lab's mail is not signed."""

NETWORKS = ("2.0.192", "100.51.198", "113.0.203")
"""The documentation networks (RFC 5737), reversed: for them alone the lab plays reverse names and blocklists."""
BLOCKLISTS = ("zen.spamhaus.org", "bl.spamcop.net", "b.barracudacentral.org", "psbl.surriel.com")
TEST_NETWORK = "0.0.127"
"""Where blocklists have their test entries (RFC 5782 section 5)."""

TEST_POINT = "check.localhost"
"""Where the port responder stands."""

BORROWED = (
    *(f"{network}.in-addr.arpa" for network in NETWORKS),
    *(f"{network}.{blocklist}" for blocklist in BLOCKLISTS for network in (TEST_NETWORK, *NETWORKS)),
    "test.dbl.spamhaus.org",
    "invalid.dbl.spamhaus.org",
    TEST_POINT,
)
"""Names elsewhere that the lab must be asked for."""

_IN_ORDER: Zone = {
    "timeclock.test": {
        "MX": ("10 mail.timeclock.test.",),
        "TXT": ('"v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 -all"',),
    },
    "_dmarc.timeclock.test": {"TXT": ('"v=DMARC1; p=reject"',)},
    "clocks._domainkey.timeclock.test": {"TXT": (f'"v=DKIM1; k=rsa; p={PUBLIC_KEY}"',)},
    "mail.timeclock.test": {"A": ("192.0.2.25",)},
    "clock.timeclock.test": {"A": ("192.0.2.20",)},
    "out1.timeclock.test": {"A": ("192.0.2.10",)},
    "out2.timeclock.test": {"A": ("192.0.2.11",)},
    "10.2.0.192.in-addr.arpa": {"PTR": ("out1.timeclock.test.",)},
    "11.2.0.192.in-addr.arpa": {"PTR": ("out2.timeclock.test.",)},
}
_ASTRAY: Zone = {
    # One of the two servers is missing from SPF, has no name and is on a blocklist; the key was withdrawn.
    "timeclock-astray.test": {
        "MX": ("10 mail.timeclock.test.",),
        "TXT": ('"v=spf1 ip4:203.0.113.180 -all"',),
    },
    "_dmarc.timeclock-astray.test": {"TXT": ('"v=DMARC1; p=reject"',)},
    "clocks._domainkey.timeclock-astray.test": {"TXT": ('"v=DKIM1; p="',)},
    "out1.timeclock-astray.test": {"A": ("203.0.113.180",)},
    "180.113.0.203.in-addr.arpa": {"PTR": ("out1.timeclock-astray.test.",)},
    "181.113.0.203.zen.spamhaus.org": {"A": ("127.0.0.4",)},
}
_DRIFT: Zone = {
    # A new server, .184, that the article does not name, and an old one, .183, that is gone.
    "timeclock-drift.test": {
        "MX": ("10 mail.timeclock.test.",),
        "TXT": ('"v=spf1 ip4:203.0.113.182 ip4:203.0.113.184 -all"',),
    },
    "_dmarc.timeclock-drift.test": {"TXT": ('"v=DMARC1; p=reject"',)},
    "clocks._domainkey.timeclock-drift.test": {"TXT": (f'"v=DKIM1; k=rsa; p={PUBLIC_KEY}"',)},
    "out1.timeclock-drift.test": {"A": ("203.0.113.182",)},
    "182.113.0.203.in-addr.arpa": {"PTR": ("out1.timeclock-drift.test.",)},
}
_LISTS: Zone = {
    **{f"2.{TEST_NETWORK}.{blocklist}": {"A": ("127.0.0.2",)} for blocklist in BLOCKLISTS},
    "test.dbl.spamhaus.org": {"A": ("127.0.1.2",)},
}
_TEST_POINT: Zone = {
    # Browsers know every name below localhost to be this machine, and find the responder of `make run` there.
    TEST_POINT: {"A": ("192.0.2.30",)},
}
ZONE: Zone = {**_IN_ORDER, **_ASTRAY, **_DRIFT, **_LISTS, **_TEST_POINT}

HOSTS: Hosts = {
    ("192.0.2.25", 25): Smtp(),
    ("192.0.2.20", 80): Http(),
    ("192.0.2.20", 443): Http(tls=True),
    ("192.0.2.20", 59777): Http(tls=True),
    ("192.0.2.20", 59778): Http(tls=True),
    **{("192.0.2.30", port): TestPoint() for port in (80, 443, 59777, 59778)},
}
