"""Messages that came back, handed on by the service that took them in."""

import pytest

from diagnostics.models import SenderEvent

BOUNCE = """\
From: MAILER-DAEMON@mx.example.org
To: bounces@bounces.example.net
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; anna@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <anna@example.org>: user unknown
--b--
"""


def test_a_returned_message_is_taken_in_once(tell, db) -> None:
    handed_on = {"From": "MAILER-DAEMON@mx.example.org", "FromFull": {}, "MessageID": "i-1", "RawEmail": BOUNCE}
    for _ in range(2):
        assert tell("postmark", handed_on, way="inbound").status_code == 200
    (event,) = SenderEvent.objects.all()
    assert (event.kind, event.address) == ("bounced", "anna@example.org")
    assert "user unknown" in event.reply


@pytest.mark.parametrize("content", [{}, [], {"RawEmail": 7}, {"RecordType": "Delivery"}, b"\xff"], ids=repr)
def test_what_is_no_message_keeps_nothing(tell, db, content: object) -> None:
    assert tell("postmark", content, way="inbound").status_code in (200, 400)
    assert not SenderEvent.objects.exists()
