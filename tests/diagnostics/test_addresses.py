from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.addresses import (
    AddressFault,
    BadAddress,
    Lookalike,
    is_disposable,
    is_role,
    lookalike,
    mailbox_for_limits,
    mask,
    one_spelling,
    parse_address,
    registered_domain,
    shown_domain,
    suggest,
)
from diagnostics.domain import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("anna@example.org", Address("anna", "example.org")),
        ("  <Anna.B@Example.ORG> ", Address("Anna.B", "example.org")),
        ("mailto:anna@example.org", Address("anna", "example.org")),
        ("anna+clock@example.co.uk", Address("anna+clock", "example.co.uk")),
        ("o'neil!#$%&*/?=^_`{|}~-x@example.org", Address("o'neil!#$%&*/?=^_`{|}~-x", "example.org")),
        ("anna@bücher.de", Address("anna", "xn--bcher-kva.de")),
        ("anna@xn--bcher-kva.de", Address("anna", "xn--bcher-kva.de")),
        ("jos\u0065\u0301@example.org", Address("jos\u00e9", "example.org")),
        ("用户@例子.中国", Address("用户", "xn--fsqu00a.xn--fiqs8s")),
        ("anna@somebody.github.io", Address("anna", "somebody.github.io")),
        ("anna@github.io", Address("anna", "github.io")),
        ("a" * 64 + "@example.org", Address("a" * 64, "example.org")),
    ],
    ids=[
        "plain", "spaces and brackets", "mailto", "tag", "every sign of an atom", "unicode domain", "A-labels",
        "decomposed accent", "all Chinese", "below a private suffix", "a private suffix", "longest local part",
    ],
)  # fmt: skip
def test_reads(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", AddressFault.EMPTY),
        ("  ", AddressFault.EMPTY),
        ("<>", AddressFault.EMPTY),
        ("anna", AddressFault.NO_AT),
        ("anna@b@example.org", AddressFault.SEVERAL_AT),
        ('"anna@b"@example.org', AddressFault.SEVERAL_AT),
        ("@example.org", AddressFault.LOCAL_PART_MISSING),
        ("anna@", AddressFault.DOMAIN_MISSING),
        ("anna @example.org", AddressFault.SPACES_INSIDE),
        ("Anna <anna@example.org>", AddressFault.SPACES_INSIDE),
        ("anna@[192.0.2.1]", AddressFault.LITERAL),
        ("anna@[IPv6:2001:db8::1]", AddressFault.LITERAL),
        ("anna@192.0.2.1", AddressFault.LITERAL),
        ("anna@2001:db8::1", AddressFault.LITERAL),
        ("anna@localhost", AddressFault.LOCALHOST),
        ("anna@mail.localhost", AddressFault.LOCALHOST),
        ("anna@localhost.localdomain", AddressFault.LOCALHOST),
        ("anna@co.uk", AddressFault.NO_PUBLIC_SUFFIX),
        ("anna@com", AddressFault.NO_PUBLIC_SUFFIX),
        ("anna@foo.notatld", AddressFault.NO_PUBLIC_SUFFIX),
        ("anna@mailbox-full.test", AddressFault.NO_PUBLIC_SUFFIX),
        ("anna@example.org\r\nBcc: eve@example.com", AddressFault.CONTROL_CHARACTERS),
        ("anna@example.org\n", AddressFault.CONTROL_CHARACTERS),
        ("an\0na@example.org", AddressFault.CONTROL_CHARACTERS),
        ("an\u200bna@example.org", AddressFault.CONTROL_CHARACTERS),
        ("anna@exam\u00adple.org", AddressFault.CONTROL_CHARACTERS),
        ("\u202eanna@example.org", AddressFault.CONTROL_CHARACTERS),
        ("an\ud800na@example.org", AddressFault.CONTROL_CHARACTERS),
        ("a" * 65 + "@example.org", AddressFault.TOO_LONG),
        ("a@" + "b" * 64 + ".org", AddressFault.TOO_LONG),
        ("a@" + "b." * 125 + "org", AddressFault.TOO_LONG),
        ("anna.bella@" + "é." * 31 + "de", AddressFault.TOO_LONG),
        ('"anna"@example.org', AddressFault.BAD_LOCAL_PART),
        ("=?utf-8?q?x?=@example.org", AddressFault.BAD_LOCAL_PART),
        (".anna@example.org", AddressFault.BAD_LOCAL_PART),
        ("anna..b@example.org", AddressFault.BAD_LOCAL_PART),
        ("anna,b@example.org", AddressFault.BAD_LOCAL_PART),
        ("😀@example.org", AddressFault.BAD_LOCAL_PART),
        ("anna@example..org", AddressFault.BAD_DOMAIN),
        ("anna@example.org.", AddressFault.BAD_DOMAIN),
        ("anna@-example.org", AddressFault.BAD_DOMAIN),
        ("anna@exa_mple.org", AddressFault.BAD_DOMAIN),
        ("anna@example.org/path", AddressFault.BAD_DOMAIN),
        ("anna@example.org:25", AddressFault.BAD_DOMAIN),
        ("anna@xn--zz.de", AddressFault.BAD_DOMAIN),
        ("anna@☕.com", AddressFault.BAD_DOMAIN),
    ],
)
def test_refuses_with_the_reason(text: str, fault: AddressFault) -> None:
    with pytest.raises(BadAddress) as refused:
        parse_address(text)
    assert refused.value.code is fault


