"""Six minutes between our last server and their first one: they made us come again."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by mx.greylisted-by-headers.test (Postfix) with ESMTPS id 6Z; Tue, 6 Jan 2026 08:06:07 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="greylisted-by-headers",
    title="The headers show that their server put us off",
    address="anna@greylisted-by-headers.test",
    expects="greylisted",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "greylisted-by-headers.test": {"MX": ("10 mx.greylisted-by-headers.test.",)},
        "mx.greylisted-by-headers.test": {"A": ("198.51.100.108",)},
    },
    hosts={
        ("198.51.100.108", 25): Smtp(),
    },
)
