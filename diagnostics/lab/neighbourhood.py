"""What is always there, whatever the scenario: the vendor's own domain, mail server and hosts."""

from __future__ import annotations

from diagnostics.lab.behaviours import Http, Smtp
from diagnostics.lab.scenario import Hosts, Zone

ZONE: Zone = {
    "timeclock.test": {
        "MX": ("10 mail.timeclock.test.",),
        "TXT": ('"v=spf1 ip4:192.0.2.10 ip4:192.0.2.11 -all"',),
    },
    "_dmarc.timeclock.test": {"TXT": ('"v=DMARC1; p=reject"',)},
    "mail.timeclock.test": {"A": ("192.0.2.25",)},
    "clock.timeclock.test": {"A": ("192.0.2.20",)},
}

HOSTS: Hosts = {
    ("192.0.2.25", 25): Smtp(),
    ("192.0.2.20", 80): Http(),
    ("192.0.2.20", 443): Http(tls=True),
    ("192.0.2.20", 59777): Http(tls=True),
    ("192.0.2.20", 59778): Http(tls=True),
}
