"""Ports side by side: our hosts and test points as our server sees them, and every place that the customer tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnostics.domain import ConnectOutcome, Gap, Seen, Status, Vantage
from diagnostics.probes.network_look import (
    BLOCKED,
    BrowserLook,
    How,
    NetworkLook,
    Place,
    PortLook,
    PortState,
    ScriptLook,
    Sightings,
    Turn,
    state_of,
)
from diagnostics.probes.responders import ResponderPort, Responders
from diagnostics.probes.server_ports import ServerPorts
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.causes import causes
from portal.wizard.endpoints import endpoints

MOST_SKEW = timedelta(minutes=2)
"""A clock that is wrong by more breaks encrypted connections and codes."""
AWAITED = timedelta(seconds=30)
"""How long after a test our responders may still hand over what they saw."""


@dataclass(frozen=True, slots=True)
class Result:
    """One port of one host as seen from one place. `host` is empty where all hosts of the cell say the same."""

    status: Status
    word: words.Words
    notes: tuple[words.Words, ...] = ()
    host: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One port as seen from one place; no result where it was not tried."""

    port: int
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One place that was looked from."""

    title: words.Words
    at: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """`sentence` locates the fault, `lines` are what else follows from what was seen.

    `waiting` while our responders may still tell something about the newest test.
    """

    sentence: words.Words
    status: Status
    ports: tuple[int, ...]
    rows: tuple[Row, ...]
    lines: tuple[words.Words, ...]
    waiting: bool

    @property
    def word(self) -> words.Words:
        return words.STATUSES[self.status]


@dataclass(frozen=True, slots=True)
class _Tried:
    """A look with what each of its ports came to; a test point that is down says nothing about the customer."""

    look: NetworkLook
    at: datetime
    ports: tuple[tuple[PortLook, PortState, bool], ...]
    """Each port, its state, and whether our own test point was down."""

    def of_state(self, *states: PortState) -> tuple[int, ...]:
        return tuple(sorted({port.port for port, state, down in self.ports if state in states and not down}))

    @property
    def blocked(self) -> tuple[int, ...]:
        return self.of_state(*BLOCKED)

    @property
    def untested(self) -> bool:
        """Nothing at all could be tried."""
        return all(state is PortState.CANNOT_TEST or down for _port, state, down in self.ports)

    @property
    def all_open(self) -> bool:
        return all(state is PortState.OPEN for _port, state, _down in self.ports)


def picture(file: CaseFile) -> Picture:
    """All that is known of the ports, the newest look of every place and tool."""
    tried = _tried(file)
    ports = _ports(file, tried)
    sentence, status = _sentence(file, tried)
    return Picture(
        sentence=sentence,
        status=status,
        ports=ports,
        rows=tuple(_rows(file, tried, ports)),
        lines=tuple(dict.fromkeys(_lines(file, tried))),
        waiting=any(_awaits(one, file.now) for one in tried),
    )


def _tried(file: CaseFile) -> list[_Tried]:
    """The newest look of every tool and place, the device's own network first."""
    newest: dict[tuple[type[object], Place], Seen] = {}
    for seen in file.evidence:
        if isinstance(seen.observation, BrowserLook | ScriptLook):
            newest[seen.kind, seen.observation.place] = seen
    places = list(Place)
    found = sorted(newest.items(), key=lambda one: (places.index(one[0][1]), one[0][0].__name__))
    return [_judged(file, seen.observation, seen.at) for _, seen in found if isinstance(seen.observation, NetworkLook)]


def _judged(file: CaseFile, look: NetworkLook, at: datetime) -> _Tried:
    sightings = file.evidence.all(Sightings)
    ours = file.evidence.get(Responders)
    states = ((port, state_of(look, port, sightings)) for port in look.ports)
    return _Tried(
        look,
        at,
        tuple(
            (port, state, state is not PortState.OPEN and ours is not None and not ours.up(port.host, port.port))
            for port, state in states
        ),
    )


