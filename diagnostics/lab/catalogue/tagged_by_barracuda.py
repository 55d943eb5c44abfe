"""Barracuda marks the message as spam, a gateway in front of the mailbox."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by mx-inbound9-lab.eu-central-1a.ess.aws.cudaops.com (version=TLSv1.3 verify=NO); Tue, 06 Jan 2026 08:00:05 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
X-Barracuda-Spam-Score: 5.10
X-Barracuda-Spam-Status: Yes, SCORE=5.10 using global scores of TAG_LEVEL=3.5 QUARANTINE_LEVEL=9.0 KILL_LEVEL=9.0 tests=MISSING_HEADERS
X-Barracuda-Spam-Flag: YES
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="tagged-by-barracuda",
    title="The headers show a mark of spam by Barracuda",
    address="anna@tagged-by-barracuda.test",
    expects="placed.spam",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "tagged-by-barracuda.test": {"MX": ("10 mx.tagged-by-barracuda.test.",)},
        "mx.tagged-by-barracuda.test": {"A": ("198.51.100.112",)},
    },
    hosts={
        ("198.51.100.112", 25): Smtp(),
    },
)
