"""A server of theirs passed the message on after 14 minutes; the code had lived 10."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from edge.expired-on-arrival.test (edge.expired-on-arrival.test [203.0.113.249]) by store.expired-on-arrival.test with LMTP id 9; Tue, 6 Jan 2026 08:14:31 +0000
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by edge.expired-on-arrival.test with ESMTPS id 8; Tue, 6 Jan 2026 08:00:04 +0000
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="expired-on-arrival",
    title="The headers show that the code had expired on its way",
    address="anna@expired-on-arrival.test",
    expects="code.expired-on-arrival",
    verdict=Verdict.CAUSE_FOUND,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "expired-on-arrival.test": {"MX": ("10 mx.expired-on-arrival.test.",)},
        "mx.expired-on-arrival.test": {"A": ("198.51.100.110",)},
    },
    hosts={
        ("198.51.100.110", 25): Smtp(),
    },
)
