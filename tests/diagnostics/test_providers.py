from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics import providers
from diagnostics.domain import Provider, ProviderKind

ALL = list(providers.providers().values())
every_provider = pytest.mark.parametrize("one", ALL, ids=lambda one: one.slug)

NEVER_OPENED = (
    "support.google.com/a/answer/140034",
    "kb.intermedia.net/article/903",
    "help.proofpoint.com/Proofpoint_Essentials",
)
"""Links that nobody has checked; they must not be shown."""
PLACEHOLDER = r"\{(\w*)\}"
ALLOWED = {"senders", "domains", "addresses"}
SEARCHED = {"sender", "senders", "domains", "address"}


def test_every_file_is_usable() -> None:
    assert providers.problems() == []
    assert len(ALL) >= 60


@every_provider
def test_its_suffixes_lead_to_it(one: Provider) -> None:
    for suffix in one.mx_suffixes:
        assert providers.by_mx_host(suffix) is one
        assert providers.by_mx_host(f"MX1.{suffix}.") is one
        assert providers.by_mx_host(f"not{suffix}") is not one


@every_provider
def test_the_records_of_its_customers_lead_to_it(one: Provider) -> None:
    assert all(providers.by_spf_include(name) is one for name in one.spf_includes)
    assert all(providers.by_client_host(name) is one for name in one.client_hosts)
    assert all(providers.by_dkim_host(name) is one for name in one.dkim_hosts)


@every_provider
def test_only_who_keeps_mailboxes_is_looked_for_behind_a_filter(one: Provider) -> None:
    if one.kind not in (ProviderKind.MAILBOX, ProviderKind.CONSUMER):
        assert (one.spf_includes, one.client_hosts, one.dkim_selectors, one.dkim_hosts) == ((), (), (), ())


@every_provider
def test_its_texts_use_known_placeholders(one: Provider) -> None:
    assert set(re.findall(PLACEHOLDER, " ".join(one.allowlist))) <= ALLOWED
    assert set(re.findall(PLACEHOLDER, " ".join((one.trace, *one.powershell)))) <= SEARCHED
    plain = (one.user_quarantine, one.admin_quarantine, one.hidden_from_user, one.note, one.name, *one.folders)
    assert not any("{" in text for text in plain)


@every_provider
def test_every_step_to_allow_says_what_to_allow_or_what_to_do_with_the_message(one: Provider) -> None:
    for step in one.allowlist:
        assert step.endswith(".")
        assert re.search(PLACEHOLDER, step) or "message" in step or "make sure" in step


@every_provider
def test_its_links_are_checked_and_encrypted(one: Provider) -> None:
    for document in one.documents:
        parts = urlsplit(document.url)
        assert (parts.scheme, bool(parts.netloc)) == ("https", True)
        assert document.title
        assert not any(link in document.url for link in NEVER_OPENED)


@every_provider
def test_it_says_where_to_look(one: Provider) -> None:
    if one.kind in (ProviderKind.MAILBOX, ProviderKind.CONSUMER):
        assert one.folders
    if one.kind is ProviderKind.GATEWAY:
        assert one.admin_quarantine
        assert one.user_quarantine or one.ended


@every_provider
def test_what_is_hidden_from_users_somebody_can_see(one: Provider) -> None:
    """Where only administrators see held messages, a message that nobody has found yet may well be held."""
    if one.kind is ProviderKind.MAILBOX and one.hidden_from_user:
        assert one.admin_quarantine


@every_provider
def test_held_messages_are_kept_for_days_not_years(one: Provider) -> None:
    assert one.held_days is None or 1 <= one.held_days <= 90


@every_provider
def test_a_service_that_has_ended_has_nothing_to_set_up(one: Provider) -> None:
    if one.ended:
        assert re.fullmatch(r"\d{4}", one.ended)
        assert (one.allowlist, one.trace, one.documents) == ((), "", ())


