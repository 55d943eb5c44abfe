import dns.asyncquery
import dns.asyncresolver
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from diagnostics.lab.behaviours import NameBehaviour
from diagnostics.lab.serve import Lab
from tests.diagnostics.lab.staging import Stage

LONG_TEXTS = tuple(f'"{number:0200}"' for number in range(10))
ZONE = {
    "example.test": {"MX": ("10 mx.example.test.", "20 mx2.example.test."), "TXT": LONG_TEXTS},
    "mx.example.test": {"A": ("198.51.100.7",), "AAAA": ("2001:db8::7",)},
    "deep.below.example.test": {"A": ("198.51.100.8",)},
    "alias.example.test": {"CNAME": ("other.example.test.",)},
    "other.example.test": {"CNAME": ("mx.example.test.",)},
    "outward.example.test": {"CNAME": ("www.example.org.",)},
    "dangling.example.test": {"CNAME": ("nothing.example.test.",)},
    "null.test": {"MX": ("0 .",)},
    "broken.test": NameBehaviour.SERVFAIL,
    "silent.test": NameBehaviour.SILENT,
    "lame.test": NameBehaviour.LAME,
    "bogus.test": NameBehaviour.BOGUS,
    "mail.bogus.test": {"A": ("198.51.100.10",)},
    "fails-at-one.test": NameBehaviour.FAILS_AT_ONE,
    "gone-at-one.test": NameBehaviour.GONE_AT_ONE,
    "borrowed.mail.example.com": {"A": ("198.51.100.9",)},
}


async def ask(
    lab: Lab, name: str, rdtype: str, *, tcp: bool = False, edns: int = -1, unchecked: bool = False, spare: bool = False
) -> dns.message.Message:
    ip, _, port = lab.state["spare_nameserver" if spare else "nameserver"].rpartition(":")
    query = dns.message.make_query(name, rdtype, use_edns=edns)
    query.flags |= dns.flags.CD if unchecked else 0
    exchange = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await exchange(query, ip, timeout=0.5 if spare or "silent" in name else 5, port=int(port))


def told(response: dns.message.Message) -> list[str]:
    return sorted(rdata.to_text() for rrset in response.answer for rdata in rrset)


@pytest.mark.parametrize("tcp", [False, True], ids=["over UDP", "over TCP"])
@pytest.mark.parametrize(
    ("name", "rdtype", "records"),
    [
        ("example.test", "MX", ["10 mx.example.test.", "20 mx2.example.test."]),
        ("MX.Example.TEST", "A", ["198.51.100.7"]),
        ("mx.example.test", "AAAA", ["2001:db8::7"]),
        ("null.test", "MX", ["0 ."]),
        ("alias.example.test", "A", ["198.51.100.7", "mx.example.test.", "other.example.test."]),
        ("outward.example.test", "A", ["www.example.org."]),
        ("borrowed.mail.example.com", "A", ["198.51.100.9"]),
    ],
    ids=["mx", "letter case", "aaaa", "null mx", "alias chain", "alias out of the lab", "borrowed name"],
)
async def test_answers_with_authority(stage: Stage, name: str, rdtype: str, records: list[str], tcp: bool) -> None:
    async with stage(zone=ZONE) as lab:
        response = await ask(lab, name, rdtype, tcp=tcp)
    assert (response.rcode(), told(response)) == (dns.rcode.NOERROR, records)
    assert response.flags & dns.flags.AA


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode"),
    [
        ("mx.example.test", "MX", dns.rcode.NOERROR),
        ("below.example.test", "A", dns.rcode.NOERROR),
        ("nothing.example.test", "A", dns.rcode.NXDOMAIN),
        ("dangling.example.test", "A", dns.rcode.NXDOMAIN),
        ("example2.test", "MX", dns.rcode.NXDOMAIN),
    ],
    ids=["no such record", "name without records", "no such name", "alias to nothing", "no such domain"],
)
async def test_negative_answers_carry_a_start_of_authority(
    stage: Stage, name: str, rdtype: str, rcode: dns.rcode.Rcode
) -> None:
    async with stage(zone=ZONE) as lab:
        response = await ask(lab, name, rdtype)
    assert response.rcode() == rcode
    assert [rrset.rdtype for rrset in response.authority] == [dns.rdatatype.SOA]


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("example.org", dns.rcode.REFUSED),
        ("mail.example.com", dns.rcode.REFUSED),
        ("broken.test", dns.rcode.SERVFAIL),
        ("mx.broken.test", dns.rcode.SERVFAIL),
    ],
    ids=["foreign name", "beside a borrowed name", "broken", "below a broken name"],
)
async def test_does_not_answer_for_what_it_does_not_know(stage: Stage, name: str, rcode: dns.rcode.Rcode) -> None:
    async with stage(zone=ZONE) as lab:
        response = await ask(lab, name, "A")
    assert (response.rcode(), told(response)) == (rcode, [])


