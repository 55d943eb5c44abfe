from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics import articles, registry, remedies, vendors
from diagnostics.articles import article
from diagnostics.content import BadContent, build, read_front_matter
from diagnostics.domain import Article, Provider, Remedy, Stage, Who
from diagnostics.remedies import PLACEHOLDER, filled, remedy
from diagnostics.vendors import vendor

BLOCKS = {
    "address", "clock-models", "ports", "test-message", "provider", "filter", "allowlist", "compare", "it-pack",
    "headers", "network",
}  # fmt: skip
MODELS = [
    "BN5000", "BN5500", "BN6000", "BN6500", "BN6000N", "BN6500N", "CB5000",
    "CB5500", "CB6000", "CB6500", "DR2000", "DR2500", "JR2000", "JR2500",
]  # fmt: skip
ADDRESSES = """
    5.75.209.81 5.75.212.221 5.75.220.86 49.12.11.29 78.47.117.186 78.47.192.85 78.47.223.122
    88.198.168.23 88.198.94.71 116.202.180.226 116.203.166.36 116.203.2.185 162.55.179.218
    195.201.252.90 195.201.255.208 195.201.44.14
"""
SUPPORT = "https://clockify.me/help/troubleshooting/basics/not-receiving-verification-code"


@pytest.fixture
def own_folder(tmp_path: Path) -> Iterator[Path]:
    """A deployment's own folder, not yet used; around it only the product's own content is read."""
    vendor_folders, article_folders = vendors.use(), articles.use()
    yield tmp_path
    vendors.use(*vendor_folders)
    articles.use(*article_folders)


def body_of(slug: str) -> str:
    found = article(slug)
    assert found is not None
    return "\n".join([found.intro, found.tip, *(section.body for section in found.sections), found.closing])


# --- articles -------------------------------------------------------------------------------------------------------


def test_every_article_vendor_and_remedy_is_usable() -> None:
    assert articles.problems() + vendors.problems() + remedies.problems() == []


@pytest.mark.parametrize(
    ("slug", "sections"),
    [
        ("timeclock", "company-id lan folders mail-server ports-and-addresses third-party-filter compare"),
        ("verification", "address spam-folder quarantine allowlist"),
    ],
)
def test_the_sections_keep_the_articles_order(slug: str, sections: str) -> None:
    found = article(slug)
    assert found is not None
    assert [section.slug for section in found.sections] == sections.split()
    assert found.vendor in vendors.vendors()


@pytest.mark.parametrize("one", articles.articles().values(), ids=lambda one: one.slug)
def test_sections_use_known_questions_and_blocks(one: Article) -> None:
    for section in one.sections:
        assert section.title
        assert section.article_heading
        assert set(section.questions) <= {check.question for check in registry.checks()}
        assert set(section.blocks) <= BLOCKS
        assert set(section.questions) <= set(one.questions)


def test_all_entries_of_the_articles_model_list_can_be_chosen() -> None:
    found = article("timeclock")
    assert found is not None
    assert found.models == (*MODELS, "Other or not sure")


@pytest.mark.parametrize(
    "fact",
    [
        *MODELS, "BN65000N", "80", "443", "59777", "59778", "one minute", "administrator profile", "cannot read it out",
        "to and from our servers, on all ports and all addresses", "in both directions", "LAN cable", "Wi-Fi",
        "second company's server", "Gmail or Yahoo", "We cannot repair your company's mail server", "greylisting",
        "only the newest code works", "stopped sending", "alias", "administrators only",
    ],
)  # fmt: skip
def test_the_timeclock_article_says(fact: str) -> None:
    assert fact.lower() in re.sub(r"\s+", " ", body_of("timeclock").replace("*", "")).lower()


