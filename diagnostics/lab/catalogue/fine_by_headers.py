"""Healthy: what the customer pastes shows seven seconds and no complaint."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by mx.fine-by-headers.test with ESMTPS id 4X; Tue, 6 Jan 2026 08:00:07 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
Authentication-Results: mx.fine-by-headers.test; spf=pass smtp.mailfrom=codes@timeclock.test; dkim=pass header.d=timeclock.test; dmarc=pass header.from=timeclock.test
X-Spam-Status: No, score=-1.9 required=5.0 tests=BAYES_00,DKIM_VALID autolearn=ham
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="fine-by-headers",
    title="The headers of a code that came in time",
    address="anna@fine-by-headers.test",
    verdict=Verdict.NOTHING_FOUND,
    sends_message=True,
    customer_says="arrived",
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "fine-by-headers.test": {"MX": ("10 mx.fine-by-headers.test.",)},
        "mx.fine-by-headers.test": {"A": ("198.51.100.155",)},
    },
    hosts={
        ("198.51.100.155", 25): Smtp(),
    },
)
