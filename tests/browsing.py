"""What a browser complains about while a test looks at pages: broken content security policies, faults of scripts."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext

FAULT = re.compile(r"Content Security Policy|Refused to|Uncaught|securitypolicyviolation")
REPORTS = """
addEventListener("securitypolicyviolation", (broken) => console.error(
  `securitypolicyviolation: ${broken.effectiveDirective} forbids ${broken.blockedURI} (${broken.sourceFile})`
));
"""


class Complaints(list[str]):
    """What was complained about and not expected."""

    def hear(self, text: str) -> None:
        if FAULT.search(text):
            self.append(text)

    def expect(self, part: str) -> None:
        """There is such a complaint, and it is right that there is."""
        known = [text for text in self if part in text]
        assert known, f"nobody complained about {part}: {self}"
        self[:] = [text for text in self if text not in known]


def watched(browser: Browser, complaints: Complaints) -> Browser:
    """The browser; every page of every visitor that it begins from now on is listened to, windows that open too."""
    begin = browser.new_context

    def new_context(**options: object) -> BrowserContext:
        context = begin(**options)  # type: ignore[arg-type]
        context.add_init_script(REPORTS)
        context.on("console", lambda said: complaints.hear(said.text))
        context.on("weberror", lambda fault: complaints.hear(f"Uncaught {fault.error}"))
        return context

    browser.new_context = new_context  # type: ignore[method-assign]
    return browser
