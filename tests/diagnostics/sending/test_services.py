"""Sending services answer in the words of their documentation; whatever else they say is no answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from diagnostics.domain import Address, Suppression, SuppressionReason
from diagnostics.sending import (
    Release,
    Released,
    SendingService,
    Silent,
    configured_services,
    look_up_everywhere,
    service,
    services,
)
from diagnostics.sending.amazon_ses import AmazonSes
from diagnostics.sending.mailgun import Mailgun
from diagnostics.sending.postmark import Postmark
from diagnostics.sending.sendgrid import SendGrid
from tests.diagnostics.sending.service import Reply, Service

ANNA = Address("anna+clock", "example.org")
PATH = "anna%2Bclock%40example.org"
MARCH = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BOUNCE, COMPLAINT, UNSUBSCRIBE, MANUAL, OTHER = (
    SuppressionReason.BOUNCE,
    SuppressionReason.COMPLAINT,
    SuppressionReason.UNSUBSCRIBE,
    SuppressionReason.MANUAL,
    SuppressionReason.OTHER,
)

Build = Callable[[str], SendingService]
BUILD: dict[str, Build] = {
    "postmark": lambda url: Postmark(url, "token", "outbound"),
    "mailgun": lambda url: Mailgun(url, "key", "mail.example.net"),
    "sendgrid": lambda url: SendGrid(url, "key"),
    "amazon_ses": lambda url: AmazonSes(url, "eu-west-1", "AKIDEXAMPLE", "secret"),
}
LISTS = "/message-streams/outbound/suppressions"
BOUNCES, COMPLAINTS, UNSUBSCRIBES = (
    f"/v3/mail.example.net/{name}/{PATH}" for name in ("bounces", "complaints", "unsubscribes")
)
SG = [f"/v3/suppression/{name}/{PATH}" for name in ("bounces", "blocks", "spam_reports", "invalid_emails")]
SG_GLOBAL = f"/v3/asm/suppressions/global/{PATH}"
SES = f"/v2/email/suppression/addresses/{PATH}"


def dump(**entry: object) -> Reply:
    whole = {"EmailAddress": str(ANNA), "Origin": "Recipient", "CreatedAt": "2026-03-01T07:00:00-05:00", **entry}
    return Reply(200, {"Suppressions": [whole]})


CLEAR: dict[str, dict[tuple[str, str], Reply]] = {
    "postmark": {("GET", f"{LISTS}/dump"): Reply(200, {"Suppressions": []})},
    "mailgun": {
        ("GET", BOUNCES): Reply(404, {"message": "Address not found in bounces table"}),
        ("GET", COMPLAINTS): Reply(404, {"message": "No spam complaints found for this address"}),
        ("GET", UNSUBSCRIBES): Reply(404, {"message": "Address not found in unsubscribers table"}),
    },
    "sendgrid": {**{("GET", path): Reply(200, []) for path in SG}, ("GET", SG_GLOBAL): Reply(200, {})},
    "amazon_ses": {
        ("GET", SES): Reply(
            404,
            {"message": "Email address anna+clock@example.org does not exist on your suppression list."},
            {"x-amzn-ErrorType": "NotFoundException"},
        )
    },
}


@pytest.mark.parametrize("slug", BUILD)
async def test_an_address_on_no_list(slug: str) -> None:
    with Service(CLEAR[slug]) as server:
        assert await BUILD[slug](server.url).look_up(ANNA) == ()
    assert {request.method for request in server.requests} == {"GET"}


async def test_sendgrids_own_not_found_is_an_answer() -> None:
    absent = Reply(404, {"errors": [{"field": None, "message": "not found"}]})
    with Service(dict.fromkeys(CLEAR["sendgrid"], absent)) as server:
        assert await BUILD["sendgrid"](server.url).look_up(ANNA) == ()


@pytest.mark.parametrize(
    ("slug", "replies", "entry"),
    [
        (
            "postmark",
            {("GET", f"{LISTS}/dump"): dump(SuppressionReason="HardBounce")},
            Suppression("postmark", BOUNCE, MARCH, "HardBounce", removable=True),
        ),
        (
            "postmark",
            {("GET", f"{LISTS}/dump"): dump(SuppressionReason="SpamComplaint")},
            Suppression("postmark", COMPLAINT, MARCH, "SpamComplaint", removable=False),
        ),
        (
            "postmark",
            {("GET", f"{LISTS}/dump"): dump(SuppressionReason="ManualSuppression", Origin="Customer")},
            Suppression("postmark", MANUAL, MARCH, "ManualSuppression", removable=True),
        ),
        (
            "postmark",
            {("GET", f"{LISTS}/dump"): dump(SuppressionReason="ManualSuppression", Origin="Recipient")},
            Suppression("postmark", UNSUBSCRIBE, MARCH, "ManualSuppression", removable=True),
        ),
        (
            "mailgun",
            {
                ("GET", BOUNCES): Reply(
                    200,
                    {
                        "address": str(ANNA),
                        "code": "550",
                        "error": "No such mailbox",
                        "created_at": "Sun, 01 Mar 2026 12:00:00 UTC",
                    },
                )
            },
            Suppression("mailgun", BOUNCE, MARCH, "550 No such mailbox", removable=True),
        ),
        (
            "mailgun",
            {("GET", COMPLAINTS): Reply(200, {"address": str(ANNA), "created_at": "Sun, 01 Mar 2026 12:00:00 UTC"})},
            Suppression("mailgun", COMPLAINT, MARCH, "", removable=True),
        ),
        (
            "sendgrid",
            {
                ("GET", SG[0]): Reply(
                    200,
                    [
                        {
                            "created": int(MARCH.timestamp()),
                            "email": str(ANNA),
                            "reason": "550 5.1.1 no such user",
                            "status": "5.1.1",
                        }
                    ],
                )
            },
            Suppression("sendgrid", BOUNCE, MARCH, "5.1.1 550 5.1.1 no such user", removable=True),
        ),
        (
            "sendgrid",
            {("GET", SG_GLOBAL): Reply(200, {"recipient_email": str(ANNA)})},
            Suppression("sendgrid", UNSUBSCRIBE, removable=True),
        ),
        (
            "amazon_ses",
            {
                ("GET", SES): Reply(
                    200,
                    {
                        "SuppressedDestination": {
                            "EmailAddress": str(ANNA),
                            "Reason": "COMPLAINT",
                            "LastUpdateTime": MARCH.timestamp(),
                        }
                    },
                )
            },
            Suppression("amazon_ses", COMPLAINT, MARCH, "COMPLAINT", removable=True),
        ),
    ],
    ids=lambda value: value.reason.value if isinstance(value, Suppression) else value if isinstance(value, str) else "",
)
async def test_an_address_on_a_list(slug: str, replies, entry: Suppression) -> None:
    with Service(CLEAR[slug] | replies) as server:
        assert await BUILD[slug](server.url).look_up(ANNA) == (entry,)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(401, {"ErrorCode": 10, "Message": "Bad or missing API token."}),
        Reply(403, {"message": "forbidden"}),
        Reply(404, b"<h1>Not Found</h1>"),
        Reply(404, {"message": "Domain not found: mail.example.net"}),
        Reply(429, {}),
        Reply(500, {}),
        Reply(302, {}, {"Location": "http://127.0.0.1:1/"}),
        Reply(200, b"<html>Welcome to the hotel</html>"),
        Reply(200, [1, 2]),
        Reply(200, {"Suppressions": "none"}),
        Reply(200, b"x" * 1_100_000),
    ],
    ids=["401", "403", "404 page", "404 domain", "429", "500", "redirect", "html", "numbers", "text", "too large"],
)
@pytest.mark.parametrize("slug", BUILD)
async def test_whatever_else_a_service_says_is_no_answer(slug: str, reply: Reply) -> None:
    with Service(dict.fromkeys(CLEAR[slug], reply)) as server, pytest.raises(Silent):
        await BUILD[slug](server.url).look_up(ANNA)
    assert len(server.requests) <= len(CLEAR[slug])


@pytest.mark.parametrize("slug", BUILD)
async def test_a_service_that_is_not_there_is_silent(slug: str) -> None:
    with Service({}) as server:
        gone = server.url
    with pytest.raises(Silent):
        await BUILD[slug](gone).look_up(ANNA)


async def test_one_silent_service_does_not_silence_the_others() -> None:
    with Service(CLEAR["postmark"]) as server, Service({}) as broken:
        both = (BUILD["postmark"](server.url), BUILD["mailgun"](broken.url))
        answer = await look_up_everywhere(both, ANNA)
    assert (answer.entries, answer.asked, answer.silent) == ((), ("postmark", "mailgun"), ("mailgun",))


@pytest.mark.parametrize(
    ("slug", "reason", "asked", "reply", "outcome"),
    [
        (
            "postmark",
            BOUNCE,
            ("POST", f"{LISTS}/delete"),
            Reply(200, {"Suppressions": [{"EmailAddress": str(ANNA), "Status": "Deleted", "Message": None}]}),
            Released(Release.RELEASED),
        ),
        (
            "postmark",
            COMPLAINT,
            ("POST", f"{LISTS}/delete"),
            Reply(200, {"Suppressions": [{"EmailAddress": str(ANNA), "Status": "Failed", "Message": "No authority."}]}),
            Released(Release.REFUSED, "No authority."),
        ),
        (
            "mailgun",
            BOUNCE,
            ("DELETE", BOUNCES),
            Reply(200, {"message": "Bounced address has been removed", "address": str(ANNA)}),
            Released(Release.RELEASED),
        ),
        ("mailgun", COMPLAINT, ("DELETE", COMPLAINTS), Reply(200, {}), Released(Release.RELEASED)),
        ("sendgrid", COMPLAINT, ("DELETE", SG[2]), Reply(204, b""), Released(Release.RELEASED)),
        ("sendgrid", UNSUBSCRIBE, ("DELETE", SG_GLOBAL), Reply(204, b""), Released(Release.RELEASED)),
        ("amazon_ses", BOUNCE, ("DELETE", SES), Reply(200, {}), Released(Release.RELEASED)),
        (
            "amazon_ses",
            BOUNCE,
            ("DELETE", SES),
            Reply(403, b'{"message":"not allowed"}'),
            Released(Release.REFUSED, '{"message":"not allowed"}'),
        ),
        ("amazon_ses", BOUNCE, ("DELETE", SES), Reply(503, {}), Released(Release.SILENT, "status 503")),
    ],
    ids=["postmark", "postmark refuses", "mailgun", "mailgun complaint", "sendgrid", "sendgrid global", "ses"]
    + ["ses refuses", "ses is silent"],
)
async def test_an_entry_is_taken_off(slug, reason, asked, reply, outcome) -> None:
    with Service({asked: reply}) as server:
        assert await BUILD[slug](server.url).release(ANNA, reason) == outcome
    assert [(request.method, request.path) for request in server.requests] == [asked]


@pytest.mark.parametrize("slug", ["mailgun", "sendgrid"])
async def test_a_reason_without_a_list_is_refused_without_asking(slug: str) -> None:
    with Service({}) as server:
        assert (await BUILD[slug](server.url).release(ANNA, MANUAL)).outcome is Release.REFUSED
    assert server.requests == []


@pytest.mark.parametrize(
    ("slug", "header", "value"),
    [
        ("postmark", "x-postmark-server-token", "token"),
        ("mailgun", "authorization", "Basic YXBpOmtleQ=="),
        ("sendgrid", "authorization", "Bearer key"),
        ("amazon_ses", "authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
    ],
)
async def test_a_service_is_shown_our_key(slug: str, header: str, value: str) -> None:
    with Service(CLEAR[slug]) as server:
        await BUILD[slug](server.url).look_up(ANNA)
    assert all(request.headers[header].startswith(value) for request in server.requests)


def test_the_settings_name_the_services(settings) -> None:
    settings.SENDING_SERVICES = ["mailgun", "postmark"]
    settings.MAILGUN_DOMAIN = "mail.example.net"
    assert [one.slug for one in configured_services()] == ["mailgun", "postmark"]
    assert set(services()) == set(BUILD)
    with pytest.raises(ValueError, match="no sending service 'acme'"):
        service("acme")
