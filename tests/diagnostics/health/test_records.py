"""The readers of our own records: SPF evaluated, DKIM keys, DMARC policies, the senders that SPF lets in."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.domain import DnsAnswer, DnsStatus
from diagnostics.health.policy import Policy, aligned, read_policy
from diagnostics.health.questions import Questions
from diagnostics.health.sender_policy import evaluate, senders, terms
from diagnostics.health.signing_key import read_key
from tests.diagnostics.networks import WrittenNetwork

UNANSWERED, NO_SUCH_NAME, NO_DATA = DnsStatus.UNANSWERED, DnsStatus.NO_SUCH_NAME, DnsStatus.NO_DATA
Dns = Mapping[tuple[str, str], tuple[str, ...] | DnsStatus]


def asking(dns: Dns) -> Questions:
    return Questions(WrittenNetwork(dns=dns), seconds=10)


def rsa_key(bits: int, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()


# --- SPF ------------------------------------------------------------------------------------------------------------

INCLUDES: dict[tuple[str, str], tuple[str, ...] | DnsStatus] = {
    ("example.org", "TXT"): ('"v=spf1 include:a.example.net mx ~all"',),
    ("a.example.net", "TXT"): ('"site=1"', '"v=spf1 ip4:198.51.100.0/24 " "ip6:2001:db8::/32 -all"'),
    ("example.org", "MX"): ("10 mx.example.org.",),
    ("mx.example.org", "A"): ("203.0.113.25",),
    ("mx.example.org", "AAAA"): NO_DATA,
}


@pytest.mark.parametrize(
    ("address", "dns", "result"),
    [
        ("198.51.100.7", INCLUDES, "pass"),
        ("2001:db8::7", INCLUDES, "pass"),
        ("203.0.113.25", INCLUDES, "pass"),
        ("203.0.113.26", INCLUDES, "softfail"),
        ("192.0.2.1", {("example.org", "TXT"): ('"v=spf1 -all"',)}, "fail"),
        ("192.0.2.1", {("example.org", "TXT"): NO_SUCH_NAME}, "none"),
        ("192.0.2.1", {("example.org", "TXT"): UNANSWERED}, "temperror"),
        ("192.0.2.1", {("example.org", "TXT"): ('"v=spf1 -all"', '"v=spf1 mx -all"')}, "permerror"),
        ("192.0.2.1", {("example.org", "TXT"): ('"v=spf1 ip4:192.0.2.999 -all"',)}, "permerror"),
        (
            "192.0.2.1",
            {
                ("example.org", "TXT"): ('"v=spf1 exists:%{i}.a.example.net ?all"',),
                ("192.0.2.1.a.example.net", "A"): ("127.0.0.2",),
            },
            "pass",
        ),
    ],
    ids=[
        "in an include", "IPv6", "by MX", "soft", "hard", "no record", "no answer", "two records", "syntax", "macro",
    ],
)  # fmt: skip
async def test_what_the_record_says_of_an_address(address: str, dns: Dns, result: str) -> None:
    assert (await evaluate(address, "example.org", asking(dns))).result == result


async def test_the_eleventh_look_up_is_one_too_many() -> None:
    dns: dict[tuple[str, str], tuple[str, ...] | DnsStatus] = {
        (f"d{n}.example.org", "TXT"): (f'"v=spf1 include:d{n + 1}.example.org -all"',) for n in range(12)
    }
    dns["d10.example.org", "TXT"] = ('"v=spf1 ip4:192.0.2.1 -all"',)
    assert (await evaluate("192.0.2.1", "d0.example.org", asking(dns))).result == "pass"
    dns["d10.example.org", "TXT"] = ('"v=spf1 include:d11.example.org -all"',)
    found = await evaluate("192.0.2.1", "d0.example.org", asking(dns))
    assert (found.result, "Too many DNS lookups" in found.detail) == ("permerror", True)


async def test_the_third_look_up_that_finds_nothing_is_one_too_many() -> None:
    names = ("a", "b", "c")
    record = " ".join(f"a:{name}.example.net" for name in names)
    dns: dict[tuple[str, str], tuple[str, ...] | DnsStatus] = {("example.org", "TXT"): (f'"v=spf1 {record} ?all"',)}
    dns |= {(f"{name}.example.net", "A"): NO_SUCH_NAME for name in names}
    assert (await evaluate("192.0.2.1", "example.org", asking(dns))).result == "permerror"
    dns["c.example.net", "A"] = ("203.0.113.1",)
    assert (await evaluate("192.0.2.1", "example.org", asking(dns))).result == "neutral"


class _Anything(dict[tuple[str, str], tuple[str, ...] | DnsStatus]):
    """Knows the given record at every name, and no other."""

    def __init__(self, record: str) -> None:
        super().__init__()
        self.record = record

    def __missing__(self, key: tuple[str, str]) -> tuple[str, ...] | DnsStatus:
        return (self.record,) if key[1] == "TXT" else NO_DATA


SPF_WORDS = st.sampled_from(
    [
        "ip4:", "ip6:", "a", "mx", "ptr", "exists:", "include:", "redirect=", "exp=", "all", "-", "~", "?", "+", "%",
        "%{", "%{i}", "%{d2r}", "/", "//", "33", "999", ".", "..", ":", "example.net", "192.0.2.0/24", "é",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(SPF_WORDS, max_size=12).map("".join), st.lists(SPF_WORDS).map(" ".join))
)
async def test_no_record_makes_the_evaluation_raise(text: str) -> None:
    questions = Questions(WrittenNetwork(dns=_Anything(f"v=spf1 {text}")), seconds=10)
    found = await evaluate("192.0.2.1", "example.org", questions)
    assert found.result in ("pass", "fail", "softfail", "neutral", "none", "permerror", "temperror")
    assert terms(f"v=spf1 {text}") is not None
    await senders("example.org", ("example.org",), questions)


async def test_all_that_may_send_is_expanded_and_others_ranges_keep_their_name() -> None:
    found = await senders("example.org", ("example.org",), asking(INCLUDES | {
        ("a.example.net", "TXT"): ('"v=spf1 ip4:198.51.100.0/24 include:b.example.net -all"',),
        ("b.example.net", "TXT"): ('"v=spf1 ip4:192.0.2.0/25 ~all"',),
    }))  # fmt: skip
    assert found.complete
    assert {(str(one.networks[0]), one.include) for one in found.found} == {
        ("203.0.113.25/32", ""),
        ("198.51.100.0/24", "a.example.net"),
        ("192.0.2.0/25", "a.example.net"),
    }


async def test_an_include_that_nobody_answers_for_leaves_the_expansion_incomplete() -> None:
    found = await senders("example.org", ("example.org",), asking(INCLUDES | {("a.example.net", "TXT"): UNANSWERED}))
    assert not found.complete


async def test_a_loop_of_includes_ends() -> None:
    dns: Dns = {("example.org", "TXT"): ('"v=spf1 include:example.org ip4:192.0.2.1 -all"',)}
    found = await senders("example.org", ("example.org",), asking(dns))
    assert [str(one.networks[0]) for one in found.found] == ["192.0.2.1/32"]


async def test_where_nobody_answers_the_rest_is_not_asked() -> None:
    class Silent(WrittenNetwork):
        asked = 0

        async def resolve(self, name: str, rdtype: str, *, unchecked: bool = False, confirm: bool = True) -> DnsAnswer:
            type(self).asked += 1
            return await super().resolve("example.org", "TXT")

    questions = Questions(Silent(dns={("example.org", "TXT"): UNANSWERED}), seconds=10)
    for number in range(100):
        assert (await questions.ask(f"{number}.example.org", "A")).status is UNANSWERED
    assert Silent.asked == 20


# --- DKIM -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"v=DKIM1; k=rsa; p={rsa_key(2048)}", ""),
        (f"p={rsa_key(1024)}", ""),
        (f"v=DKIM1; p={rsa_key(1024, PublicFormat.PKCS1)}", ""),
        (f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(32)).decode()}", ""),
        ("v=DKIM1; p=", "the key was revoked"),
        ("v=DKIM1; k=rsa", "no key in the record"),
        ("v=DKIM1; p=MIGf", "the key is not readable"),
        ("v=DKIM1; p=!!!!", "the key is not readable"),
        ("v=DKIM1; k=ed25519; p=AAAA", "the key is not readable"),
        (f"v=DKIM1; h=sha1; p={rsa_key(1024)}", "the key is not for SHA-256"),
        ("v=DKIM2; p=MIGf", "not a DKIM record"),
        (f"v=DKIM1; k=dsa; p={rsa_key(1024)}", "the kind of key is not known"),
    ],
    ids=[
        "2048 bits", "1024 bits, no version", "PKCS#1", "Ed25519", "revoked", "no key", "cut off", "no base64",
        "short Ed25519", "SHA-1 only", "another version", "another kind",
    ],
)  # fmt: skip
def test_whether_a_key_verifies_anything(text: str, fault: str) -> None:
    assert read_key(text).fault == fault


SHORT_RSA_KEY = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMo1yPQtvDEl3vObPLxLP+Fo15CgaILFlv9YIa"
    "+lN/39K5RjLlDB8dsfatwOeNkjo95dxkge80dsEQv8v3Gk66MCAwEAAQ=="
)


def test_a_key_of_512_bits_is_too_short() -> None:
    assert read_key(f"p={SHORT_RSA_KEY}").fault == "the key is too short: 512 bits"


@given(st.text())
def test_no_text_makes_the_key_reader_raise(text: str) -> None:
    read_key(text)
    read_key(f"v=DKIM1; p={text}")


@given(st.binary(max_size=300))
def test_no_octets_make_the_key_reader_raise(octets: bytes) -> None:
    assert read_key(f"p={base64.b64encode(octets).decode()}").fault


# --- DMARC ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "policy"),
    [
        (["v=DMARC1; p=reject"], Policy("reject")),
        (["v=DMARC1;p=Quarantine;adkim=s; aspf=S"], Policy("quarantine", strict_spf=True, strict_dkim=True)),
        (["v=DMARC1; p=nonsense; rua=mailto:a@example.org"], Policy("none")),
        (["v=DMARC1; p=nonsense"], Policy(fault="the record asks for nothing that is known")),
        (["p=reject; v=DMARC1"], Policy(fault="no DMARC record")),
        (["something else"], Policy(fault="no DMARC record")),
        ([], Policy(fault="no DMARC record")),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], Policy(fault="more than one DMARC record")),
    ],
    ids=["plain", "strict", "reports only", "no policy", "version not first", "other text", "nothing", "two"],
)
def test_what_a_policy_asks_for(texts: list[str], policy: Policy) -> None:
    assert read_policy(texts) == policy


def test_the_organisations_record_has_a_policy_for_subdomains() -> None:
    assert read_policy(["v=DMARC1; p=reject; sp=none"], of_organisation=True).request == "none"
    assert read_policy(["v=DMARC1; p=reject"], of_organisation=True).request == "reject"


@pytest.mark.parametrize(
    ("author", "authenticated", "strict", "result"),
    [
        ("example.org", "example.org", True, True),
        ("example.org", "bounces.example.org", False, True),
        ("example.org", "bounces.example.org", True, False),
        ("a.example.co.uk", "b.example.co.uk", False, True),
        ("example.co.uk", "other.co.uk", False, False),
        ("example.org", "notexample.org", False, False),
    ],
)
def test_which_domains_count_as_the_senders_own(author: str, authenticated: str, strict: bool, result: bool) -> None:
    assert aligned(author, authenticated, strict=strict) is result


@given(st.lists(st.text(), max_size=3), st.text(), st.text(), st.booleans())
def test_no_text_makes_the_policy_reader_raise(texts: list[str], one: str, other: str, strict: bool) -> None:
    read_policy(texts)
    read_policy([f"v=DMARC1;{text}" for text in texts], of_organisation=strict)
    aligned(one, other, strict=strict)
