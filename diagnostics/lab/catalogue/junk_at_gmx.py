"""GMX filed it as junk, in German winter time."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from out1.timeclock.test ([192.0.2.10]) by mx-ha.gmx.net (mxgmx109 [203.0.113.248]) with ESMTPS (Nemesis) id 1N; Tue, 06 Jan 2026 09:00:06 +0100
Received: from app.timeclock.test (app.timeclock.test [192.0.2.13]) by out1.timeclock.test (Postfix) with ESMTPS id 3C; Tue, 6 Jan 2026 08:00:01 +0000
X-UI-Filterresults: junk:10;V03:K0:labLab=
Date: Tue, 6 Jan 2026 08:00:00 +0000
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="junk-at-gmx",
    title="The headers show the junk folder of GMX",
    address="anna@junk-at-gmx.test",
    expects="placed.spam",
    verdict=Verdict.CAUSE_FOUND,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "junk-at-gmx.test": {"MX": ("10 mx.junk-at-gmx.test.",)},
        "mx.junk-at-gmx.test": {"A": ("198.51.100.113",)},
    },
    hosts={
        ("198.51.100.113", 25): Smtp(),
    },
)
