from __future__ import annotations

import re

import pytest

from diagnostics import providers
from diagnostics.domain import Provider, ProviderKind

ALL = list(providers.providers().values())

NEVER_OPENED = (
    "support.google.com/a/answer/2604578",
    "support.google.com/a/answer/140034",
    "kb.intermedia.net/article/903",
    "help.proofpoint.com/Proofpoint_Essentials",
)
"""Links that nobody has checked; they must not be shown."""


def test_every_file_is_usable() -> None:
    assert providers.problems() == []
    assert len(ALL) >= 60


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.slug)
def test_its_suffixes_lead_to_it(one: Provider) -> None:
    for suffix in one.mx_suffixes:
        assert providers.by_mx_host(suffix) is one
        assert providers.by_mx_host(f"MX1.{suffix}.") is one


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.slug)
def test_its_texts_use_known_placeholders_and_checked_links(one: Provider) -> None:
    assert set(re.findall(r"\{(\w+)\}", " ".join(one.allowlist))) <= {"senders", "domains", "addresses"}
    assert set(re.findall(r"\{(\w+)\}", one.trace)) <= {"address"}
    for document in one.documents:
        assert not any(link in document.url for link in NEVER_OPENED)


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
        ("", None),
    ],
)
def test_hosts_are_matched_on_label_boundaries(host: str, slug: str | None) -> None:
    found = providers.by_mx_host(host)
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


@pytest.mark.parametrize(
    ("slug", "days"),
    [("mailchannels", 7), ("mimecast", 14), ("google-workspace", 30), ("barracuda", 30), ("retarus", 30)],
)
def test_how_long_held_messages_are_kept(slug: str, days: int) -> None:
    found = providers.provider(slug)
    assert found is not None
    assert found.held_days == days