@pytest.mark.parametrize(
    "fact",
    [
        "Continue with Google", "Continue with Apple", "letter by letter", "junk", "space", "quarantine", "queue",
        "https://learn.microsoft.com/en-us/defender-office-365/quarantine-end-user", "support@clockify.me",
        "MailChannels keeps them for 7 days, Mimecast for 14, Google and Barracuda for 30", "greylisting",
    ],
)  # fmt: skip
def test_the_verification_article_says(fact: str) -> None:
    assert fact.lower() in re.sub(r"\s+", " ", body_of("verification").replace("*", "")).lower()


def test_an_article_extends_another_and_is_translated_in_part(own_folder: Path) -> None:
    folder = own_folder / "clocks"
    folder.mkdir()
    (folder / "article.toml").write_text('extends = "timeclock"\ntitle = "No code at the clock"\nvendor = "clockify"\n')
    (folder / "article.de.toml").write_text('title = "Kein Code an der Uhr"\n')
    (folder / "20-lan.md").write_text(
        '+++\ntitle = "Cable"\narticle_heading = "Cable"\nquestions = ["ports"]\n+++\nPlug in.\n'
    )
    (folder / "20-lan.de.md").write_text('+++\ntitle = "Kabel"\n+++\nEinstecken.\n')
    articles.use(own_folder)
    original, english, german = article("timeclock"), article("clocks"), article("clocks", "de-at")
    assert original is not None
    assert english is not None
    assert german is not None
    assert (english.title, english.vendor, english.models) == ("No code at the clock", "clockify", original.models)
    assert [section.slug for section in english.sections] == [section.slug for section in original.sections]
    assert [(one.title, one.body) for one in (english.sections[1], german.sections[1])] == [
        ("Cable", "Plug in."),
        ("Kabel", "Einstecken."),
    ]
    assert german.title == "Kein Code an der Uhr"
    assert german.sections[1].questions == ("ports",)
    assert german.sections[0] == original.sections[0]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('extends = "nowhere"', "extends: there is no article 'nowhere'"),
        ('extends = "clocks"', "extends: 'clocks' extends this article in turn"),
        ('title = "x"\nsummary = "x"', "vendor: required key missing"),
        ('title = "x"\nsummary = "x"\nvendor = "clockify"\nmodel = ["A"]', "unknown key model"),
        ("title =", "article.toml: Invalid value"),
    ],
    ids=["unknown parent", "circle", "missing key", "misspelt key", "no TOML"],
)
def test_a_faulty_article_is_named_with_its_key(own_folder: Path, toml: str, said: str) -> None:
    (own_folder / "clocks").mkdir()
    (own_folder / "clocks" / "article.toml").write_text(toml)
    articles.use(own_folder)
    (problem,) = articles.problems()
    assert "clocks/article.toml" in problem
    assert said in problem
    with pytest.raises(BadContent, match=re.escape(said)):
        article("clocks")


# --- vendors --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("own_folder")
def test_the_clockify_profile_is_the_articles_allowlist() -> None:
    found = vendor("clockify")
    assert found.domains == ("clockify.me", "mail.cake.com", "cake.com", "psrp.mail.cake.com")
    assert set(found.addresses) == set(ADDRESSES.split())
    assert (found.support_email, found.support_url) == ("support@clockify.me", SUPPORT)


@pytest.mark.usefixtures("own_folder")
def test_the_timeclock_profile_has_the_articles_ports_and_invents_no_hosts() -> None:
    found = vendor("timeclock")
    assert found.ports == (80, 443, 59777, 59778)
    assert (found.hosts, found.domains, found.addresses) == ((), (), ())


def test_a_deployments_profile_replaces_the_shipped_one(own_folder: Path) -> None:
    (own_folder / "timeclock.toml").write_text(
        'name = "Example Clocks"\n[[hosts]]\nname = "clocks.example.com"\nports = [80, 443]\n'
    )
    vendors.use(own_folder)
    assert vendor("timeclock").hosts[0].ports == (80, 443)
    assert vendor("timeclock").ports == ()
    vendors.use()
    assert vendor("timeclock").name == "Timeclock"


