"""Who keeps the mailboxes behind a filter, with DNS as a dictionary."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics import registry
from diagnostics.domain import DnsAnswer, DnsStatus, Evidence, Gap, ProviderKind
from diagnostics.probes import mailbox_behind
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import (
    MailboxBehind,
    Sign,
    SignKind,
    mailbox_of,
    spf_names,
    text_of,
    weighed,
)
from diagnostics.runner import observe
from tests.diagnostics.networks import WrittenNetwork, target

Zone = Mapping[tuple[str, str], tuple[str, ...] | DnsStatus]
GATEWAY = ("10 mx0a-001.pphosted.com.",)
M365, GOOGLE = "microsoft-365", "google-workspace"
AUTODISCOVER = {("autodiscover.example.org", "CNAME"): ("autodiscover.outlook.com.",)}
MOST_QUESTIONS = 15


@dataclass
class SparseNetwork(WrittenNetwork):
    """Names that nobody prepared do not exist; every question is written down."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    async def resolve(self, name: str, rdtype: str, *, unchecked: bool = False, confirm: bool = True) -> DnsAnswer:
        self.asked.append((name, rdtype))
        if (name, rdtype) not in self.dns:
            return DnsAnswer(DnsStatus.NO_SUCH_NAME)
        return await super().resolve(name, rdtype, unchecked=unchecked)


async def evidence_for(zone: Zone, mx: tuple[str, ...] = GATEWAY) -> tuple[Evidence, SparseNetwork]:
    probe = registry.probe_for(MailboxBehind)
    assert probe is not None
    net = SparseNetwork({("example.org", "MX"): mx, **zone})
    return await observe([probe], target(), net), net


async def behind(zone: Zone, mx: tuple[str, ...] = GATEWAY) -> MailboxBehind:
    evidence, _ = await evidence_for(zone, mx)
    return evidence[MailboxBehind]


def spf(*words: str) -> Zone:
    return {("example.org", "TXT"): (f'"v=spf1 {" ".join(words)} -all"',)}


def key(selector: str, rdtype: str, record: str) -> Zone:
    return {(f"{selector}._domainkey.example.org", rdtype): (record,)}


SELECTOR_1 = key("selector1", "CNAME", "selector1-example-org._domainkey.example.onmicrosoft.com.")
GOOGLE_KEY = key("google", "TXT", '"v=DKIM1; k=rsa; p=" "MIIBIjAN"')


@pytest.mark.parametrize(
    ("zone", "provider", "certain"),
    [
        ({}, "", False),
        (spf("include:spf.protection.outlook.com"), M365, False),
        ({**spf("include:spf.protection.outlook.com"), **AUTODISCOVER}, M365, True),
        ({**AUTODISCOVER, **SELECTOR_1}, M365, True),
        ({**spf("include:_spf.google.com"), **GOOGLE_KEY}, GOOGLE, True),
        (GOOGLE_KEY, GOOGLE, False),
        (key("google", "TXT", '"v=DKIM1; p="'), "", False),
        (key("google", "TXT", '"a wildcard says hello"'), "", False),
        (key("protonmail", "CNAME", "protonmail.domainkey.dabc.domains.proton.ch."), "proton", False),
        (key("fm1", "CNAME", "fm1.example.org.dkim.fmhosted.com."), "fastmail", False),
        (key("zmail", "TXT", '"v=DKIM1; k=rsa; p=MIGf"'), "zoho", False),
        ({("_autodiscover._tcp.example.org", "SRV"): ("0 0 443 autodiscover.outlook.com.",)}, M365, False),
        ({("_autodiscover._tcp.example.org", "SRV"): ("0 0 0 .",)}, "", False),
        ({("autodiscover.example.org", "CNAME"): ("mail.example.org.",)}, "", False),
        ({("lyncdiscover.example.org", "CNAME"): ("webdir.online.lync.com.",)}, M365, False),
        (spf("include:_spf.google.com", "include:spf.protection.outlook.com"), "", False),
        ({**spf("include:_spf.google.com", "include:spf.protection.outlook.com"), **AUTODISCOVER}, M365, True),
        ({**spf("include:spf.protection.outlook.com"), **AUTODISCOVER, **GOOGLE_KEY}, M365, False),
        (spf("include:_netblocks.mimecast.com", "include:mail.zendesk.example"), "", False),
        ({("example.org", "TXT"): ('"MS=ms12345678"', '"google-site-verification=abc"')}, "", False),
    ],
    ids=[
        "nothing",
        "SPF alone",
        "SPF and autodiscover",
        "autodiscover and DKIM",
        "SPF and DKIM",
        "Google's key",
        "a revoked key",
        "a wildcard",
        "Proton",
        "Fastmail",
        "Zoho",
        "autodiscover by SRV",
        "autodiscover switched off",
        "autodiscover of their own",
        "Teams",
        "two in SPF",
        "two in SPF, one has autodiscover",
        "contradiction",
        "other senders",
        "verification records alone",
    ],
)
async def test_the_signs_name_the_mailbox_provider(zone: Zone, provider: str, certain: bool) -> None:
    found = await behind(zone)
    assert (found.provider, found.certain) == (provider, certain)