@pytest.mark.parametrize("name", ["silent.test", "mx.silent.test"], ids=["the name", "a name below"])
@pytest.mark.parametrize("tcp", [False, True], ids=["over UDP", "over TCP"])
async def test_silence_is_silence(stage: Stage, name: str, tcp: bool) -> None:
    async with stage(zone=ZONE) as lab:
        with pytest.raises(dns.exception.Timeout):
            await ask(lab, name, "MX", tcp=tcp)


@pytest.mark.parametrize(("name", "reason"), [("lame.test", 22), ("mail.bogus.test", 6)], ids=["lame", "bogus"])
async def test_a_failure_says_why(stage: Stage, name: str, reason: int) -> None:
    async with stage(zone=ZONE) as lab:
        response = await ask(lab, name, "A", edns=0)
    assert response.rcode() == dns.rcode.SERVFAIL
    assert [int(option.code) for option in response.options if isinstance(option, dns.edns.EDEOption)] == [reason]


async def test_what_is_bogus_is_told_to_those_who_do_not_check(stage: Stage) -> None:
    async with stage(zone=ZONE) as lab:
        assert told(await ask(lab, "mail.bogus.test", "A", unchecked=True)) == ["198.51.100.10"]
        assert (await ask(lab, "lame.test", "A", unchecked=True)).rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize(
    ("name", "rcode"),
    [("fails-at-one.test", dns.rcode.SERVFAIL), ("gone-at-one.test", dns.rcode.NXDOMAIN)],
    ids=["fails", "gone"],
)
async def test_the_spare_name_server_keeps_silent_where_only_the_first_has_a_say(
    stage: Stage, name: str, rcode: dns.rcode.Rcode
) -> None:
    async with stage(zone=ZONE) as lab:
        assert (await ask(lab, name, "A")).rcode() == rcode
        assert told(await ask(lab, "mx.example.test", "A", spare=True)) == ["198.51.100.7"]
        with pytest.raises(dns.exception.Timeout):
            await ask(lab, name, "A", spare=True)


@pytest.mark.parametrize(("edns", "largest"), [(-1, 512), (0, 1232)], ids=["plain DNS", "EDNS"])
async def test_a_large_answer_is_truncated_over_udp_and_whole_over_tcp(stage: Stage, edns: int, largest: int) -> None:
    async with stage(zone=ZONE) as lab:
        short = await ask(lab, "example.test", "TXT", edns=edns)
        whole = await ask(lab, "example.test", "TXT", tcp=True, edns=edns)
    assert short.flags & dns.flags.TC
    assert len(short.wire or b"") <= largest
    assert told(whole) == sorted(LONG_TEXTS)


async def test_survives_garbage(stage: Stage) -> None:
    async with stage(zone=ZONE) as lab:
        ip, _, port = lab.state["nameserver"].rpartition(":")
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [ip], int(port)
        with pytest.raises(dns.exception.Timeout):
            await dns.asyncquery.udp(_Garbage(), ip, timeout=0.3, port=int(port))
        assert (await resolver.resolve("mx.example.test", "A"))[0].to_text() == "198.51.100.7"


class _Garbage(dns.message.Message):
    def to_wire(self, *args: object, **kwargs: object) -> bytes:
        return b"\x00\x01garbage"
