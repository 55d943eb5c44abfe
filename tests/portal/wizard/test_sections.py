"""What a section page shows, and what a hostile mail server cannot make of it."""

import pytest
from django.test import Client
from django.urls import reverse

from diagnostics.articles import articles
from diagnostics.domain import Connection, ConnectOutcome, SendOutcome, SmtpConversation, SmtpReply, SmtpStage
from diagnostics.models import Case
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.server_ports import ServerPorts
from portal.wizard.blocks import _BLOCKS
from tests.portal.wizard.conftest import finish, give, opened, sent

pytestmark = pytest.mark.django_db
SECTIONS = [(name, part.slug) for name, found in articles().items() for part in found.sections]


def url(case: Case, section: str) -> str:
    return reverse("wizard:section", args=[case.reference, section])


@pytest.mark.parametrize(("slug", "section"), SECTIONS, ids=lambda value: value)
@pytest.mark.parametrize("state", ["at first", "finished", "with a test message"])
def test_every_section_of_every_article_is_a_page(client: Client, slug: str, section: str, state: str) -> None:
    case = opened(slug=slug)
    give(client, case)
    if state != "at first":
        finish(case, MailSystem(gateway="proofpoint", mailbox_provider="microsoft-365"))
    if state == "with a test message":
        sent(case)
    response = client.get(url(case, section))
    text = response.content.decode()
    assert response.status_code == 200
    assert text.count("<h1") == 1
    assert len(response.context["blocks"]) == len(response.context["section"].blocks)


def test_every_block_that_an_article_names_is_known() -> None:
    named = {block for found in articles().values() for part in found.sections for block in part.blocks}
    assert named <= set(_BLOCKS)


@pytest.mark.parametrize(
    ("reply", "shown", "hidden"),
    [
        ("5.7.1 <script>alert(1)</script>", "&lt;script&gt;", "<script>alert"),
        ("5.7.1 [click](https://evil.example)", "[click](https://evil.example)", 'href="https://evil.example'),
        ("5.7.1 <https://evil.example>", "&lt;https://evil.example&gt;", 'href="https://evil.example'),
        ("5.7.1 refused \u202egnp.exe", "refused gnp.exe", "\u202e"),
        ("5.7.1 one\x07two\x1b[31m", "onetwo[31m", "\x1b"),
        ("5.7.1 " + "x" * 2000, "x…", "x" * 501),
        ("5.7.1 {% now 'Y' %} {{ settings }}", "{{ settings }}", "<settings"),
    ],
    ids=["script", "Markdown link", "autolink", "direction override", "control characters", "endless", "template"],
)
@pytest.mark.parametrize("section", ["spam-folder", "quarantine", "allowlist", ""])
def test_what_a_mail_server_says_is_only_ever_text(
    owner: Client, case: Case, section: str, reply: str, shown: str, hidden: str
) -> None:
    finish(case)
    sent(case, outcome=SendOutcome.REFUSED, code=550, reply=reply)
    address = url(case, section) if section else reverse("wizard:case", args=[case.reference])
    text = owner.get(address).content.decode()
    assert hidden not in text
    if section:
        assert shown in text


def test_a_hostile_banner_is_only_ever_text(owner: Client, case: Case) -> None:
    banner = SmtpReply(SmtpStage.BANNER, 554, "<img src=x onerror=alert(1)> **bold** [a](javascript:alert)")
    conversation = SmtpConversation("mx.example.org", ConnectOutcome.OPEN, replies=(banner,))
    finish(case, MxConversations((conversation,)))
    text = owner.get(url(case, "allowlist")).content.decode()
    assert "<img" not in text
    assert "<strong>bold" not in text
    assert "&lt;img src=x onerror=alert(1)&gt; **bold** [a](javascript:alert)" in text


def test_ports_are_shown_with_the_word_for_their_outcome(client: Client) -> None:
    case = opened(slug="timeclock")
    give(client, case)
    outcomes = {80: ConnectOutcome.OPEN, 443: ConnectOutcome.FILTERED, 59777: ConnectOutcome.DNS_UNANSWERED}
    finish(case, ServerPorts(tuple(Connection("clock.example.org", *pair) for pair in outcomes.items())))
    text = client.get(url(case, "lan")).content.decode()
    for words in ('tag-fine">Answers', 'tag-problem">No answer', 'tag-could_not_check">Could not look the name up'):
        assert words in text


def test_the_steps_of_a_provider_carry_the_vendors_own_values(owner: Client, case: Case) -> None:
    finish(case, MailSystem(mailbox_provider="microsoft-365"))
    recipe = owner.get(url(case, "quarantine")).context["blocks"][1].data["recipes"][0]
    assert any("5.75.209.81" in step for step in recipe.steps)
    assert case.address in recipe.trace
    assert "{" not in "".join(recipe.steps)


def test_a_section_that_the_article_does_not_have_does_not_exist(owner: Client, case: Case) -> None:
    assert owner.get(url(case, "no-such-section")).status_code == 404
