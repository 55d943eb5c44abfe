"""Healthy: the customer pastes a newsletter, late and full of spam marks. It says nothing about us."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from news.example.net (news.example.net [203.0.113.246]) by mx.fine-other-headers.test with ESMTPS id 4W; Tue, 6 Jan 2026 11:30:07 +0000
Authentication-Results: mx.fine-other-headers.test; spf=fail smtp.mailfrom=news@example.net; dkim=fail header.d=example.net; dmarc=fail header.from=example.net
X-Spam-Flag: YES
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: News <news@example.net>
"""  # noqa: E501

scenario = Scenario(
    slug="fine-other-headers",
    title="The headers of somebody else's late newsletter",
    address="anna@fine-other-headers.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "fine-other-headers.test": {"MX": ("10 mx.fine-other-headers.test.",)},
        "mx.fine-other-headers.test": {"A": ("198.51.100.156",)},
    },
    hosts={
        ("198.51.100.156", 25): Smtp(),
    },
)