async def test_each_sign_says_where_it_was_seen() -> None:
    found = await behind({**spf("include:spf.protection.outlook.com"), **AUTODISCOVER})
    assert set(found.signs) == {
        Sign(SignKind.SPF, M365, "spf.protection.outlook.com"),
        Sign(SignKind.AUTODISCOVER, M365, "autodiscover.outlook.com"),
    }


async def test_contradicting_signs_are_kept() -> None:
    found = await behind(spf("include:_spf.google.com", "include:spf.protection.outlook.com"))
    assert {sign.provider for sign in found.signs} == {GOOGLE, M365}


@pytest.mark.parametrize(
    "mx",
    [("10 mx.example.org.",), ("10 route1.mx.cloudflare.net.",), ("10 mx.mailanyone.net.",), GATEWAY],
    ids=["own host", "forwarder", "unclear", "gateway"],
)
async def test_it_looks_behind_whatever_hides_the_mailbox(mx: tuple[str, ...]) -> None:
    assert (await behind({**AUTODISCOVER, **SELECTOR_1}, mx)).provider == M365


async def test_a_mailbox_provider_in_mx_needs_no_further_question() -> None:
    evidence, net = await evidence_for({}, ("10 example-org.mail.protection.outlook.com.",))
    assert evidence[MailboxBehind] == MailboxBehind(M365, (Sign(SignKind.MX, M365, "MX"),), certain=True)
    assert net.asked == [("example.org", "MX")]


@pytest.mark.parametrize("mx", ["10 mx.h-email.net.", "10 inbound-smtp.eu-west-1.amazonaws.com."])
async def test_where_nobody_has_a_mailbox_none_is_looked_for(mx: str) -> None:
    evidence, net = await evidence_for(AUTODISCOVER, (mx,))
    assert evidence[MailboxBehind] == MailboxBehind()
    assert len(net.asked) == 1


async def test_a_filter_that_has_ended_is_nobody_in_front() -> None:
    evidence, _ = await evidence_for({}, ("5 example.org.inbound10.mxlogic.net.", "10 aspmx.l.google.com."))
    assert evidence[MailSystem] == MailSystem(mailbox_provider=GOOGLE, kind=ProviderKind.MAILBOX)
    assert evidence[MailboxBehind].provider == GOOGLE


async def test_of_two_providers_in_mx_the_other_records_tell() -> None:
    mx = ("0 example-org.mail.protection.outlook.com.", "10 mx00.ionos.de.")
    assert (await behind({}, mx)).provider == ""
    assert (await behind(AUTODISCOVER, mx)).provider == M365


class TestSpf:
    async def test_is_followed_where_it_redirects_and_includes(self) -> None:
        zone = {
            ("example.org", "TXT"): ('"v=spf1 redirect=_spf.example.org"',),
            ("_spf.example.org", "TXT"): ('"v=spf1 include:a.example.net ~all"',),
            ("a.example.net", "TXT"): ('"v=spf1 include:_spf.google.com ~all"',),
        }
        assert (await behind(zone)).provider == GOOGLE

    async def test_of_a_known_service_is_not_read_any_further(self) -> None:
        _, net = await evidence_for(spf("include:_spf.google.com", "include:spf.mimecast.com"))
        assert [name for name, rdtype in net.asked if rdtype == "TXT" and "_domainkey" not in name] == ["example.org"]

    async def test_that_is_slow_does_not_take_what_else_was_seen_with_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Slow(SparseNetwork):
            async def resolve(
                self, name: str, rdtype: str, *, unchecked: bool = False, confirm: bool = True
            ) -> DnsAnswer:
                if name == "slow.example.net":
                    await asyncio.Event().wait()
                return await super().resolve(name, rdtype, unchecked=unchecked)

        monkeypatch.setattr(mailbox_behind, "SPF_SECONDS", 0.05)
        probe = registry.probe_for(MailboxBehind)
        assert probe is not None
        zone = {("example.org", "MX"): GATEWAY, **spf("include:_spf.google.com", "include:slow.example.net")}
        evidence = await observe([probe], target(), Slow(zone))
        assert evidence[MailboxBehind].provider == GOOGLE

    async def test_that_includes_itself_comes_to_an_end(self) -> None:
        zone = {
            ("example.org", "TXT"): ('"v=spf1 include:a.example.net include:example.org ~all"',),
            ("a.example.net", "TXT"): ('"v=spf1 include:example.org include:a.example.net ~all"',),
        }
        assert await behind(zone) == MailboxBehind()

    async def test_without_end_takes_no_more_than_15_questions(self) -> None:
        endless = {
            (f"{number}.example.net", "TXT"): (f'"v=spf1 include:{number + 1}.example.net ~all"',)
            for number in range(50)
        }
        wide = spf(*(f"include:{number}.example.net" for number in range(50)))
        for zone in ({**endless, **spf("include:0.example.net")}, {**endless, **wide}):
            _, net = await evidence_for(zone)
            assert len(net.asked) - 1 <= MOST_QUESTIONS  # the first is MX

    @pytest.mark.parametrize(
        ("records", "names"),
        [
            (('"v=spf1 include:A.example.net. -all"',), ("a.example.net",)),
            (('"v=spf1 inc" "lude:a.example.net -all"',), ("a.example.net",)),
            (('"v=spf1 ~include:a.example.net redirect=b.example.net"',), ("a.example.net", "b.example.net")),
            (('"V=SPF1 INCLUDE:a.example.net"',), ("a.example.net",)),
            (('"v=spf1 include:%{i}._spf.example.net"',), ()),
            (('"v=spf10 include:a.example.net"',), ()),
            (('"a note about include:a.example.net"',), ()),
            (("v=spf1 include:a.example.net",), ("a.example.net",)),
            ((), ()),
        ],
        ids=["case", "two strings", "qualifier", "upper case", "macro", "no SPF", "prose", "no quotes", "none"],
    )
    def test_names_are_those_it_includes_or_redirects_to(self, records, names) -> None:
        assert spf_names(records) == names


