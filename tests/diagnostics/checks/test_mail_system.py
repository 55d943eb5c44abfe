"""Who handles the mail, and whether the MX records agree on it, on evidence that is written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.checks.mail_system import mail_filter, one_system, parked
from diagnostics.domain import DnsStatus, Finding, NotApplicable, ProviderKind, Severity, Strength
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, Sign, SignKind
from diagnostics.probes.mx import MxHost, MxRecords
from diagnostics.providers import providers

M365, MX_MICROSOFT = "example-org.mail.protection.outlook.com", "example-org.p-v1.mx.microsoft"
GOOGLE, IONOS, OWN = "aspmx.l.google.com", "mx00.ionos.de", "mx.example.org"
PROOFPOINT, MIMECAST, ENDED = "mx0a-1.pphosted.com", "eu-smtp-1.mimecast.com", "example.org.inbound10.mxlogic.net"
FORWARD, PROGRAM = "route1.mx.cloudflare.net", "inbound-smtp.eu-west-1.amazonaws.com"
HINT, NOTE = ("mx.mixed", Severity.PROBLEM), ("mx.mixed", Severity.NOTE)
STALE = ("mx.stale-filter", Severity.PROBLEM)


def mx(*hosts: tuple[int, str]) -> MxRecords:
    return MxRecords(DnsStatus.OK, tuple(MxHost(preference, name) for preference, name in hosts))


def seen_in(slug: str, kind: SignKind = SignKind.AUTODISCOVER) -> MailboxBehind:
    return MailboxBehind(slug, (Sign(kind, slug, "autodiscover.example.net"),))


@pytest.mark.parametrize(
    ("records", "behind", "expected"),
    [
        (mx((0, M365)), None, []),
        (mx((0, M365), (10, MX_MICROSOFT)), None, []),
        (mx((1, GOOGLE), (5, "alt1.aspmx.l.google.com"), (10, "aspmx2.googlemail.com")), None, []),
        (mx((10, PROOFPOINT), (10, "mx0b-1.pphosted.com")), seen_in("microsoft-365"), []),
        (mx((10, PROOFPOINT), (20, "mx1-eu1.ppe-hosted.com")), None, []),
        (mx((10, OWN)), seen_in("microsoft-365"), []),
        (mx((10, OWN), (20, M365)), None, []),
        (mx((10, FORWARD), (20, "route2.mx.cloudflare.net")), None, []),
        (mx((0, M365), (10, IONOS)), None, [HINT]),
        (mx((10, M365), (10, GOOGLE)), seen_in("google-workspace"), [HINT]),
        (mx((10, FORWARD), (20, GOOGLE)), None, [HINT]),
        (mx((10, GOOGLE), (20, PROGRAM)), None, [HINT]),
        (mx((10, PROOFPOINT), (10, M365)), None, [HINT]),
        (mx((20, PROOFPOINT), (10, M365)), seen_in("microsoft-365"), [HINT]),
        (mx((10, PROOFPOINT), (20, M365)), seen_in("google-workspace"), [HINT]),
        (mx((10, PROOFPOINT), (20, M365)), seen_in("microsoft-365"), [NOTE]),
        (mx((10, PROOFPOINT), (20, M365)), seen_in("microsoft-365", SignKind.MX), [NOTE]),
        (mx((10, PROOFPOINT), (20, M365)), None, [NOTE]),
        (mx((10, PROOFPOINT), (20, MIMECAST)), None, [NOTE]),
        (mx((10, ENDED)), None, [STALE]),
        (mx((10, ENDED), (20, M365)), None, [STALE]),
        (mx((10, PROOFPOINT), (20, ENDED)), None, [STALE]),
    ],
    ids=[
        "one provider",
        "two names of Microsoft",
        "three names of Google",
        "a filter",
        "one family of filters",
        "an own host",
        "an own host beside a provider",
        "a forwarder",
        "old and new provider",
        "two providers side by side",
        "a forwarder beside a mailbox",
        "a program beside a mailbox",
        "past the filter by chance",
        "past the filter always",
        "another provider stands in",
        "the provider stands in",
        "the provider stands in, nothing else known",
        "the provider stands in, nobody looked",
        "two filters",
        "an ended service",
        "an ended service before the mailbox",
        "an ended service behind the filter",
    ],
)
def test_all_mail_hosts_should_lead_to_one_system(records, behind, expected) -> None:
    assert [(finding.tag, finding.severity) for finding in one_system(records, behind)] == expected


def test_the_systems_are_named_in_the_order_in_which_mail_comes_by() -> None:
    (finding,) = one_system(mx((20, M365), (10, IONOS)), seen_in("microsoft-365"))
    assert finding.strength is Strength.HINTS
    assert finding.facts == {
        "first": "IONOS",
        "second": "Microsoft 365",
        "hosts": f"{IONOS} (10), {M365} (20)",
        "mailbox": "Microsoft 365",
    }


def test_mx_alone_does_not_say_where_the_mailboxes_are_now() -> None:
    (finding,) = one_system(mx((10, IONOS), (20, M365)), seen_in("ionos", SignKind.MX))
    assert finding.facts["mailbox"] == ""


@pytest.mark.parametrize(
    "records",
    [MxRecords(DnsStatus.NO_DATA), MxRecords(DnsStatus.NO_SUCH_NAME), mx((0, ""))],
    ids=["none", "gone", "null"],
)
def test_without_mail_hosts_there_is_nothing_to_compare(records) -> None:
    with pytest.raises(NotApplicable):
        list(one_system(records, None))


@pytest.mark.parametrize(
    ("system", "behind", "tag", "facts"),
    [
        (MailSystem(), None, None, {}),
        (MailSystem(mailbox_provider="microsoft-365", kind=ProviderKind.MAILBOX), None, None, {}),
        (
            MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY),
            seen_in("google-workspace"),
            "filter.gateway",
            {"gateway": "mimecast", "mailbox": "Google Workspace"},
        ),
        (
            MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY),
            None,
            "filter.gateway",
            {"gateway": "mimecast", "mailbox": ""},
        ),
        (
            MailSystem(mailbox_provider="improvmx", kind=ProviderKind.FORWARDER),
            MailboxBehind(),
            "filter.forwarder",
            {"provider": "improvmx", "mailbox": ""},
        ),
    ],
    ids=["unknown", "no filter", "filter", "filter, mailbox hidden", "forwarder"],
)
def test_a_filter_in_front_is_worth_knowing_and_never_a_fault(system, behind, tag, facts) -> None:
    found = list(mail_filter(system, behind))
    assert [finding.tag for finding in found] == ([tag] if tag else [])
    for finding in found:
        assert finding.severity is Severity.NOTE
        assert finding.facts == facts


def test_a_program_that_reads_the_mail_is_a_likely_cause() -> None:
    (finding,) = mail_filter(MailSystem(mailbox_provider="amazon-ses", kind=ProviderKind.PROGRAM), MailboxBehind())
    assert (finding.tag, finding.strength, finding.severity) == ("mailbox.program", Strength.HINTS, Severity.PROBLEM)


def test_a_parked_domain() -> None:
    (finding,) = parked(MailSystem(mailbox_provider="h-email", kind=ProviderKind.PARKING))
    assert (finding.tag, finding.strength) == ("domain.parked", Strength.PROVES)
    assert list(parked(MailSystem())) == []


SUFFIXES = sorted(suffix for one in providers().values() for suffix in one.mx_suffixes)
NAMES = st.one_of(st.sampled_from(SUFFIXES), st.sampled_from(SUFFIXES).map("mx.{}".format), st.text(max_size=40))
HOSTS = st.builds(MxHost, st.integers(0, 65535), NAMES)


@given(st.lists(HOSTS, max_size=8), st.sampled_from([None, MailboxBehind(), seen_in("zoho"), seen_in("no-such")]))
def test_no_set_of_hosts_makes_the_check_fail_and_their_order_makes_no_difference(hosts, behind) -> None:
    def tags(ordered: list[MxHost]) -> list[tuple[str, Severity]]:
        try:
            return [
                (finding.tag, finding.severity)
                for finding in one_system(MxRecords(DnsStatus.OK, tuple(ordered)), behind)
            ]
        except NotApplicable:
            return []

    assert tags(hosts) == tags(hosts[::-1])


@given(st.sampled_from(sorted(providers())), st.integers(0, 100), st.integers(0, 100))
def test_no_single_provider_is_ever_called_mixed(slug: str, first: int, second: int) -> None:
    suffixes = providers()[slug].mx_suffixes
    records = mx(*((first + second * place, f"mx.{suffix}") for place, suffix in enumerate(suffixes)))
    found: list[Finding] = list(one_system(records, None))
    assert "mx.mixed" not in [finding.tag for finding in found]
