"""The domain is fine, but the domain of its mail host is lame."""

from diagnostics.domain import Verdict
from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.scenario import Scenario

scenario = Scenario(
    slug="lame-mail-host",
    title="The mail host's own domain has no working name servers",
    address="anna@lame-mail-host.test",
    expects="dns.lame",
    verdict=Verdict.CAUSE_FOUND,
    zone={
        "lame-mail-host.test": {"MX": ("10 mx.lame-mail-hoster.test.",)},
        "lame-mail-hoster.test": NameBehaviour.LAME,
    },
)