def _awaits(one: _Tried, now: datetime) -> bool:
    """The page heard our refusal, and our responder has not told yet that it saw the page."""
    heard = any(port.turn is Turn.REACHED and state is not PortState.OPEN for port, state, _down in one.ports)
    return heard and timedelta(0) <= now - one.at < AWAITED


def _ports(file: CaseFile, tried: Iterable[_Tried]) -> tuple[int, ...]:
    vendor = file.vendor
    return tuple(
        sorted(
            {
                *vendor.ports,
                *(port for host in vendor.hosts for port in (*host.ports, *host.tls_ports)),
                *(one.port for one in endpoints(vendor)),
                *(port.port for one in tried for port, _state, _down in one.ports),
            }
        )
    )


# --- the sentence ---------------------------------------------------------------------------------------------------


def _sentence(file: CaseFile, tried: Sequence[_Tried]) -> tuple[words.Words, Status]:
    """Where the fault is, as far as it can be said."""
    about_ports = (one for one in causes(file) if one.tag.startswith(("network.", "ports.")))
    cause = next(about_ports, None)
    if cause:
        return cause.remedy.headline, Status.PROBLEM
    if not endpoints(file.vendor):
        return words.GAPS[Gap.NO_RESPONDER], Status.NOT_CHECKED
    ours = file.evidence.get(Responders)
    if ours and not any(one.echoed for one in ours.ports) and not any(_opened(one) for one in tried):
        return words.GAPS[Gap.RESPONDER_DOWN], Status.COULD_NOT_CHECK
    if not tried:
        return _("Your own network has not been tried yet."), Status.NOT_CHECKED
    return _from_states(file, tried)


def _from_states(file: CaseFile, tried: Sequence[_Tried]) -> tuple[words.Words, Status]:
    tried = _best_informed(tried)
    blocking = [one for one in tried if one.blocked]
    if blocking:
        return " ".join(_blocked_words(file, one) for one in blocking), Status.PROBLEM
    if all(one.untested for one in tried):
        return _cannot_test(tried), Status.COULD_NOT_CHECK
    if any(one.of_state(PortState.FLAKY) for one in tried):
        return words.PORT_STATE_LINES[PortState.FLAKY], Status.COULD_NOT_CHECK
    if not all(one.all_open for one in tried if not one.untested):
        part = _("What could be tried is open. What could not be tried is in the table.")
        return part, Status.COULD_NOT_CHECK
    return _all_open(file, [one for one in tried if not one.untested])


def _best_informed(tried: Sequence[_Tried]) -> list[_Tried]:
    """One for each place: the script knows why, and a browser of the same place only repeats it less exactly."""
    by_script = {one.look.place for one in tried if isinstance(one.look, ScriptLook) and not one.untested}
    return [one for one in tried if isinstance(one.look, ScriptLook) or one.look.place not in by_script]


def _blocked_words(file: CaseFile, one: _Tried) -> str:
    return ngettext(
        "Port %(ports)s does not get through to us %(place)s.",
        "Ports %(ports)s do not get through to us %(place)s.",
        len(one.blocked),
    ) % {"ports": _listed(one.blocked), "place": _place(file, one.look.place)}


def _cannot_test(tried: Sequence[_Tried]) -> words.Words:
    if any(isinstance(one.look, ScriptLook) for one in tried):
        return words.GAPS[Gap.CANNOT_TEST]
    return _("This browser could not run the test. Use the script, or test from another network.")


def _all_open(file: CaseFile, tried: Sequence[_Tried]) -> tuple[words.Words, Status]:
    places = {one.look.place for one in tried}
    of_the_device = [place for place in places if place.of_the_device]
    if of_the_device:
        where = get_text_list(
            [str(_place(file, one)) for one in sorted(of_the_device, key=list(Place).index)], _("and")
        )
        return _("Every port is open %(where)s: nothing in that network blocks us.") % {"where": where}, Status.FINE
    if Place.OFFICE in places:
        return (
            _(
                "The computer’s network lets us through. The clock’s own network was not tried: "
                "use the script there, or a phone on its Wi-Fi."
            )
            if file.article.models
            else _(
                "The computer’s network lets us through. The network in question was not tried: "
                "use the script there, or a phone on its Wi-Fi."
            )
        ), Status.NOT_CHECKED
    return (
        _("From outside the company every port is open, so our side works. The company’s own network was not tried."),
        Status.NOT_CHECKED,
    )


