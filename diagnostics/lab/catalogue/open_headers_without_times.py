"""Headers whose times nobody can read: was it late?"""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import Smtp
from diagnostics.lab.headers import headers_of_timeclock
from diagnostics.lab.scenario import Scenario

TEXT = """\
Received: from out1.timeclock.test (out1.timeclock.test [192.0.2.10]) by mx.open-headers-without-times.test with ESMTPS id 3V; the day before yesterday
Date: soon
From: Timeclock <codes@timeclock.test>
"""  # noqa: E501

scenario = Scenario(
    slug="open-headers-without-times",
    title="The headers have no readable times",
    address="anna@open-headers-without-times.test",
    verdict=Verdict.INCONCLUSIVE,
    reports=(headers_of_timeclock(TEXT),),
    zone={
        "open-headers-without-times.test": {"MX": ("10 mx.open-headers-without-times.test.",)},
        "mx.open-headers-without-times.test": {"A": ("198.51.100.170",)},
    },
    hosts={
        ("198.51.100.170", 25): Smtp(),
    },
)