@pytest.mark.parametrize(
    ("host", "slug"),
    [
        ("eu-smtp-inbound-1.mimecast.com", "mimecast"),
        ("notmimecast.com", None),
        ("mimecast.com.example.org", None),
        ("example-org.mail.protection.outlook.com", "microsoft-365"),
        ("example-org.p-v1.mx.microsoft", "microsoft-365"),
        ("outlook-com.olc.protection.outlook.com", "outlook-com"),
        ("alt1.gmail-smtp-in.l.google.com", "gmail"),
        ("alt1.aspmx.l.google.com", "google-workspace"),
        ("inbound-smtp.eu-west-1.amazonaws.com", "amazon-ses"),
        ("ec2-192-0-2-1.compute-1.amazonaws.com", None),
        ("mx.example.org", None),
        ("mx.customer.example", None),
        ("", None),
    ],
)
def test_hosts_are_matched_on_label_boundaries(host: str, slug: str | None) -> None:
    found = providers.by_mx_host(host)
    assert (found.slug if found else None) == slug


@pytest.mark.parametrize(
    ("look_up", "name", "slug"),
    [
        (providers.by_spf_include, "spf.protection.outlook.com", "microsoft-365"),
        (providers.by_spf_include, "one.zoho.eu", "zoho"),
        (providers.by_spf_include, "_netblocks.mimecast.com", None),
        (providers.by_spf_include, "outlook.com", None),
        (providers.by_client_host, "autodiscover.outlook.com.", "microsoft-365"),
        (providers.by_client_host, "webdir.online.lync.com", "microsoft-365"),
        (providers.by_client_host, "autodiscover.example.org", None),
        (providers.by_dkim_host, "selector1-example-org._domainkey.example.onmicrosoft.com", "microsoft-365"),
        (providers.by_dkim_host, "selector1-example-org._domainkey.example.n-v1.dkim.mail.microsoft", "microsoft-365"),
        (providers.by_dkim_host, "protonmail.domainkey.dexample.domains.proton.ch", "proton"),
        (providers.by_dkim_host, "fm1.example.org.dkim.fmhosted.com", "fastmail"),
    ],
)
def test_other_records_name_a_provider(look_up, name: str, slug: str | None) -> None:
    found = look_up(name)
    assert (found.slug if found else None) == slug


def test_the_longest_suffix_wins() -> None:
    assert [
        found.kind for found in providers.by_mx(["mx.mail.com", "gmail-smtp-in.l.google.com", "smtp.google.com"])
    ] == [
        ProviderKind.CONSUMER,
        ProviderKind.CONSUMER,
        ProviderKind.MAILBOX,
    ]


def test_a_mixed_domain_names_each_provider_once_in_the_order_of_its_hosts() -> None:
    hosts = ["a.mimecast.com", "b.mimecast.com", "mx.example.org", "example-org.mail.protection.outlook.com"]
    assert [found.slug for found in providers.by_mx(hosts)] == ["mimecast", "microsoft-365"]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_no_text_is_too_strange_to_be_looked_up(names: list[str]) -> None:
    assert len(providers.by_mx(names)) <= len(names)
    for name in names:
        for look_up in (providers.by_spf_include, providers.by_client_host, providers.by_dkim_host):
            found = look_up(name)
            assert found is None or found in ALL


@pytest.mark.parametrize(
    ("slugs", "one_system"),
    [
        (("microsoft-365", "outlook-com"), True),
        (("google-workspace", "gmail"), True),
        (("proofpoint", "proofpoint-essentials"), True),
        (("microsoft-365", "google-workspace"), False),
        (("ionos", "strato"), False),
    ],
)
def test_what_counts_as_one_system(slugs: tuple[str, str], one_system: bool) -> None:
    first, second = (providers.providers()[slug] for slug in slugs)
    assert (providers.family(first) == providers.family(second)) is one_system


@pytest.mark.parametrize(
    ("slug", "days"),
    [("mailchannels", 7), ("mimecast", 14), ("google-workspace", 30), ("barracuda", 30), ("retarus", 30)],
)
def test_how_long_held_messages_are_kept(slug: str, days: int) -> None:
    found = providers.provider(slug)
    assert found is not None
    assert found.held_days == days