def test_closed_networks_add_their_own_suffixes() -> None:
    assert parse_address("anna@mailbox-full.test", extra_suffixes=frozenset({"test"})).domain == "mailbox-full.test"
    with pytest.raises(BadAddress):
        parse_address("anna@test", extra_suffixes=frozenset({"test"}))


OWN_DOMAINS = """
    gmail.com ymail.com gmx.com gmx.de mail.com email.com me.com hey.com pm.me live.co.uk outlook.de
    yahoo.fr hotmail.it example.org acme.example cloud.com orange.com free.com rogers.com roger.com
    planet.nl plant.nl libera.it accor.de ao.com love.com life.com line.com web.com web.dev sky.com
    google.com microsoft.com yahoo-inc.com comcast.com verizon.com att.com apple.com proton.ch
    protonmail.ch tuta.com gm.com ge.com mailchimp.com all.com hotels.com hotmart.com outbrain.com
    mail.co live.co onet.pl net.pl mailbox-full.test bücher.de
"""

SLIPS = {
    "gmail.com": """gmial.com gmal.com gmai.com gmil.com gnail.com gmaill.com ggmail.com gmali.com gmaul.com fmail.com
        gamil.com gamail.com gimal.com gmail.con gmail.co gmail.cm gmail.om gmail.comm gmailcom gmail,com
        gmail gmail.c gmail.cim gmail.vom gmail.xom gmail.coom gmail.ocm gmail.cmo gmail.net gmail.org
        gmail.co.uk gmail.com.com gmail..com gmal.con gmial.cm gmailcon www.gmail.com g.mail.com GMAIL.CON
        gmail.com.""",
    "hotmail.com": """hotmial.com hotmai.com hormail.com htomail.com hotmal.com homtail.com hotmaill.com hotnail.com
        hotail.com hotmmail.com hotamil.com hotmail.con hotmail.cmo hotmail.co hotmailcom""",
    "hotmail.co.uk": "hotmail.couk hotmai.co.uk hotmail.co.ul",
    "hotmail.fr": "hotmial.fr hotmail.frr",
    "yahoo.com": """yaho.com yahho.com yaoo.com yhaoo.com yhoo.com yahooo.com uahoo.com ayhoo.com yahoo.con yahoo.comm
        yahoo.cm""",
    "yahoo.co.uk": "yahoo.co.ul yahoo.couk yaho.co.uk",
    "outlook.com": """outlok.com outllok.com outloook.com oulook.com oultook.com otlook.com outlool.com outlook.con
        outlook.co""",
    "icloud.com": "iclod.com iclould.com icoud.com icluod.com icloud.con icloud.co iclud.com icloud.net",
    "aol.com": "aol.con aol.cm aoll.com",
    "live.com": "live.con live.cm lvie.com",
    "orange.fr": "ornage.fr orange.rf orang.fr",
    "web.de": "web.ed web.dee wbe.de",
    "gmx.de": "gmx.ed gmx.dee",
    "t-online.de": "tonline.de t-onlin.de t-online.ed",
    "libero.it": "libero.ti libeor.it liberro.it",
    "comcast.net": "comcast.ner comcas.net comcast.nte comcst.net",
    "mail.ru": "mail.tu maill.ru",
}


