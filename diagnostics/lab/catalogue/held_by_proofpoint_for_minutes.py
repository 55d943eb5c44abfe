"""Proofpoint took the message at once and passed it on eight minutes later."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from mx0b-lab.pphosted.com (203.0.113.250) by AM7EUR03FT012.mail.protection.outlook.com with Microsoft SMTP Server id 15.20.1; Tue, 6 Jan 2026 08:08:09 +0000
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by mx0b-lab.pphosted.com with ESMTPS id 3xyz-1; Tue, 06 Jan 2026 08:00:03 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="held-by-proofpoint-for-minutes",
    title="The headers show that a filter held the message",
    address="anna@held-by-proofpoint-for-minutes.test",
    expects="filter.delays",
    verdict=Verdict.CAUSE_FOUND,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "held-by-proofpoint-for-minutes.test": {"MX": ("10 mx.held-by-proofpoint-for-minutes.test.",)},
        "mx.held-by-proofpoint-for-minutes.test": {"A": ("198.51.100.109",)},
    },
    hosts={
        ("198.51.100.109", 25): Smtp(),
    },
)
