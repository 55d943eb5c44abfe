"""Nobody's mailbox is filled by us: whatever is sent in, from wherever, at most 3 test messages a day reach it."""

from __future__ import annotations

import random
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.addresses import BadAddress
from diagnostics.articles import article
from diagnostics.domain import Address
from diagnostics.models import Case, Purpose, TestMessage
from diagnostics.services.cases import Report, open_case
from diagnostics.services.deep_links import make_link
from diagnostics.services.limits import LimitReached
from diagnostics.services.messages import request_message
from portal.intake import parsed

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
ARTICLES = ("verification", "timeclock")
MAILBOXES = {
    "gmail": ("anna.maria", ("gmail.com", "googlemail.com", "GMail.com", "gmail。com")),
    "proton": ("anna.maria", ("proton.me", "pm.me", "ProtonMail.com")),
    "of a company": ("Anna", ("example.org", "EXAMPLE.org", "ｅxample.org", "example．org")),
    "international domain": (
        "bert",
        ("bücher.org", "xn--bcher-kva.org", "BÜCHER.org", "XN--BCHER-KVA.ORG", "bu\u0308cher.org"),
    ),
    "international name": ("josé", ("example.net",)),
}
"""Of somebody who never asked for anything: the local part, and spellings of the domain."""
NOT_LOOKED_AT = {"gmail": ".", "proton": ".-_"}
"""Signs of a local part that such a provider does not care for."""


@pytest.fixture(autouse=True)
def nobody_waits(settings) -> None:
    """Days go by here in which no worker runs; that is no reason to take nothing in."""
    settings.QUEUE_MOST_SECONDS = 10**9


@dataclass(frozen=True)
class Submission:
    """One visit: who is meant, in which spelling, by which way, and how long after the one before."""

    mailbox: str
    written: str
    article: str
    company: str
    source: str
    way: str
    after: timedelta


def written(mailbox: str, luck: random.Random) -> str:
    """One of very many ways to write an address that all mean the same mailbox."""
    local_part, domains = MAILBOXES[mailbox]
    if signs := NOT_LOOKED_AT.get(mailbox):
        with_signs = (one + luck.choice(("", "", *signs)) for one in _without(local_part, signs))
        local_part = "".join(with_signs).rstrip(signs)
    if luck.random() < 0.5:
        local_part += "+" + luck.choice(("", "a", "codes", "+", "1+2", f"{luck.randrange(10**6)}", "é", "x" * 20))
    local_part = "".join(luck.choice((one.lower(), one.upper())) for one in local_part)
    local_part = unicodedata.normalize(luck.choice(("NFC", "NFD")), local_part)
    text = f"{local_part}@{luck.choice(domains)}"
    return luck.choice(("{}", "{}", " {} ", "<{}>", "mailto:{}", "< {} >\t", "MAILTO:{}")).format(text)


def submission(luck: random.Random) -> Submission:
    mailbox = luck.choice(list(MAILBOXES))
    return Submission(
        mailbox,
        written(mailbox, luck),
        luck.choice(ARTICLES),
        luck.choice(("ACME-1", "acme-1", f"C-{luck.randrange(10**6)}")),
        f"192.0.{luck.randrange(256)}.{luck.randrange(256)}",
        luck.choice(WAYS),
        luck.choice((timedelta(), QUARTER, QUARTER - timedelta(seconds=1), timedelta(minutes=luck.randrange(90)))),
    )


WAYS = ("form", "signed link", "API", "second mailbox", "again")


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(luck=st.randoms(use_true_random=False), count=st.integers(5, 15))
def test_a_few_submissions(db: None, luck: random.Random, count: int) -> None:
    with undone():
        holds_after([submission(luck) for _ in range(count)])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_thousand_submissions(db: None) -> None:
    sent = holds_after([submission(random.Random(seed)) for seed in range(1000)])
    assert {mailbox: len(sent[mailbox]) >= 12 for mailbox in MAILBOXES} == dict.fromkeys(MAILBOXES, True), (
        "the attack went through the limit's room"
    )


def test_through_the_pages_themselves(settings) -> None:
    """The same over forms and cookies, from one browser and from many, with the address as it was typed."""
    settings.TRUSTED_PROXY_HOPS = 1
    luck = random.Random(6)
    with time_machine.travel(BEGIN) as clock:
        for _ in range(14):
            visitor, source = Client(), {"X-Forwarded-For": f"198.51.100.{luck.randrange(250)}"}
            typed = {"company_id": f"C-{luck.randrange(99)}", "address": written("gmail", luck)}
            page = f"/{luck.choice(ARTICLES)}/"
            answer = visitor.post(page, typed, headers=source)
            if answer.status_code == 303:
                other = {"purpose": "comparison", "address": written("gmail", luck)}
                visitor.post(f"{answer['Location']}do/message/", {"purpose": "primary"}, headers=source)
                visitor.post(f"{answer['Location']}do/message/", other, headers=source)
            clock.shift(QUARTER)
    assert Case.objects.count() >= 5
    assert TestMessage.objects.count() == 3


def holds_after(submissions: list[Submission]) -> dict[str, list[datetime]]:
    """Make them all, then look whether the promise was kept; when which mailbox was sent to."""
    with time_machine.travel(BEGIN, tick=False) as clock:
        for one in submissions:
            clock.shift(one.after)
            make(one)
    sent: dict[str, list[datetime]] = defaultdict(list)
    for message in TestMessage.objects.order_by("created_at"):
        sent[whose(message.address)].append(message.created_at)
    for moments in sent.values():
        assert all(fourth - first >= DAY for first, fourth in zip(moments, moments[3:], strict=False)), moments
        assert all(second - first >= QUARTER for first, second in zip(moments, moments[1:], strict=False)), moments
    return sent


def make(one: Submission) -> None:
    found = article(one.article)
    assert found is not None
    try:
        address = parsed(one.written)
    except BadAddress:
        return
    try:
        case = _case(one, found, address)
        if case is None:
            return
        if one.way == "second mailbox":
            request_message(case, purpose=Purpose.COMPARISON, address=address, source=one.source)
        else:
            local_part, _, domain = case.address.rpartition("@")
            request_message(case, purpose=Purpose.PRIMARY, address=Address(local_part, domain), source=one.source)
    except LimitReached:
        pass


def _case(one: Submission, found, address: Address) -> Case | None:
    report = Report(found, company_id=one.company, address=address, source=one.source)
    match one.way:
        case "signed link" | "API":
            make_link(article=found, company_id=one.company, address=address)
            return open_case(Report(found, company_id=one.company, address=address, source=one.source, tier=1))
        case "second mailbox":
            mine = Address(f"attacker{one.company}", "example.com")
            return open_case(Report(found, company_id=one.company, address=mine, source=one.source))
        case "again":
            before = [case for case in Case.objects.order_by("-pk")[:20] if whose(case.address) == one.mailbox]
            return before[0] if before else open_case(report)
    return open_case(report)


def whose(address: str) -> str:
    """The mailbox that an address means, by the list above alone."""
    local_part, _, domain = unicodedata.normalize("NFC", address).partition("@")
    name = local_part.partition("+")[0].lower()
    for mailbox, (known, domains) in MAILBOXES.items():
        signs = NOT_LOOKED_AT.get(mailbox, "")
        same_domain = domain in map(str.lower, domains)
        same_domain |= domain.startswith("xn--") and "xn--bcher-kva.org" in domains
        if same_domain and _without(name, signs) == _without(known.lower(), signs):
            return mailbox
    return address


def _without(name: str, signs: str) -> str:
    return "".join(one for one in name if one not in signs)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
