"""A forwarder passed the message on; the last server no longer believes that it is ours."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from mx1.improvmx.com (mx1.improvmx.com [203.0.113.247]) by mx.google.com with ESMTPS id u9; Tue, 06 Jan 2026 00:00:06 -0800 (PST)
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by mx1.improvmx.com with ESMTPS id 2B; Tue, 6 Jan 2026 08:00:03 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
Authentication-Results: mx.google.com; spf=fail (google.com: domain of codes@timeclock.test does not designate 203.0.113.247 as permitted sender) smtp.mailfrom=codes@timeclock.test; dkim=fail header.i=@timeclock.test; dmarc=fail (p=REJECT sp=REJECT dis=QUARANTINE) header.from=timeclock.test
X-Forwarded-Encrypted: i=1; AJvYcCUlab
X-Forwarded-For: anna@forwarded-and-doubted.test
Delivered-To: anna@forwarded-and-doubted.test
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="forwarded-and-doubted",
    title="The headers show a forward that breaks our proof",
    address="anna@forwarded-and-doubted.test",
    expects="forward.dmarc",
    verdict=Verdict.LIKELY_CAUSE,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "forwarded-and-doubted.test": {"MX": ("10 mx.forwarded-and-doubted.test.",)},
        "mx.forwarded-and-doubted.test": {"A": ("198.51.100.115",)},
    },
    hosts={
        ("198.51.100.115", 25): Smtp(),
    },
)
