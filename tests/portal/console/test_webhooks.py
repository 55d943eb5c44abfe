"""Administrators set up webhooks, see every delivery, and send one again. Everybody else sees nothing of it."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from diagnostics import dispatch
from diagnostics.models import (
    AuditEntry,
    CaseEventKind,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
)
from diagnostics.services import webhook_endpoints as endpoints
from diagnostics.services import webhooks
from diagnostics.services.audit import Action, Actor
from diagnostics.services.case_events import announce
from diagnostics.services.webhooks import Answer
from portal.console.webhooks.log import PAGE_SIZE
from portal.roles import Role
from tests.agents import make_agent

ADMIN = Actor("agent", "admin-one")
HOOKS = "/console/settings/webhooks/"
URL = "https://hooks.example.org/in"
FORM = {
    "name": "Billing",
    "url": "https://hooks.example.org/in",
    "kinds": ["case.created", "run.finished"],
    "vendor": "",
}


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    """The browser of a signed-in administrator."""
    client.force_login(make_agent("admin-one", Role.ADMIN))
    return client


@pytest.fixture
def endpoint(db: None) -> WebhookEndpoint:
    kinds = CaseEventKind.values
    return endpoints.add(ADMIN, name="Billing", url=URL, kinds=kinds, vendor="")[0]


@pytest.fixture
def delivery(endpoint: WebhookEndpoint, open_one) -> WebhookDelivery:
    open_one()
    dispatch.publish_events()
    return WebhookDelivery.objects.get()


def answered(delivery: WebhookDelivery, answer: Answer) -> WebhookDelivery:
    shipment = webhooks.claim(delivery.pk)
    assert shipment
    assert webhooks.finish(shipment, answer)
    delivery.refresh_from_db()
    return delivery


def text(response) -> str:
    return html.unescape(response.content.decode())


# --- endpoints ---


def test_the_menu_leads_there_for_administrators_alone(admin: Client, client: Client) -> None:
    assert HOOKS in text(admin.get("/console/"))
    client.force_login(make_agent("agent-two"))
    assert HOOKS not in text(client.get("/console/"))


def test_an_empty_list_says_so(admin: Client) -> None:
    assert "There is none yet." in text(admin.get(HOOKS))


def test_a_new_endpoint_shows_its_secret_once(admin: Client) -> None:
    assert "Add and show the secret" in text(admin.get(f"{HOOKS}new/"))
    shown = admin.post(f"{HOOKS}new/", FORM)
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", text(shown))
    assert found
    made = WebhookEndpoint.objects.get()
    assert (made.name, made.url, made.kinds, made.vendor) == ("Billing", URL, FORM["kinds"], "")
    assert made.created_by == "admin-one"
    delivery = webhooks.send_test(ADMIN, made)
    shipment = webhooks.claim(delivery.pk)
    assert shipment
    assert Webhook(found[0]).verify(shipment.body, shipment.headers)
    assert "no-store" in shown.headers["Cache-Control"]
    for page in (HOOKS, f"{HOOKS}{made.pk}/", f"{HOOKS}{made.pk}/change/"):
        assert "whsec_" not in text(admin.get(page))
    entry = AuditEntry.objects.filter(action=Action.WEBHOOK_CHANGED).order_by("pk")[0]
    assert (entry.actor, entry.detail) == ("admin-one", {"endpoint": made.pk, "change": "added"})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Type a name"),
        ({"name": "x" * 81}, "80 characters"),
        ({"name": "a\x00b"}, "invisible characters"),
        ({"url": ""}, "Type the address of the receiver"),
        ({"url": "hooks"}, "Type an address like"),
        ({"url": "https://hooks.example.org/\x00"}, "invisible characters"),
        ({"url": "https://hooks.example.org/" + "x" * 600}, "Type an address like"),
        ({"url": "http://hooks.example.org/"}, "must begin with https://"),
        ({"url": "https://10.0.0.5/in"}, "This address is not public"),
        ({"url": "https://[::1]/in"}, "This address is not public"),
        ({"url": "https://localhost/in"}, "This address is not public"),
        ({"url": "https://169.254.169.254/in"}, "This address is not public"),
        ({"url": "https://user:pass@hooks.example.org/"}, "Leave out the user name"),
        ({"url": "https://hooks.example.org:22/"}, "This port is not allowed"),
        ({"kinds": []}, "Choose at least one"),
        ({"kinds": ["case.created", "nonsense"]}, "Choose from the list"),
        ({"vendor": "nobody"}, "Choose from the list"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_said_and_loses_nothing(admin: Client, wrong: dict, words: str) -> None:
    response = admin.post(f"{HOOKS}new/", FORM | wrong)
    shown = text(response)
    assert response.status_code == 200
    assert words in shown
    assert "There is a problem" in shown
    assert "<title>Error:" in shown
    if "name" not in wrong:
        assert 'value="Billing"' in shown
    assert not WebhookEndpoint.objects.exists()


def test_a_name_is_given_once(admin: Client, endpoint: WebhookEndpoint) -> None:
    assert "Another endpoint has this name" in text(admin.post(f"{HOOKS}new/", FORM))
    other = endpoints.add(ADMIN, name="Other", url=URL, kinds=[], vendor="")[0]
    assert "Another endpoint has this name" in text(admin.post(f"{HOOKS}{other.pk}/change/", FORM))
    assert admin.post(f"{HOOKS}{endpoint.pk}/change/", FORM).status_code == 302, "its own name is no other's"


def test_an_endpoint_is_changed(admin: Client, endpoint: WebhookEndpoint) -> None:
    assert 'value="Billing"' in text(admin.get(f"{HOOKS}{endpoint.pk}/change/"))
    changed = {"name": "Books", "url": "https://books.example.org/", "kinds": ["case.resolved"], "vendor": "timeclock"}
    shown = text(admin.post(f"{HOOKS}{endpoint.pk}/change/", changed, follow=True))
    assert "https://books.example.org/" in shown
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.kinds, endpoint.vendor) == ("Books", ["case.resolved"], "timeclock")
    assert AuditEntry.objects.filter(detail__change="changed").exists()


def test_it_is_switched_off_and_on(admin: Client, endpoint: WebhookEndpoint) -> None:
    assert "Switched off by hand." in text(admin.post(f"{HOOKS}{endpoint.pk}/switch/", {"to": "off"}, follow=True))
    assert "Switched off by hand." in text(admin.get(HOOKS))
    shown = text(admin.post(f"{HOOKS}{endpoint.pk}/switch/", {"to": "on"}, follow=True))
    assert "Switched on" in shown
    changes = AuditEntry.objects.order_by("pk").values_list("detail__change", flat=True)
    assert list(changes) == ["added", "switched off", "switched on"]
    admin.post(f"{HOOKS}{endpoint.pk}/switch/", {"to": "elsewhere"})
    endpoint.refresh_from_db()
    assert endpoint.active


@pytest.mark.parametrize(
    ("because", "words"), [(endpoints.GONE, "answered 410"), (endpoints.FAILING, "nothing could be delivered for days")]
)
def test_why_it_was_switched_off_by_itself_is_shown(admin, endpoint: WebhookEndpoint, because: str, words: str) -> None:
    endpoints.switch_off(endpoints.ITSELF, endpoint, because=because)
    assert words in text(admin.get(HOOKS))
    assert words in text(admin.get(f"{HOOKS}{endpoint.pk}/"))


def test_a_failing_endpoint_is_not_shown_as_fine(admin: Client, delivery: WebhookDelivery) -> None:
    answered(delivery, Answer(500))
    for page in (HOOKS, f"{HOOKS}{delivery.endpoint_id}/"):
        shown = text(admin.get(page))
        assert "Failing" in shown
        assert "Nothing was delivered since" in shown


def test_a_new_secret_is_shown_once_and_the_earlier_one_is_good_for_a_day(admin, endpoint: WebhookEndpoint) -> None:
    shown = text(admin.post(f"{HOOKS}{endpoint.pk}/secret/"))
    assert "whsec_" in shown
    assert "24 hours" in shown
    shown = text(admin.get(f"{HOOKS}{endpoint.pk}/"))
    assert "The earlier one signs, too, until" in shown
    assert "whsec_" not in shown
    assert AuditEntry.objects.filter(detail__change="secret renewed").exists()


def test_it_is_removed_after_a_question(admin: Client, delivery: WebhookDelivery) -> None:
    url = f"{HOOKS}{delivery.endpoint_id}/remove/"
    assert "this cannot be undone" in text(admin.get(url))
    assert WebhookEndpoint.objects.exists()
    assert "Billing is removed." in text(admin.post(url, follow=True))
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()
    assert admin.get(url).status_code == 404


# --- deliveries ---


def test_a_test_is_sent_and_shown(admin: Client, endpoint: WebhookEndpoint) -> None:
    shown = text(admin.post(f"{HOOKS}{endpoint.pk}/test/", follow=True))
    assert "webhook.test for Billing" in shown
    assert "Not tried yet." in shown
    assert WebhookDelivery.objects.get().state == DeliveryState.QUEUED
    admin.post(f"{HOOKS}{endpoint.pk}/test/")
    assert WebhookDelivery.objects.count() == 1
    assert AuditEntry.objects.filter(detail__change="tested").count() == 1


def test_a_delivery_shows_what_was_sent_and_what_came_back(admin: Client, delivery: WebhookDelivery) -> None:
    answered(delivery, Answer(500, "<script>alert(1)</script>", elapsed_ms=345))
    assert delivery.event
    raw = admin.get(f"{HOOKS}deliveries/{delivery.pk}/").content.decode()
    assert "<script>alert(1)" not in raw
    shown = html.unescape(raw)
    for expected in ("HTTP 500", "345 ms", "alert(1)", delivery.webhook_id, '"type": "case.created"', "1 of 10"):
        assert expected in shown
    assert re.search(r"webhook-signature</dt><dd><samp>v1,", shown)
    assert "It is tried again at" in shown
    log = text(admin.get(f"{HOOKS}{delivery.endpoint_id}/"))
    assert "HTTP 500 · 345 ms · 1 try" in log
    assert delivery.event.case.reference in log


def test_why_a_delivery_is_held_back_is_said(admin: Client, delivery: WebhookDelivery) -> None:
    assert delivery.event
    announce(delivery.event.case, CaseEventKind.RUN_FINISHED, run=1)
    dispatch.publish_events()
    later = WebhookDelivery.objects.latest("pk")
    url = f"{HOOKS}deliveries/{later.pk}/"
    assert "An earlier event of the case has to be delivered first." in text(admin.get(url))
    endpoints.switch_off(ADMIN, delivery.endpoint)
    assert "The endpoint is switched off." in text(admin.get(url))


def test_a_delivered_one_is_sent_again(admin: Client, delivery: WebhookDelivery) -> None:
    url = f"{HOOKS}deliveries/{delivery.pk}/"
    assert "Send again" not in text(admin.get(url))
    assert "on its way already" in text(admin.post(f"{url}again/", follow=True))
    answered(delivery, Answer(200))
    assert "Send again" in text(admin.get(url))
    assert "It is being sent again" in text(admin.post(f"{url}again/", follow=True))
    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.QUEUED
    assert AuditEntry.objects.filter(detail__change="sent again").exists()


def test_nothing_is_sent_again_while_it_is_switched_off(admin: Client, delivery: WebhookDelivery) -> None:
    answered(delivery, Answer(200))
    endpoints.switch_off(ADMIN, delivery.endpoint)
    assert "Switch the endpoint on first" in text(admin.post(f"{HOOKS}deliveries/{delivery.pk}/again/", follow=True))


def test_pages_stay_where_they_are_and_ask_a_constant_number_of_queries(
    admin: Client, endpoint: WebhookEndpoint, django_assert_max_num_queries
) -> None:
    def make(first: int, count: int) -> None:
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(endpoint=endpoint, webhook_id=f"msg_{number}", body="{}")
            for number in range(first, first + count)
        )

    def shown(url: str) -> list[int]:
        return list(map(int, re.findall(rf'class="hook-name" href="{HOOKS}deliveries/(\d+)/"', text(admin.get(url)))))

    url = f"{HOOKS}{endpoint.pk}/"
    make(0, PAGE_SIZE + 3)
    with django_assert_max_num_queries(8):
        first = shown(url)
    following = re.search(r'href="(\?after=[^"]+)" rel="next"', text(admin.get(url)))
    assert following
    make(1000, 5)
    second = shown(url + following[1])
    assert (len(first), len(second)) == (PAGE_SIZE, 3)
    assert [*first, *second] == sorted({*first, *second}, reverse=True)
    damaged = text(admin.get(f"{url}?after=nonsense"))
    assert "That link to a further page is damaged" in damaged
    other = endpoints.add(ADMIN, name="Other", url=URL, kinds=[], vendor="")[0]
    assert "is damaged" in text(admin.get(f"{HOOKS}{other.pk}/{following[1]}"))


# --- who may ---


def urls(delivery: WebhookDelivery) -> list[tuple[str, str]]:
    one = f"{HOOKS}{delivery.endpoint_id}/"
    reading = [HOOKS, f"{HOOKS}new/", one, f"{one}change/", f"{one}remove/", f"{HOOKS}deliveries/{delivery.pk}/"]
    acting = [f"{one}{name}/" for name in ("change", "switch", "secret", "test", "remove")]
    acting += [f"{HOOKS}new/", f"{HOOKS}deliveries/{delivery.pk}/again/"]
    return [("get", url) for url in reading] + [("post", url) for url in acting]


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD, Role.AUDITOR])
def test_other_roles_are_refused_everywhere(client: Client, delivery: WebhookDelivery, role: Role) -> None:
    client.force_login(make_agent("somebody", role))
    answered(delivery, Answer(200))
    before = AuditEntry.objects.count()
    for method, url in urls(delivery):
        assert getattr(client, method)(url, {"to": "off"}).status_code == 403, url
    assert WebhookEndpoint.objects.get().active
    assert AuditEntry.objects.count() == before


def test_visitors_are_sent_to_the_sign_in_page(client: Client, delivery: WebhookDelivery) -> None:
    for method, url in urls(delivery):
        response = getattr(client, method)(url, {"to": "off"})
        assert "/sign-in/" in response.headers.get("Location", "") or response.status_code in (401, 403), url
    assert WebhookEndpoint.objects.get().active


def test_what_changes_something_is_no_link(admin: Client, delivery: WebhookDelivery) -> None:
    one = f"{HOOKS}{delivery.endpoint_id}/"
    for url in [f"{one}{name}/" for name in ("switch", "secret", "test")] + [f"{HOOKS}deliveries/{delivery.pk}/again/"]:
        assert admin.get(url).status_code == 405
    assert WebhookDelivery.objects.count() == 1


def test_what_is_not_there_is_404(admin: Client) -> None:
    for url in (f"{HOOKS}999/", f"{HOOKS}deliveries/999/", f"{HOOKS}99999999999999999999/"):
        assert admin.get(url).status_code == 404


def test_old_deliveries_are_gone_from_the_log(admin: Client, delivery: WebhookDelivery) -> None:
    answered(delivery, Answer(200))
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    webhooks.forget_old()
    assert "Nothing was to be delivered yet." in text(admin.get(f"{HOOKS}{delivery.endpoint_id}/"))
