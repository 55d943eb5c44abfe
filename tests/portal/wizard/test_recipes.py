"""What to allow and where to search, with the vendor's and the customer's values filled in."""

import re
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.domain import Provider, ProviderKind, Vendor
from diagnostics.models import Case, LinkKind
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, Sign, SignKind
from diagnostics.providers import providers
from diagnostics.services.cases import mint_link
from portal.recipes import powershell_literal, recipe
from tests.portal.wizard.conftest import finish

VENDOR = Vendor(
    slug="timeclock",
    name="Timeclock",
    senders=("codes@timeclock.example.net", "help@timeclock.example.net"),
    domains=("timeclock.example.net", "example.net"),
    addresses=("192.0.2.10", "2001:db8::/64"),
)
ODD = "o'brien+x@example.org"
ALL = list(providers().values())
PROVIDER = Provider(
    slug="x",
    name="X",
    kind=ProviderKind.GATEWAY,
    mx_suffixes=("x.example",),
    allowlist=("First {domains}.", "Then {addresses}.", "Then the release."),
    trace="Log\nTo: {address}\nFrom: {sender}\nAny of {senders}",
    powershell=("Find -To {address}", "Find -From {senders}"),
)


def test_steps_keep_the_providers_order_and_carry_the_vendors_values() -> None:
    assert recipe(PROVIDER, VENDOR, address=ODD).steps == (
        "First timeclock.example.net, example.net.",
        "Then 192.0.2.10, 2001:db8::/64.",
        "Then the release.",
    )


def test_a_line_whose_value_is_not_known_is_left_out() -> None:
    bare = replace(VENDOR, senders=(), addresses=())
    made = recipe(PROVIDER, bare, address=ODD)
    assert made.steps == ("First timeclock.example.net, example.net.", "Then the release.")
    assert made.trace == f"Log\nTo: {ODD}"
    assert made.commands == "Find -To 'o''brien+x@example.org'"


def test_without_domains_those_of_the_senders_are_named() -> None:
    assert "First timeclock.example.net." in recipe(PROVIDER, replace(VENDOR, domains=()), address=ODD).steps


def test_commands_quote_their_values_and_searches_show_them_as_they_are() -> None:
    made = recipe(PROVIDER, VENDOR, address=ODD)
    assert made.trace == (
        "Log\nTo: o'brien+x@example.org\nFrom: codes@timeclock.example.net\n"
        "Any of codes@timeclock.example.net, help@timeclock.example.net"
    )
    assert made.commands == (
        "Find -To 'o''brien+x@example.org'\nFind -From 'codes@timeclock.example.net','help@timeclock.example.net'"
    )


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("anna@example.org", "'anna@example.org'"),
        ("o'brien+x@example.org", "'o''brien+x@example.org'"),
        ("o\u2019brien@example.org", "'o\u2019\u2019brien@example.org'"),
        ("$(Remove-Item x)@example.org", "'$(Remove-Item x)@example.org'"),
        ("a`b;c|d&e@example.org", "'a`b;c|d&e@example.org'"),
        ("''; Stop-Computer; '@example.org", "'''''; Stop-Computer; ''@example.org'"),
    ],
    ids=["plain", "apostrophe", "typographic apostrophe", "expression", "separators", "end of text"],
)
def test_nothing_in_a_value_means_anything_to_powershell(value: str, literal: str) -> None:
    assert powershell_literal(value) == literal


@given(st.text(alphabet=st.sampled_from("ab'\u2018\u2019\u201a\u201b$`\";@.+"), max_size=20))
def test_a_literal_ends_where_it_should_and_gives_back_its_value(value: str) -> None:
    quotes = "['\u2018\u2019\u201a\u201b]"
    literal = powershell_literal(value)
    inner = literal[1:-1]
    assert re.fullmatch(f"(?:[^'\u2018\u2019\u201a\u201b]|{quotes}{{2}})*", inner)
    assert re.sub(f"({quotes}){quotes}", r"\1", inner) == value


def test_braces_in_a_value_are_not_filled_in_again() -> None:
    assert "To: {domains}@example.org" in recipe(PROVIDER, VENDOR, address="{domains}@example.org").trace


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.slug)
@pytest.mark.parametrize("vendor", [VENDOR, Vendor("bare", "Bare")], ids=["full", "bare"])
def test_every_provider_makes_a_recipe_without_gaps(one: Provider, vendor: Vendor) -> None:
    made = recipe(one, vendor, address=ODD)
    assert not re.search(r"[{}]", "".join((*made.steps, made.trace, made.commands)))
    if vendor is VENDOR and one.kind in (ProviderKind.MAILBOX, ProviderKind.GATEWAY):
        assert any("timeclock.example.net" in step for step in made.steps)
        assert ODD in made.trace