@pytest.mark.parametrize(
    ("typed", "meant"), [(typed, meant) for meant, all_ in SLIPS.items() for typed in all_.split()]
)
def test_a_slip_of_a_well_known_domain_is_noticed(typed: str, meant: str) -> None:
    assert suggest(f"anna.b@{typed}") == f"anna.b@{meant}"


@pytest.mark.parametrize(
    "domain",
    OWN_DOMAINS.split(),
)
def test_a_domain_of_its_own_is_left_alone(domain: str) -> None:
    assert suggest(f"anna@{domain}") is None


HERE = Path(__file__).parent


def written_in(name: str) -> Iterator[str]:
    """Lines of a data file without its remarks."""
    return (line for line in (HERE / name).read_text(encoding="utf-8").splitlines() if line and line[0] != "#")


@pytest.mark.slow
def test_nine_of_ten_slips_are_repaired() -> None:
    meant = {
        typed: known
        for line in written_in("slips.txt")
        for known in [line.partition(":")[0]]
        for typed in line.split()[1:]
    }
    missed = [typed for typed, known in meant.items() if suggest(f"anna@{typed}") != f"anna@{known}"]
    assert len(meant) > 450
    assert len(missed) <= len(meant) * 0.05, missed


@pytest.mark.slow
def test_at_most_five_of_a_thousand_real_domains_are_taken_for_slips() -> None:
    domains = {domain for line in written_in("real_domains.txt") for domain in line.split()}
    accused = [domain for domain in domains if suggest(f"anna@{domain}")]
    assert len(domains) > 2000
    assert len(accused) <= len(domains) * 0.005, accused


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("annagmail.com", "anna@gmail.com"),
        ("anna.gmail.com", "anna@gmail.com"),
        ('anna"hotmail.co.uk', "anna@hotmail.co.uk"),
        ("gmail.com", None),
        ("www.gmail.com", None),
        ("anna b gmail.com", None),
        ("annagmail.example", None),
    ],
)
def test_a_missing_at_sign_is_noticed(text: str, meant: str | None) -> None:
    assert suggest(text) == meant


@pytest.mark.parametrize("text", ["", "anna", "@gmail.con", "anna@", "anna@.", "anna@" + "x" * 5000])
def test_nothing_is_suggested_for_what_is_no_address(text: str) -> None:
    assert suggest(text) is None


@pytest.mark.parametrize(
    ("address", "masked"),
    [("anna@acme.example", "a•••@acme.example"), ("a@acme.example", "a•••@acme.example"), ("anna", "•••"), ("", "•••")],
)
def test_masks_the_local_part(address: str, masked: str) -> None:
    assert mask(address) == masked


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("Anna+clock@Example.ORG", "anna@example.org"),
        ("An.Na+x@gmail.com", "anna@googlemail.com"),
        ("a.n-n_a@proton.me", "anna@pm.me"),
        ("anna@me.com", "anna@icloud.com"),
        ("anna-k@yandex.ru", "anna.k@ya.ru"),
        ("codes@anna.fastmail.com", "anna+x@fastmail.com"),
        ("ΟΔΟΣ@example.org", "οδος@example.org"),
        ("ＡＮＮＡ@example.org", "anna@example.org"),
        ("Strauß@example.org", "STRAUSS@example.org"),
    ],
)
def test_no_spelling_is_a_way_around_a_limit(one: str, another: str) -> None:
    assert mailbox_for_limits(one) == mailbox_for_limits(another)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("an.na@example.org", "anna@example.org"),
        ("an.na@outlook.com", "anna@outlook.com"),
        ("codes@anna.example.org", "anna@example.org"),
        ("anna@hotmail.com", "anna@outlook.com"),
        ("an-na@gmail.com", "anna@gmail.com"),
    ],
)
def test_mailboxes_of_two_people_have_limits_of_their_own(one: str, another: str) -> None:
    assert mailbox_for_limits(one) != mailbox_for_limits(another)


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("example.org", "example.org"),
        ("a.b.example.org", "example.org"),
        ("mail.example.co.uk", "example.co.uk"),
        ("shop.example.github.io", "example.github.io"),
        ("co.uk", "co.uk"),
        ("a.acme.lab", "acme.lab"),
    ],
)
def test_names_below_a_registered_domain_share_its_limit(name: str, registered: str) -> None:
    assert registered_domain(name) == registered


