"""The headers of a code that came late: nine minutes passed between two servers of ours."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by mx.queue-late-in-headers.test with ESMTPS id 7KQ; Tue, 6 Jan 2026 08:09:20 +0000
Received: from queue.timeclock.test (queue.timeclock.test [192.0.2.12]) by out1.timeclock.test with ESMTP id 5AB; Tue, 6 Jan 2026 08:09:18 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by queue.timeclock.test with ESMTP id 4AA; Tue, 6 Jan 2026 08:00:02 +0000
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="queue-late-in-headers",
    title="The headers show that the code waited on our side",
    address="anna@queue-late-in-headers.test",
    expects="our.queue-late",
    verdict=Verdict.CAUSE_FOUND,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "queue-late-in-headers.test": {"MX": ("10 mx.queue-late-in-headers.test.",)},
        "mx.queue-late-in-headers.test": {"A": ("198.51.100.55",)},
    },
    hosts={
        ("198.51.100.55", 25): Smtp(),
    },
)