def test_microsofts_search_is_ready_to_paste() -> None:
    commands = recipe(providers()["microsoft-365"], VENDOR, address=ODD).commands.splitlines()
    assert commands[0].startswith("Get-MessageTraceV2 -RecipientAddress 'o''brien+x@example.org' -StartDate ")
    assert "-SenderAddress 'codes@timeclock.example.net','help@timeclock.example.net'" in commands[1]
    assert commands[2].startswith("Get-QuarantineMessage -RecipientAddress 'o''brien+x@example.org' ")


BEHIND = MailboxBehind(
    "microsoft-365", (Sign(SignKind.SPF, "microsoft-365", "spf.protection.outlook.com"),), certain=False
)


@pytest.mark.django_db
class TestOnThePages:
    def test_the_filter_comes_first_and_the_mailbox_provider_behind_it_second(self, owner: Client, case: Case) -> None:
        finish(case, MailSystem(gateway="proofpoint", kind=ProviderKind.GATEWAY), BEHIND)
        text = owner.get(reverse("wizard:section", args=[case.reference, "quarantine"])).content.decode()
        first = text.index("Proofpoint (filters your e-mail first)")
        assert first < text.index("<h3>Microsoft 365</h3>")
        assert "Your e-mail passes two systems." in text
        assert f"Get-MessageTraceV2 -RecipientAddress &#x27;{case.address}&#x27;" in text

    def test_the_list_is_to_be_allowed_in_both(self, owner: Client, case: Case) -> None:
        finish(case, MailSystem(gateway="proofpoint", kind=ProviderKind.GATEWAY), BEHIND)
        text = owner.get(reverse("wizard:section", args=[case.reference, "allowlist"])).content.decode()
        assert "Your e-mail passes Proofpoint, then Microsoft 365. Allow this in both." in text

    def test_a_single_system_is_not_called_two(self, owner: Client, case: Case) -> None:
        finish(case, MailSystem(mailbox_provider="microsoft-365", kind=ProviderKind.MAILBOX))
        text = owner.get(reverse("wizard:section", args=[case.reference, "quarantine"])).content.decode()
        assert "Your e-mail passes two systems." not in text

    def test_how_the_mailbox_provider_is_known_is_said(self, owner: Client, case: Case) -> None:
        finish(case, MailSystem(gateway="proofpoint", kind=ProviderKind.GATEWAY), BEHIND)
        text = owner.get(reverse("wizard:section", args=[case.reference, "quarantine"])).content.decode()
        assert "probably Microsoft 365" in text
        assert "the sender record (SPF) includes Microsoft 365" in text
        assert "(probably, by public records)" in text

    @pytest.mark.parametrize(
        ("system", "behind", "names", "note"),
        [
            (
                MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY),
                BEHIND,
                ["Mimecast", "Microsoft 365"],
                "probably",
            ),
            (
                MailSystem(gateway="mimecast", kind=ProviderKind.GATEWAY),
                replace(BEHIND, certain=True),
                ["Mimecast", "Microsoft 365"],
                "by public records",
            ),
            (
                MailSystem(mailbox_provider="improvmx", kind=ProviderKind.FORWARDER),
                BEHIND,
                ["ImprovMX", "Microsoft 365"],
                "probably",
            ),
            (
                MailSystem(mailbox_provider="improvmx", kind=ProviderKind.FORWARDER),
                MailboxBehind(),
                ["ImprovMX", "Your mail server"],
                "hidden",
            ),
            (MailSystem(), BEHIND, ["Your mail server", "Microsoft 365"], "probably"),
            (MailSystem(), MailboxBehind(), ["Your mail server"], ""),
            (
                MailSystem(mailbox_provider="mailanyone-net", kind=ProviderKind.UNCLEAR),
                BEHIND,
                ["mailanyone.net", "Microsoft 365"],
                "probably",
            ),
            (
                MailSystem(mailbox_provider="ionos", kind=ProviderKind.MAILBOX, others=("microsoft-365",)),
                BEHIND,
                ["Microsoft 365"],
                "",
            ),
            (MailSystem(mailbox_provider="ionos", kind=ProviderKind.MAILBOX), None, ["IONOS"], ""),
        ],
        ids=[
            "filter",
            "filter, two signs",
            "forwarder",
            "forwarder, nothing known",
            "own host",
            "own host, nothing known",
            "owner not known",
            "two in MX",
            "no filter",
        ],
    )
    def test_the_route_goes_by_the_filter_to_the_mailbox_provider(
        self, owner: Client, case: Case, system, behind, names, note
    ) -> None:
        finish(case, system, *([behind] if behind else []))
        route = owner.get(reverse("wizard:case", args=[case.reference])).context["overview"].route
        assert [stop.name for stop in route] == ["Our servers", *names, "Your mailbox"]
        assert route[-2].note.startswith(note)

    def test_the_page_for_it_says_that_its_address_is_shortened(self, client: Client, case: Case) -> None:
        finish(case, MailSystem(mailbox_provider="microsoft-365", kind=ProviderKind.MAILBOX))
        text = client.get(reverse("wizard:it", args=[mint_link(case, LinkKind.IT)])).content.decode()
        assert case.address not in text
        assert "The address is shortened on this page. Put the whole one in." in text