@pytest.mark.parametrize(
    ("address", "one_text"),
    [
        ("Anna@Example.ORG", "anna@example.org"),
        ("anna+clock+2@example.org", "anna@example.org"),
        ("an.na@example.org", "an.na@example.org"),
        ("An.Na+x@gmail.com", "anna@gmail.com"),
        ("an.na@googlemail.com", "anna@gmail.com"),
    ],
)
def test_spellings_of_one_mailbox_are_one_text(address: str, one_text: str) -> None:
    assert one_spelling(address) == one_text


@pytest.mark.parametrize(
    ("domain", "written"),
    [
        ("xn--bcher-kva.de", "bücher.de"),
        ("bücher.de", "bücher.de"),
        ("xn--fsqu00a.xn--fiqs8s", "例子.中国"),
        ("example.org", "example.org"),
        ("xn--zz.de", "xn--zz.de"),
    ],
)
def test_a_domain_is_shown_as_people_write_it(domain: str, written: str) -> None:
    assert shown_domain(domain) == written


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("gm\u0430il.com", Lookalike("gmail.com", mixed=True)),
        ("xn--gmil-63d.com", Lookalike("gmail.com", mixed=True)),
        ("\u0443\u0430\u04bb\u043e\u043e.com", Lookalike("yahoo.com", mixed=False)),
        ("gma\u0131l.com", Lookalike("gmail.com", mixed=False)),
        ("gm\u00e0il.com", Lookalike("gmail.com", mixed=False)),
        ("\u043effice.example", Lookalike("", mixed=True)),
        ("\u03bffice.example", Lookalike("", mixed=True)),
        ("gmail.com", None),
        ("bücher.de", None),
        ("école.fr", None),
        ("школа.рф", None),
        ("μάθημα.gr", None),
        ("日本ニュースtv.jp", None),
        ("xn--zz.de", None),
    ],
    ids=[
        "Cyrillic a", "the same in A-labels", "all Cyrillic", "dotless i", "accent", "Cyrillic o", "Greek o", "plain",
        "umlaut", "French", "Russian", "Greek", "Japanese", "not decodable",
    ],
)  # fmt: skip
def test_letters_that_only_look_alike_are_noticed(domain: str, found: Lookalike | None) -> None:
    assert lookalike(domain) == found


@pytest.mark.parametrize(
    ("local_part", "role"),
    [("info", True), ("No-Reply", True), ("payroll2", True), ("hr+clock", True), ("buchhaltung", True), ("anna", False),
     ("anna.info", False), ("information.desk", False), ("12", False)],
)  # fmt: skip
def test_a_role_is_no_person(local_part: str, role: bool) -> None:
    assert is_role(Address(local_part, "example.org")) is role


@pytest.mark.parametrize(
    ("domain", "disposable"),
    [("mailinator.com", True), ("eu.mailinator.com", True), ("notmailinator.example", False), ("com", False)],
)
def test_throw_away_mailboxes_are_known_by_their_domain(domain: str, disposable: bool) -> None:
    assert is_disposable(Address("anna", domain)) is disposable


TEXTS = st.text(max_size=300) | st.text("ag.@-mil\u0430\u0131xn--co", max_size=60)


@given(TEXTS)
def test_no_text_makes_an_address_function_raise(text: str) -> None:
    suggest(text)
    shown_domain(text)
    lookalike(text)
    mask(text)
    one_spelling(text)
    address = Address(text, text)
    is_role(address)
    is_disposable(address)
    with suppress(BadAddress):
        parse_address(text)