def _opened(one: _Tried) -> bool:
    return any(state is PortState.OPEN for _port, state, _down in one.ports)


# --- what else follows ----------------------------------------------------------------------------------------------


def _lines(file: CaseFile, tried: Sequence[_Tried]) -> Iterator[words.Words]:
    for one in _best_informed(tried):
        yield from _explained(file, one)
    yield from _egress(file, tried)
    for one in tried:
        yield from _other_way(file, one.look)
        yield from _wrong_clock(one.look)


def _explained(file: CaseFile, one: _Tried) -> Iterator[words.Words]:
    """What each state other than open means."""
    place = _place(file, one.look.place)
    for state, line in words.PORT_STATE_LINES.items():
        ports = one.of_state(state)
        if ports and state is not PortState.OPEN:
            told = ngettext("Port %(ports)s, %(place)s:", "Ports %(ports)s, %(place)s:", len(ports))
            yield f"{told % {'ports': _listed(ports), 'place': place}} {line}"
    down = tuple(sorted({port.port for port, _state, is_down in one.ports if is_down}))
    if down:
        yield ngettext(
            "Port %(ports)s: our own test point does not answer there, so this says nothing about your firewall.",
            "Ports %(ports)s: our own test points do not answer there, so this says nothing about your firewall.",
            len(down),
        ) % {"ports": _listed(down)}


def _egress(file: CaseFile, tried: Sequence[_Tried]) -> Iterator[words.Words]:
    """The addresses that the company's network shows to the world."""
    sources = {source for one in tried if one.look.place.of_the_company for source in one.look.sources}
    if sources:
        by_family = sorted(sources, key=lambda one: (":" in one, one))
        listed = [f"{file.shown(one)} ({'IPv6' if ':' in one else 'IPv4'})" for one in by_family]
        yield _("Your network reaches us from %(addresses)s. Your IT must allow connections from there.") % {
            "addresses": get_text_list(listed, _("and"))
        }


def _other_way(file: CaseFile, look: NetworkLook) -> Iterator[words.Words]:
    """Where responders saw another address than the portal did: the way of a page is not the way of a device."""
    if not isinstance(look, BrowserLook) or not _differs(look.source, look.sources):
        return
    yield _(
        "This site saw the browser at %(portal)s, the test point saw it at %(point)s. A VPN, a private relay or a "
        "cloud proxy leads its connections another way, so the device’s way may differ."
    ) % {"portal": file.shown(look.source), "point": file.shown(", ".join(look.sources))}


def _differs(source: str, sources: Iterable[str]) -> bool:
    """Compared within IPv4 or IPv6 only: to have both is ordinary."""
    try:
        network = ip_network(source, strict=False)
    except ValueError:
        return False
    same_family = [address for one in sources if (address := ip_address(one)).version == network.version]
    return bool(same_family) and not any(address in network for address in same_family)


def _wrong_clock(look: NetworkLook) -> Iterator[words.Words]:
    if look.skew_ms is None:
        return
    surely = timedelta(milliseconds=abs(look.skew_ms) - look.skew_within_ms)
    if surely <= MOST_SKEW:
        return
    minutes = round(timedelta(milliseconds=abs(look.skew_ms)) / timedelta(minutes=1))
    told = (
        ngettext(
            "The clock of that computer is %(minutes)d minute fast. Set it right: it can break connections and codes.",
            "The clock of that computer is %(minutes)d minutes fast. Set it right: it can break connections and codes.",
            minutes,
        )
        if look.skew_ms > 0
        else ngettext(
            "The clock of that computer is %(minutes)d minute slow. Set it right: it can break connections and codes.",
            "The clock of that computer is %(minutes)d minutes slow. Set it right: it can break connections and codes.",
            minutes,
        )
    )
    yield told % {"minutes": minutes}


