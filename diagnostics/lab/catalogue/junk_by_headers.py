"""Exchange Online filed the message as junk and says so in its headers."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by AM7EUR03FT012.mail.protection.outlook.com (10.152.3.4) with Microsoft SMTP Server id 15.20.1; Tue, 6 Jan 2026 08:00:05 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
Authentication-Results: spf=pass (sender IP is 192.0.2.10) smtp.mailfrom=timeclock.test; dkim=pass (signature was verified) header.d=timeclock.test;dmarc=pass action=none header.from=timeclock.test;compauth=pass reason=100
X-Forefront-Antispam-Report: CIP:192.0.2.10;CTRY:DE;SCL:5;SFV:SPM;H:out1.timeclock.test;CAT:SPM;DIR:INB;
X-Microsoft-Antispam-Mailbox-Delivery: ucf:0;jmr:0;auth:0;dest:J;ENG:(910001);RF:JunkEmail;
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="junk-by-headers",
    title="The headers show the junk folder",
    address="anna@junk-by-headers.test",
    expects="placed.spam",
    verdict=Verdict.CAUSE_FOUND,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "junk-by-headers.test": {"MX": ("10 mx.junk-by-headers.test.",)},
        "mx.junk-by-headers.test": {"A": ("198.51.100.111",)},
    },
    hosts={
        ("198.51.100.111", 25): Smtp(),
    },
)
