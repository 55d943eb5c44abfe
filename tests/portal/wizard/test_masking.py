import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.domain import SendOutcome
from diagnostics.models import Case, LinkKind
from diagnostics.probes.address_form import AddressForm
from diagnostics.services.cases import mint_link
from portal.masking import without_mailboxes
from tests.portal.wizard.conftest import finish, give, opened, sent

KNOWN = ("anna@example.org",)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<anna@example.org>: no such user", "<a•••@example.org>: no such user"),
        ("ANNA@internal.example.net is unknown", "A•••@internal.example.net is unknown"),
        ("forwarded to bert.b@example.net.", "forwarded to b•••@example.net."),
        ("User anna unknown", "User a••• unknown"),
        ("User Anna.", "User A•••."),
        ("/var/mail/anna is full", "/var/mail/a••• is full"),
        ("id anna=example.org@lists.example.net", "id a•••=e•••@lists.example.net"),
        ("anna%40example.org", "a•••%40example.org"),
        ("susanna and annabel", "susanna and annabel"),
        ("mx.anna.example.org, anna.example.org", "mx.anna.example.org, anna.example.org"),
        ("450 4.7.1 try again later", "450 4.7.1 try again later"),
    ],
)
def test_mailboxes_are_not_named_whole(text: str, shown: str) -> None:
    assert without_mailboxes(text, KNOWN) == shown


@pytest.mark.parametrize(
    ("address", "text", "shown"),
    [
        ("jo@example.org", "User jo unknown", "User jo unknown"),
        ("anna+codes@example.org", "User anna unknown", "User a••• unknown"),
        ("o'neil=x@example.org", "<o'neil=x@example.org>", "<o•••@example.org>"),
        ("émilie@example.org", "User ÉMILIE unknown", "User É••• unknown"),
    ],
    ids=["short names stay", "sub-address", "odd signs", "other letters"],
)
def test_local_parts_of_many_kinds(address: str, text: str, shown: str) -> None:
    assert without_mailboxes(text, (address,)) == shown


@pytest.mark.django_db
def test_the_page_for_it_names_no_mailbox_anywhere(client: Client) -> None:
    case: Case = opened("anna.berg@gmial.com")
    give(client, case)
    finish(case, AddressForm("gmial.com", "anna.berg@gmail.com"))
    sent(case, outcome=SendOutcome.REFUSED, code=550, reply="5.1.1 User Anna.Berg (anna.\u200bberg@gmail.com) unknown")
    text = client.get(reverse("wizard:it", args=[mint_link(case, LinkKind.IT)])).content.decode()
    assert "a•••@gmail.com" in text
    assert "User A••• (" in text
    assert "anna.berg" not in text.lower()
