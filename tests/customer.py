"""A customer without a browser: fills in the forms that the pages offer, keeps cookies, follows redirects."""

from __future__ import annotations

import html
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from itertools import count
from typing import TypeVar

from diagnostics.articles import articles

T = TypeVar("T")
ANSWER_LIMIT = 10.0
"""Seconds that a page may take."""
BETWEEN_LOOKS = 0.05
_numbers = count()


def eventually(look: Callable[[], T], seconds: float, what: object = "what was waited for") -> T:
    """The first true value that `look` gives; fails where there is none in time."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what() if callable(what) else what}"
        time.sleep(BETWEEN_LOOKS)
    return seen


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said in the end, and where that was."""

    status: int
    url: str
    text: str

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        assert found, self.text
        return " ".join(html.unescape(re.sub(r"<[^>]+>", "", found[1])).split())

    def form(self, action: str) -> dict[str, str]:
        """The hidden fields of the form that is sent to a path with that ending."""
        for form in re.finditer(r'<form [^>]*action="([^"]*)"[^>]*>(.*?)</form>', self.text, re.DOTALL):
            if form[1].endswith(action):
                hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form[2])
                return {name: html.unescape(value) for name, value in hidden}
        raise AssertionError(f"no form for {action} on {self.url}: {self.text}")


@dataclass
class Customer:
    """One visitor of the portal at `site`, who comes from a network of their own; `case` is their case's address."""

    site: str
    case: str = ""
    network: str = field(default_factory=lambda: _network(next(_numbers)))

    def __post_init__(self) -> None:
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    @property
    def reference(self) -> str:
        return self.case.rstrip("/").rpartition("/")[2]

    def get(self, path: str) -> Answer:
        return self._ask(path)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        return self._ask(path, urllib.parse.urlencode(fields).encode())

    def report(self, article: str, address: str, company: str = "ACME-1") -> Answer:
        """Fill in the article's form; an address that looks mistyped is meant. Where it ends is the case's address."""
        path = f"/{article}/"
        typed = {"company_id": company, "address": address}
        answer = self.post(path, self.get(path).form(path) | typed)
        if 'name="asked_about"' in answer.text:
            answer = self.post(path, answer.form(path) | typed | {"address_choice": "typed"})
        assert "/cases/" in answer.url, answer.text
        self.case = urllib.parse.urlsplit(answer.url).path
        return answer

    def ask_for_message(self, article: str) -> Answer:
        return self._act(article, "message")

    def compare_with(self, article: str, address: str) -> Answer:
        """Have a second message sent to another mailbox; the first one must have been sent."""
        return self._act(article, "message", block="compare", purpose="comparison", address=address)

    def type_code(self, article: str, code: str) -> Answer:
        return self._act(article, "code", code=code)

    def type_second_code(self, article: str, code: str) -> Answer:
        return self._act(article, "code", block="compare", purpose="comparison", code=code)

    def say_where(self, article: str, where: str) -> Answer:
        return self._act(article, "whereabouts", where=where)

    def tell(self, question: str, choice: str) -> Answer:
        """Answer a question of the case page, whether or not it is the next one."""
        path = f"{self.case}do/answer/"
        fields = self.get(f"{self.case}?answer={question}").form(path)
        answer = self.post(path, fields | {"question": question, "answer": choice})
        assert (answer.status, urllib.parse.urlsplit(answer.url).path) == (200, self.case), answer.text
        return answer

    def message_page(self, article: str, block: str = "test-message") -> Answer:
        """The section that is about the test message, or that has another block."""
        section = next(one for one in articles()[article].sections if block in one.blocks)
        return self.get(f"{self.case}{section.slug}/")

    def _act(self, article: str, action: str, block: str = "test-message", **fields: str) -> Answer:
        path = f"{self.case}do/{action}/"
        answer = self.post(path, self.message_page(article, block).form(path) | fields)
        assert answer.status == 200, answer.text
        assert "/do/" not in answer.url, answer.text
        return answer

    def _ask(self, path: str, body: bytes | None = None) -> Answer:
        request = urllib.request.Request(f"{self.site}{path}", body, {"X-Forwarded-For": self.network})
        try:
            with self._browser.open(request, timeout=ANSWER_LIMIT) as answer:
                return Answer(answer.status, answer.url, answer.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.url, refused.read().decode())


def _network(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