def test_an_unknown_vendor_is_named() -> None:
    with pytest.raises(BadContent, match="nobody"):
        vendor("nobody")


def test_a_port_that_is_none_is_refused(own_folder: Path) -> None:
    (own_folder / "clocks.toml").write_text('name = "Example Clocks"\nports = [443, 70000]\n')
    vendors.use(own_folder)
    assert vendors.problems() == [f"{own_folder / 'clocks.toml'}: ports: 70000 is not a port"]


# --- remedies -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", remedies.remedies().values(), ids=lambda one: one.tag)
def test_a_remedy_is_short_names_who_and_gives_numbered_steps(one: Remedy) -> None:
    assert len(one.headline.split()) <= 12
    assert one.who
    assert one.next_step.endswith(".")
    assert one.action.startswith("1. ")
    assert "error" not in one.headline.lower()


@pytest.mark.parametrize("one", remedies.remedies().values(), ids=lambda one: one.tag)
def test_a_remedy_is_filled_from_the_facts_that_it_declares(one: Remedy) -> None:
    facts = filled(one, {name: f"«{name}»" for name in one.facts})
    assert "{" not in facts.headline + facts.next_step + facts.meaning + facts.action


@pytest.mark.parametrize("one", remedies.remedies().values(), ids=lambda one: one.tag)
def test_a_remedy_still_reads_when_only_the_domain_and_its_headline_s_fact_are_known(one: Remedy) -> None:
    bare = filled(one, dict.fromkeys(["domain", *PLACEHOLDER.findall(one.headline)], "acme.example"))
    assert len(re.findall(r"^\d\. ", bare.action, re.MULTILINE)) >= 2
    assert bare.meaning
    assert bare.action.startswith("1. ")
    assert "{" not in bare.meaning + bare.action


def test_a_line_whose_fact_is_unknown_is_left_out_and_facts_stay_plain_text() -> None:
    found = remedy("accepted.not-seen")
    assert found is not None
    known = filled(
        found, {"provider": "Mimecast", "folders": "", "host": "*mx*\n[x](https://example.org)", "time": "10:42"}
    )
    assert "Mimecast" in known.meaning
    assert r"\*mx\* \[x\]\(https\:\/\/example\.org\) at 10\:42" in known.meaning
    assert "such mail is often found" not in known.action
    assert "deleted after" not in known.action


def test_there_is_no_remedy_for_an_unknown_tag() -> None:
    assert remedy("no.such-cause") is None


def test_a_remedy_falls_back_to_english() -> None:
    assert remedy("mx.null", "pt-br") is remedy("mx.null")
    found = remedy("mx.null")
    assert found is not None
    assert (found.stage, found.who) == (Stage.ROUTED, (Who.USER, Who.IT))


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": 3}, "name: must be a text, not 3"),
        ({"kind": "gate"}, "kind: 'gate' is not a valid ProviderKind"),
        ({"mx_suffixes": "example.org"}, "mx_suffixes: must be a list, not 'example.org'"),
        ({"held_days": "4"}, "held_days: must be a whole number, not '4'"),
        ({"held_day": 4}, "unknown key held_day"),
        ({"documents": [{"title": "x"}]}, "documents.url: required key missing"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(values: dict[str, object], said: str) -> None:
    good = {"slug": "x", "name": "X", "kind": "gateway", "mx_suffixes": ["example.org"]}
    with pytest.raises(BadContent) as refused:
        build(Provider, {**good, **values}, Path("x.toml"))
    assert str(refused.value) == f"x.toml: {said}"


@pytest.mark.parametrize("text", ["", "# No front matter", '+++\ntitle = "x"\n', "+++\ntitle =\n+++\nx"])
def test_front_matter_stands_between_two_fences(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.md"
    path.write_text(text)
    with pytest.raises(BadContent, match=re.escape(str(path))):
        read_front_matter(path)