# --- the table ------------------------------------------------------------------------------------------------------


def _rows(file: CaseFile, tried: Iterable[_Tried], ports: Sequence[int]) -> Iterator[Row]:
    hosts = file.evidence.latest(ServerPorts)
    if hosts and isinstance(hosts.observation, ServerPorts):
        seen = hosts.observation
        results = [
            (one.port, one.host, Result(words.OUTCOME_STATUSES[one.outcome], words.OUTCOMES[one.outcome]))
            for one in seen.connections
        ]
        yield _row(file, _("Our servers, seen from ours"), hosts.at, ports, results)
    points = file.evidence.latest(Responders)
    if points and isinstance(points.observation, Responders):
        results = [(one.port, one.host, _test_point(one)) for one in points.observation.ports]
        yield _row(file, _("Our test points, seen from our server"), points.at, ports, results)
    for one in tried:
        title = words.LOOKED_FROM[_vantage(one.look)] % {"place": _place(file, one.look.place)}
        results = [(port.port, port.host, _result(file, port, state, down)) for port, state, down in one.ports]
        yield _row(file, title, one.at, ports, results)


def _row(
    file: CaseFile,
    title: words.Words,
    at: datetime,
    ports: Iterable[int],
    results: Sequence[tuple[int, str, Result]],
) -> Row:
    same_day = localtime(at).date() == localtime(file.now).date()
    time = date_format(localtime(at), "H:i T" if same_day else "Y-m-d H:i T")
    return Row(title, time, tuple(_cell(port, [one for one in results if one[0] == port]) for port in ports))


def _cell(port: int, results: Sequence[tuple[int, str, Result]]) -> Cell:
    """Hosts are named where they differ."""
    said = tuple(dict.fromkeys(result for _port, _host, result in results))
    if len(said) <= 1:
        return Cell(port, said)
    return Cell(port, tuple(Result(one.status, one.word, one.notes, host) for _port, host, one in results))


def _test_point(one: ResponderPort) -> Result:
    if one.echoed:
        return Result(Status.FINE, words.OUTCOMES[ConnectOutcome.OPEN])
    word = words.OUTCOMES[one.outcome] if one.outcome is not ConnectOutcome.OPEN else _("Answers wrongly")
    return Result(Status.COULD_NOT_CHECK, word)


def _result(file: CaseFile, port: PortLook, state: PortState, down: bool) -> Result:
    if down:
        return Result(Status.COULD_NOT_CHECK, _("Our test point is down"))
    return Result(words.PORT_STATUSES[state], words.PORT_STATES[state], tuple(_notes(file, port, state)))


def _notes(file: CaseFile, port: PortLook, state: PortState) -> Iterator[words.Words]:
    """Why, as exactly as it was seen."""
    if state is PortState.OPEN:
        if port.via:
            yield _("through a proxy: %(name)s") % {"name": file.shown(port.via)}
        return
    how = next((one.how for one in port.tries if one.how not in (How.ECHO, How.FAILED, How.SILENT)), None)
    if how is How.CERTIFICATE and port.issuer:
        yield _("certificate of %(issuer)s") % {"issuer": file.shown(port.issuer)}
    elif how:
        yield words.HOWS[how]
    if how in (How.OTHER, How.CERTIFICATE) and port.address:
        yield _("at %(address)s") % {"address": file.shown(port.address)}
    if port.by_proxy is How.ECHO:
        yield _("works through the proxy")


def _place(file: CaseFile, place: Place) -> words.Words:
    return (words.PLACES if file.article.models else words.PLACES_WITHOUT_CLOCK)[place]


def _vantage(look: NetworkLook) -> Vantage:
    return Vantage.SCRIPT if isinstance(look, ScriptLook) else Vantage.BROWSER


def _listed(ports: Iterable[int]) -> str:
    return ", ".join(map(str, ports))
