"""The first server that saw the message could verify nothing of it."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by mx.not-ours-to-them.test with ESMTPS id 5Y; Tue, 6 Jan 2026 08:00:03 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
Authentication-Results: mx.not-ours-to-them.test; spf=fail smtp.mailfrom=codes@timeclock.test; dkim=none; dmarc=fail (p=reject) header.from=timeclock.test
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="not-ours-to-them",
    title="The headers show that their server could not verify us",
    address="anna@not-ours-to-them.test",
    expects="sender.not-authenticated",
    verdict=Verdict.CAUSE_FOUND,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "not-ours-to-them.test": {"MX": ("10 mx.not-ours-to-them.test.",)},
        "mx.not-ours-to-them.test": {"A": ("198.51.100.114",)},
    },
    hosts={
        ("198.51.100.114", 25): Smtp(),
    },
)
