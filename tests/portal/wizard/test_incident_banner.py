"""That others have the same trouble is said to customers of the provider, in their words, and to nobody else."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnostics.models import Case, Incident
from diagnostics.probes.mail_system import MailSystem
from tests.portal.wizard.conftest import finish, give, opened

SAID = "Other customers of Microsoft 365 have trouble, too, since"


@pytest.fixture
def case(db) -> Case:
    found = opened()
    finish(found, MailSystem(gateway="mimecast", mailbox_provider="microsoft-365"))
    Case.objects.filter(pk=found.pk).update(provider="microsoft-365", gateway="mimecast")
    found.refresh_from_db()
    return found


def incident(dimension: str = "provider", value: str = "microsoft-365", cases: int = 6, **said) -> Incident:
    now = timezone.now()
    return Incident.objects.create(
        dimension=dimension, value=value, began_at=now, found_at=now, usual=0.02, share=0.14, cases=cases, **said
    )


def url(case: Case) -> str:
    return reverse("wizard:case", args=[case.reference])


def page(client: Client, case: Case) -> str:
    return client.get(url(case)).content.decode()


@pytest.mark.parametrize(
    ("dimension", "value", "said"),
    [
        ("provider", "microsoft-365", SAID),
        ("gateway", "mimecast", "Other customers of Mimecast have trouble, too, since"),
        ("all", "", "That is for us to repair."),
        ("sending_ip", "192.0.2.10", "That is for us to repair."),
        ("article", "verification", "That is for us to repair."),
    ],
)
def test_customers_who_are_hit_are_told(owner: Client, case: Case, dimension: str, value: str, said: str) -> None:
    incident(dimension, value)
    shown = page(owner, case)
    assert said in shown
    assert "You can still follow the steps." in shown
    assert "192.0.2.10" not in shown


@pytest.mark.parametrize(
    ("dimension", "value"), [("provider", "google-workspace"), ("gateway", "proofpoint"), ("article", "another")]
)
def test_others_are_not(owner: Client, case: Case, dimension: str, value: str) -> None:
    incident(dimension, value)
    assert "You can still follow the steps." not in page(owner, case)


@pytest.mark.parametrize(("cases", "told"), [(5, False), (6, True)])
def test_from_more_than_five_cases_on(owner: Client, case: Case, cases: int, told: bool) -> None:
    incident(cases=cases)
    assert (SAID in page(owner, case)) == told


def test_what_another_incident_explains_accuses_nobody(owner: Client, case: Case) -> None:
    incident(part_of=incident("all", ""))
    shown = page(owner, case)
    assert SAID not in shown
    assert "That is for us to repair." in shown


def test_a_page_that_polls_hears_of_it_when_it_begins_and_when_it_ends(owner: Client, case: Case) -> None:
    address = url(case)

    def polled(etag: str) -> tuple[int, str, str]:
        answer = owner.get(address, headers={"HX-Request": "true", "If-None-Match": etag})
        return answer.status_code, answer.headers["ETag"], answer.content.decode()

    status, etag, _ = polled('"none"')
    assert polled(etag)[0] == 304
    one = incident()
    status, with_banner, shown = polled(etag)
    assert status == 200
    assert SAID in shown
    assert polled(with_banner)[0] == 304
    Incident.objects.filter(pk=one.pk).update(ended_at=timezone.now())
    status, _, shown = polled(with_banner)
    assert status == 200
    assert SAID not in shown


def test_it_is_the_same_whoever_the_address_belongs_to(client: Client, case: Case) -> None:
    """Only what everybody can look up about the domain decides."""
    other = opened("nobody@example.org", company_id="NONE-1")
    finish(other, MailSystem(gateway="mimecast", mailbox_provider="microsoft-365"))
    Case.objects.filter(pk=other.pk).update(provider="microsoft-365")
    incident()
    for one in (case, other):
        give(client, one)
        assert SAID in page(client, one)