def test_the_strings_of_a_txt_record_are_one_text() -> None:
    assert text_of(r'"v=DKIM1\; p=" "ab\"c"') == 'v=DKIM1; p=ab"c'


async def test_silence_is_not_taken_for_an_answer() -> None:
    evidence, _ = await evidence_for({("example.org", "TXT"): DnsStatus.UNANSWERED})
    seen = evidence.latest(MailboxBehind)
    assert seen is not None
    assert (seen.observation, seen.gap) == (None, Gap.RESOLVER_SILENT)


async def test_a_sign_counts_although_another_question_was_not_answered() -> None:
    assert (await behind({("example.org", "TXT"): DnsStatus.UNANSWERED, **AUTODISCOVER})).provider == M365


@pytest.mark.parametrize(
    ("system", "found", "slug"),
    [
        (None, None, ""),
        (MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY), None, ""),
        (MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY), MailboxBehind(GOOGLE), GOOGLE),
        (MailSystem(gateway="mimecast", mailbox_provider=M365, kind=ProviderKind.GATEWAY), None, M365),
        (MailSystem(mailbox_provider=M365, kind=ProviderKind.MAILBOX), MailboxBehind(), M365),
        (MailSystem(mailbox_provider="improvmx", kind=ProviderKind.FORWARDER), MailboxBehind(), ""),
        (MailSystem(mailbox_provider="improvmx", kind=ProviderKind.FORWARDER), MailboxBehind(GOOGLE), GOOGLE),
    ],
    ids=["nothing known", "hidden", "behind", "both in MX", "MX alone", "forward", "behind a forward"],
)
def test_the_mailbox_is_named_by_all_that_is_known(system, found, slug) -> None:
    assert mailbox_of(system, found) == slug


@given(st.lists(st.text(max_size=80), max_size=5))
def test_no_record_is_too_strange_to_be_read(records: list[str]) -> None:
    assert all(spf_names(records))
    for record in records:
        assert isinstance(text_of(record), str)


SIGNS = st.builds(
    Sign, st.sampled_from(SignKind), st.sampled_from([M365, GOOGLE, "zoho", "proton"]), st.text(max_size=9)
)


@given(st.lists(SIGNS, max_size=12))
def test_signs_come_to_the_same_in_any_order_and_none_is_lost(signs: list[Sign]) -> None:
    found, turned = weighed(signs), weighed(reversed(signs))
    assert (found.provider, found.certain) == (turned.provider, turned.certain)
    assert set(found.signs) == set(signs)
    assert not found.certain or len({sign.kind for sign in signs if sign.provider == found.provider}) > 1


RECORDS = st.text(max_size=60)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                ("example.org", "TXT"),
                ("autodiscover.example.org", "CNAME"),
                ("_autodiscover._tcp.example.org", "SRV"),
                ("selector1._domainkey.example.org", "CNAME"),
                ("google._domainkey.example.org", "TXT"),
            ]
        ),
        st.one_of(st.sampled_from(DnsStatus), st.lists(RECORDS, max_size=3).map(tuple)),
    )
)
async def test_arbitrary_records_never_make_the_probe_fail(zone: Zone) -> None:
    evidence, net = await evidence_for(zone)
    seen = evidence.latest(MailboxBehind)
    assert seen is not None
    assert seen.gap in (None, Gap.RESOLVER_SILENT)
    assert len(net.asked) - 1 <= MOST_QUESTIONS
