"""The real page in the real browser, and the real script, at work in every customer's network at once."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from diagnostics.probes.network_look import How, PortState
from tests.customer import eventually
from tests.rig import certificates
from tests.rig.network import Network
from tests.rig.plan import PROFILES, PROXY, Net, Port
from tests.rig.site import Opened, Site
from tests.rig.visitor import Errand, Outcome

LIMIT = 150.0
BROWSERS = 3
"""At once: a failure that the machine delays by seconds no longer looks like one that came at once."""
HANDED_OVER = 15.0
"""Seconds within which a responder tells the portal what it saw."""


@dataclass(frozen=True)
class Verdict:
    """What our server makes of one port; `look` is all that is kept of it."""

    state: PortState
    look: dict[str, Any]

    @property
    def hows(self) -> set[How]:
        return {How(one["how"]) for one in self.look["tries"]}


Verdicts = dict[tuple[str, int], Verdict]


@dataclass(frozen=True)
class Visit:
    """What the page came to, and the verdicts on what it sent."""

    outcome: Outcome
    verdicts: Verdicts


@dataclass(frozen=True)
class ScriptRun:
    """What the script printed, its exit code, and the verdicts on what it sent; none where nothing arrived."""

    printed: str
    code: int
    verdicts: Verdicts


@dataclass
class Looks:
    """Begun together, so that all that waits for time limits waits at once."""

    site: Site
    network: Network
    chromium: Path | None
    cases: dict[Net, Opened] = field(default_factory=dict)
    scripts: dict[Net, Future[ScriptRun]] = field(default_factory=dict)
    visits: dict[Net, Future[Visit]] = field(default_factory=dict)

    def begin(self) -> None:
        self.cases = dict(zip(PROFILES, self.site.open(*PROFILES.values()), strict=True))
        self.site.wait()
        scripts, visits = ThreadPoolExecutor(), ThreadPoolExecutor(BROWSERS)
        self.scripts = {net: scripts.submit(self._script, net) for net in (Net.OFFICE, Net.PROXY, Net.CAPTIVE)}
        if self.chromium:
            # The office first, which takes longest.
            self.visits = {net: visits.submit(self._visit, net, self.chromium) for net in Net if net is not Net.CUT}
            self.visits[Net.CUT] = visits.submit(self._cut_visit, self.chromium)
        scripts.shutdown(wait=False)
        visits.shutdown(wait=False)

    def pasted(self) -> Verdicts:
        """What came of the script's run in the network that was cut; the visit there pasted its report."""
        self.visits[Net.CUT].result()
        return self._verdicts(Net.CUT, "script")

    def _script(self, net: Net) -> ScriptRun:
        self._download(net)
        printed, code = self._run_script(net)
        verdicts = self._verdicts(net, "script")
        assert verdicts, f"{printed}\n{self.network.customer(net).words()}\n{self.network.vendor.words()}"
        return ScriptRun(printed, code, verdicts)

    def _download(self, net: Net) -> None:
        case, place = self.cases[net], self.network.customer(net)
        fetched = place.run(
            "sh", "-c", f"cd {place.home} && {case.download} && {case.verify}", variables=self._told(net)
        )
        assert fetched.strip() == "The file is ours", fetched

    def _run_script(self, net: Net) -> tuple[str, int]:
        """What it prints, and its exit code."""
        case, place = self.cases[net], self.network.customer(net)
        command = ["bash", "-c", f"cd {place.home} && {case.run} --place device --yes"]
        process = place.start(*command, log="script.log", variables=self._told(net))
        printed, _ = process.communicate(timeout=LIMIT)
        return printed, process.returncode

    def _told(self, net: Net) -> dict[str, str]:
        """What the customer's machine is set to."""
        authority = {"CURL_CA_BUNDLE": str(self.site.authority)}
        return authority | ({"http_proxy": PROXY, "https_proxy": PROXY} if net is Net.PROXY else {})

    def _visit(self, net: Net, chromium: Path) -> Visit:
        return self._outcome(net, self._visitor(net, chromium))

    def _cut_visit(self, chromium: Path) -> Visit:
        """While nothing gets out the script is run, too; what it prints comes with the page's report afterwards."""
        self._download(Net.CUT)
        visitor = self._visitor(Net.CUT, chromium)
        self._listen(visitor, "cut?")
        self.network.cut()
        printed, _ = self._run_script(Net.CUT)
        self._answer(visitor, "")
        self._listen(visitor, "unsent")
        self.network.mend()
        self._answer(visitor, json.dumps(printed))
        return self._outcome(Net.CUT, visitor)

    def _visitor(self, net: Net, chromium: Path) -> subprocess.Popen[str]:
        case = self.cases[net]
        errand = Errand(
            chromium=str(chromium),
            pins=certificates.pins(self.site.certificates),
            link=case.link,
            reference=case.reference,
            proxy=PROXY if net is Net.PROXY else "",
            loses=net is Net.CUT,
        )
        words = ["-m", "tests.rig.visitor", json.dumps(asdict(errand))]
        # What is taken on its way to the browser is fetched by Playwright, which has authorities of its own.
        variables = {"NODE_EXTRA_CA_CERTS": str(self.site.authority)}
        return self.network.customer(net).start(sys.executable, *words, log="visitor.log", variables=variables)

    def _listen(self, visitor: subprocess.Popen[str], word: str) -> None:
        assert visitor.stdout
        assert visitor.stdout.readline().strip() == word, self.network.customer(Net.CUT).words()

    def _answer(self, visitor: subprocess.Popen[str], words: str) -> None:
        assert visitor.stdin
        print(words, file=visitor.stdin, flush=True)

    def _outcome(self, net: Net, visitor: subprocess.Popen[str]) -> Visit:
        printed, _ = visitor.communicate(timeout=LIMIT)
        assert visitor.returncode == 0, self.network.customer(net).words()
        if net is Net.OFFICE:
            case = self.cases[net]
            eventually(
                lambda: Port.NO_TLS in self.site.read(case)["turns"], HANDED_OVER, "a hand-over of TURN on port 80"
            )
        outcome, verdicts = Outcome(**json.loads(printed)), self._verdicts(net, "browser")
        assert verdicts, outcome
        return Visit(outcome, verdicts)

    def _verdicts(self, net: Net, tool: str) -> Verdicts:
        told = self.site.read(self.cases[net])[tool]
        return {
            (one["look"]["host"], one["look"]["port"]): Verdict(PortState(one["state"]), one["look"]) for one in told
        }
