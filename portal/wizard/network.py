"""Ports side by side: our hosts and test points as our server sees them, and every place that the customer tried."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnostics.domain import ConnectOutcome, Gap, Seen, Status, Strength, Vantage
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
    goes_another_way,
    seen_of,
    state_of,
)
from diagnostics.probes.responders import ResponderPort, Responders
from diagnostics.probes.server_ports import ServerPorts
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.causes import ShownCause, causes
from portal.wizard.endpoints import endpoints

MOST_SKEW = timedelta(minutes=2)
"""A clock that is wrong by more breaks encrypted connections and codes."""
TOLD_IN_HOURS = timedelta(hours=2)
AWAITED = timedelta(seconds=30)
"""How long after a test our responders may still hand over what they saw."""
LOOKED_AGAIN = timedelta(seconds=12)
"""How long our server may take to look at our test points once more."""

UP_OR_UNKNOWN = frozenset({ConnectOutcome.OPEN, ConnectOutcome.DNS_UNANSWERED, ConnectOutcome.NOT_PUBLIC})


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
class _Port:
    """One port of one host as one look saw it. `down`: our own test point is, so it says nothing about the customer."""

    look: NetworkLook
    port: PortLook
    state: PortState
    down: bool = False
    aside: words.Words = ""
    """Another look of the same place saw it otherwise."""

    @property
    def end(self) -> tuple[str, int]:
        return self.port.host, self.port.port

    @property
    def telling(self) -> bool:
        return self.state is not PortState.CANNOT_TEST and not self.down

    @property
    def works(self) -> bool:
        """Our answer came, if only once."""
        return self.port.echoed or self.state is PortState.OPEN


@dataclass(frozen=True, slots=True)
class _Tried:
    """A look with what each of its ports came to."""

    look: NetworkLook
    at: datetime
    ports: tuple[_Port, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    """What all looks of one place tell of each port together. `counts`: by it the diagnosis answers."""

    place: Place
    looks: tuple[NetworkLook, ...]
    ports: tuple[_Port, ...]
    counts: bool

    def of_state(self, *states: PortState) -> tuple[int, ...]:
        return _numbers(one for one in self.ports if one.state in states and not one.down)

    @property
    def untested(self) -> bool:
        """Nothing at all could be tried."""
        return not any(one.telling for one in self.ports)

    @property
    def all_open(self) -> bool:
        return all(one.state is PortState.OPEN for one in self.ports)

    def never_tried(self, ends: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
        tried = {one.end for one in self.ports if one.port.tries}
        return tuple(end for end in ends if end not in tried)


def picture(file: CaseFile) -> Picture:
    """All that is known of the ports, the newest look of every place and tool."""
    tried = _tried(file)
    ports = _ports(file, tried)
    cause = next((one for one in causes(file) if one.tag.startswith(("network.", "ports."))), None)
    blamed = _blamed(file)
    spots = _spots(tried, blamed)
    sentence, status = _headline(cause) if cause else _sentence(file, spots)
    return Picture(
        sentence=sentence,
        status=status,
        ports=ports,
        rows=tuple(_rows(file, tried, ports)),
        lines=tuple(dict.fromkeys(map(str, _lines(file, tried, spots, blamed, cause)))),
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
    found = (_Port(look, port, state_of(look, port, sightings)) for port in look.ports)
    return _Tried(
        look,
        at,
        tuple(replace(one, down=not one.works and ours is not None and not ours.up(*one.end)) for one in found),
    )


def _awaits(one: _Tried, now: datetime) -> bool:
    """Something may still be told of it.

    Our server looks at our test points again; or the page heard our refusal, and our responder has not said so yet.
    """
    heard = any(told.port.turn is Turn.REACHED and told.state is not PortState.OPEN for told in one.ports)
    closed = any(told.state is not PortState.OPEN for told in one.ports)
    longest = AWAITED if heard else LOOKED_AGAIN if closed else timedelta(0)
    return timedelta(0) <= now - one.at < longest


# --- what the looks of one place tell together ----------------------------------------------------------------------


def _blamed(file: CaseFile) -> frozenset[int]:
    """The ports of which the diagnosis says what in the customer's network stops them."""
    ranked = file.diagnosis.causes if file.diagnosis else ()
    named = [one.facts.get("ports", "") for one in ranked if one.cause.startswith("network.")]
    return frozenset(int(port) for ports in named for port in ports.split(", ") if port.isdecimal())


def _spots(tried: Sequence[_Tried], blamed: Collection[int]) -> list[_Spot]:
    """The device's own places count, else the office."""
    places = list(dict.fromkeys(one.look.place for one in tried))
    counting = [place for place in places if place.of_the_device] or [one for one in places if one.of_the_company]
    spots = []
    for place in places:
        there = sorted((one for one in tried if one.look.place is place), key=lambda one: one.at, reverse=True)
        by_end: dict[tuple[str, int], list[_Port]] = {}
        for told in (told for one in there for told in one.ports):
            by_end.setdefault(told.end, []).append(told)
        ports = tuple(_together(found, blamed=end[1] in blamed) for end, found in by_end.items())
        spots.append(_Spot(place, tuple(one.look for one in there), ports, place in counting))
    return spots


def _together(found: Sequence[_Port], *, blamed: bool) -> _Port:
    """One port by its looks, newest first: the newest says how it is, the script says why.

    What a script got through to is not closed because a browser fails: much besides the network stops a browser.
    """
    telling = [one for one in found if one.telling]
    if not telling:
        return next((one for one in found if one.down), found[0])
    newest, earlier = telling[0], telling[1:]
    blocked = [one for one in telling if one.state in BLOCKED]
    if blamed:
        found = blocked or telling
        return next((one for one in found if isinstance(one.look, ScriptLook)), found[0])
    if newest.state not in BLOCKED:
        return replace(newest, aside=_("An earlier test failed, the newest one worked.") if blocked else "")
    by_script = next((one for one in telling if isinstance(one.look, ScriptLook)), newest)
    if by_script.state is PortState.OPEN:
        return replace(by_script, aside=_("The script got through, the browser did not."))
    if any(one.works for one in earlier):
        return replace(newest, state=PortState.FLAKY)
    return by_script


def _ports(file: CaseFile, tried: Iterable[_Tried]) -> tuple[int, ...]:
    vendor = file.vendor
    return tuple(
        sorted(
            {
                *vendor.ports,
                *(port for host in vendor.hosts for port in (*host.ports, *host.tls_ports)),
                *(one.port for one in endpoints(vendor)),
                *(told.port.port for one in tried for told in one.ports),
            }
        )
    )


# --- the sentence: the diagnosis decides, this finds the words -------------------------------------------------------


def _headline(cause: ShownCause) -> tuple[words.Words, Status]:
    """What is not sure says so at once."""
    sure = cause.strength is Strength.PROVES and not cause.against
    return cause.remedy.headline if sure else f"{cause.remedy.headline} {cause.sureness}", Status.PROBLEM


def _sentence(file: CaseFile, spots: Sequence[_Spot]) -> tuple[words.Words, Status]:
    """Without a cause: nobody is blamed, and fine is only what the diagnosis calls so."""
    if not endpoints(file.vendor):
        return words.GAPS[Gap.NO_RESPONDER], Status.NOT_CHECKED
    if _all_down(file, spots):
        return words.GAPS[Gap.RESPONDER_DOWN], Status.COULD_NOT_CHECK if spots else Status.NOT_CHECKED
    if not spots:
        return _("Your own network has not been tried yet."), Status.NOT_CHECKED
    answer = file.diagnosis.answer("network") if file.diagnosis else None
    if answer is None and (file.outdated or file.diagnosis):
        return words.GAPS[Gap.OUTDATED], Status.COULD_NOT_CHECK
    if answer is None or answer.status is Status.CHECKING:
        return words.STATUS_LINES[Status.CHECKING], Status.CHECKING
    counted = [spot for spot in spots if spot.counts]
    at_the_device = any(spot.place.of_the_device for spot in counted)
    if not at_the_device and (not counted or answer.status in (Status.NOT_CHECKED, Status.FINE)):
        return _not_tried(file, spots), Status.NOT_CHECKED
    tried_all = all(spot.all_open and not spot.never_tried(_ends(file)) for spot in counted)
    if answer.status is Status.FINE and tried_all:
        return _all_open(file, counted), Status.FINE
    return _not_known(file, spots, answer.gap), Status.COULD_NOT_CHECK


def _all_down(file: CaseFile, spots: Iterable[_Spot]) -> bool:
    """None of our test points answers us, nor anybody else."""
    ours = file.evidence.get(Responders)
    heard = any(one.works for spot in spots for one in spot.ports)
    return ours is not None and not any(one.echoed for one in ours.ports) and not heard


def _ends(file: CaseFile) -> tuple[tuple[str, int], ...]:
    return tuple((one.host, one.port) for one in endpoints(file.vendor))


def _all_open(file: CaseFile, spots: Sequence[_Spot]) -> words.Words:
    where = get_text_list([str(_place(file, spot.place)) for spot in spots], _("and"))
    if _without_test_point(file):
        return _("Every port that has a test point is open %(where)s.") % {"where": where}
    return _("Every port is open %(where)s.") % {"where": where}


def _not_tried(file: CaseFile, spots: Sequence[_Spot]) -> words.Words:
    """The device's own network was not looked at, and what was looked at says little about it."""
    by_place = {spot.place: spot for spot in spots}
    if office := by_place.get(Place.OFFICE):
        not_tried = (
            _("The clock’s own network was not tried: use the script there, or a phone on its Wi-Fi.")
            if file.article.models
            else _("The network in question was not tried: use the script there, or a phone on its Wi-Fi.")
        )
        return f"{_('The computer’s network lets us through.')} {not_tried}" if office.all_open else not_tried
    if by_place[Place.ELSEWHERE].all_open:
        return _(
            "From outside the company every port is open, so our side works. The company’s own network was not tried."
        )
    return _("The company’s own network was not tried.")


def _not_known(file: CaseFile, spots: Sequence[_Spot], gap: Gap | None) -> words.Words:
    """Why the places that count leave it open."""
    counted = [spot for spot in spots if spot.counts]
    if all(spot.untested for spot in counted):
        return _untested(file, spots)
    if any(spot.of_state(PortState.FLAKY) for spot in counted):
        return f"{words.PORT_STATE_LINES[PortState.FLAKY]} {_('Test again in 5 minutes.')}"
    unclear = sorted({port for spot in counted for port in spot.of_state(*BLOCKED)})
    if unclear:
        return ngettext(
            "We could not tell whether your network lets port %(ports)s through.",
            "We could not tell whether your network lets ports %(ports)s through.",
            len(unclear),
        ) % {"ports": _listed(unclear)}
    tested = [spot for spot in counted if not spot.untested]
    if not all(spot.all_open for spot in tested):
        return _("What could be tried is open. What could not be tried is in the table.")
    if missing := dict.fromkeys(end for spot in tested for end in spot.never_tried(_ends(file))):
        return _("What was tried is open. Not tried there: %(ports)s.") % {"ports": _named(file, missing)}
    if untested := [spot for spot in counted if spot.untested]:
        where = get_text_list([str(_place(file, spot.place)) for spot in untested], _("and"))
        return f"{_all_open(file, tested)} {_('The test could not run %(where)s.') % {'where': where}}"
    if _without_test_point(file):
        return _all_open(file, tested)
    if any(goes_another_way(look) for spot in tested for look in spot.looks):
        return _("Every port is open, but this test went another way than the device may.")
    return words.GAPS[gap or Gap.CANNOT_TEST]


def _untested(file: CaseFile, spots: Sequence[_Spot]) -> words.Words:
    counted = [spot for spot in spots if spot.counts]
    if all(one.down for spot in counted for one in spot.ports):
        return words.GAPS[Gap.RESPONDER_DOWN]
    if any(spot.place is Place.OFFICE and spot.all_open and not spot.counts for spot in spots):
        where = get_text_list([str(_place(file, spot.place)) for spot in counted], _("and"))
        return _("The computer’s network lets us through. The test could not run %(where)s: use the script there.") % {
            "where": where
        }
    if any(isinstance(look, ScriptLook) for spot in counted for look in spot.looks):
        return words.GAPS[Gap.CANNOT_TEST]
    return _("This browser could not run the test. Use the script, or test from another network.")


def _named(file: CaseFile, ends: Iterable[tuple[str, int]]) -> str:
    """Ports, with their hosts where there are several."""
    by_host: dict[str, list[int]] = {}
    for host, port in ends:
        by_host.setdefault(host, []).append(port)
    if len(file.vendor.responders) == 1:
        return _listed(sorted(port for ports in by_host.values() for port in ports))
    return ", ".join(f"{host} ({_listed(sorted(ports))})" for host, ports in by_host.items())


# --- what else follows ----------------------------------------------------------------------------------------------


def _lines(
    file: CaseFile,
    tried: Sequence[_Tried],
    spots: Sequence[_Spot],
    blamed: Collection[int],
    cause: ShownCause | None,
) -> Iterator[words.Words]:
    for spot in () if _all_down(file, spots) else spots:
        yield from _told_of(file, spot, blamed)
    yield from _beyond_a_page(spots, cause)
    if spots and (without := _without_test_point(file)):
        yield ngettext(
            "Port %(ports)s has no test point, so nobody tried it.",
            "Ports %(ports)s have no test point, so nobody tried them.",
            len(without),
        ) % {"ports": _listed(without)}
    yield from _egress(file, tried)
    for one in tried:
        yield from _other_way(file, one.look)
        yield from _wrong_clock(one.look)


def _without_test_point(file: CaseFile) -> tuple[int, ...]:
    return tuple(sorted(set(file.vendor.ports) - {port for _host, port in _ends(file)}))


def _told_of(file: CaseFile, spot: _Spot, blamed: Collection[int]) -> Iterator[words.Words]:
    """What everything that is not open means, ports with the same meaning together."""
    states = list(words.PORT_STATE_LINES)
    meant: dict[str, set[int]] = {}
    for one in sorted(spot.ports, key=lambda one: states.index(one.state)):
        is_blamed = one.port.port in blamed
        decides = spot.counts or (is_blamed and spot.place.of_the_company)
        meaning = _meaning(file, one, blamed=is_blamed) if decides else _aside(file, one)
        if meaning:
            meant.setdefault(str(meaning), set()).add(one.port.port)
    for meaning, ports in meant.items():
        told = ngettext("Port %(ports)s, %(place)s:", "Ports %(ports)s, %(place)s:", len(ports))
        yield f"{told % {'ports': _listed(sorted(ports)), 'place': _place(file, spot.place)}} {meaning}"


def _meaning(file: CaseFile, one: _Port, *, blamed: bool) -> words.Words:
    if one.state is PortState.OPEN:
        return _("Our answer came, but under somebody else’s certificate.") if _is_read_along(file, one) else one.aside
    if one.down:
        return _("Our own test point does not answer, so this says nothing about your firewall.")
    if one.state is PortState.CANNOT_TEST and isinstance(one.look, ScriptLook):
        return _("The script could not run the test.")
    if one.state not in BLOCKED:
        return words.PORT_STATE_LINES[one.state]
    if one.port.port in _shut_at_the_product(file):
        return _("Not reached, but our own server does not answer at that port either. Test again once it does.")
    if one.port.hows == {How.DNS_SILENT}:
        return _("DNS there did not answer in time.")
    if one.port.hows <= {How.NO_NAME, How.DNS_SILENT}:
        return _("DNS there did not say where our test point is.")
    if _is_our_certificate(file, one):
        return _("Our own certificate was not accepted. The clock there may be wrong, or the fault is ours.")
    if blamed and How.CERTIFICATE in one.port.hows and one.port.issuer:
        return _("Somebody else’s certificate was shown in place of ours.")
    if _was_reached(file, one):
        return _("Our test point was reached, but its answer could not be read there.")
    return words.PORT_STATE_LINES[one.state] if blamed else f"{words.PORT_STATES[one.state]}."


def _aside(file: CaseFile, one: _Port) -> words.Words:
    """Of a place by which nothing is decided: what is closed there may well be open where the device is."""
    if one.down or one.state not in BLOCKED | {PortState.FLAKY}:
        return _meaning(file, one, blamed=False)
    seen = words.PORT_STATE_LINES[one.state] if one.state is PortState.FLAKY else _("Not reached.")
    return f"{seen} {_says_nothing(file, one.look.place)}"


def _says_nothing(file: CaseFile, place: Place) -> words.Words:
    if place is Place.ELSEWHERE:
        return _("That says nothing about the company’s own network.")
    if file.article.models:
        return _("That says nothing about the clock’s own network.")
    return _("That says nothing about the network in question.")


def _shut_at_the_product(file: CaseFile) -> frozenset[int]:
    """Ports that no host of the product's answers at."""
    ports = file.evidence.get(ServerPorts)
    seen = ports.connections if ports else ()
    up = {one.port for one in seen if one.outcome in UP_OR_UNKNOWN}
    return frozenset({one.port for one in seen} - up)


def _is_read_along(file: CaseFile, one: _Port) -> bool:
    """Our answer came under somebody else's certificate, which the script's computer trusts and a device will not."""
    known = isinstance(one.look, ScriptLook) and one.port.echoed and one.port.issuer and _vouching(file)
    return bool(known) and not _is_ours(file, one.port.issuer)


def _is_ours(file: CaseFile, issuer: str) -> bool:
    """Whether who signed that certificate vouches for our own hosts as well."""
    ports = file.evidence.get(ServerPorts)
    known = (*_vouching(file), *(one.tls_issuer for one in (ports.connections if ports else ())))
    return any(one.casefold() in issuer.casefold() for one in known if one)


def _vouching(file: CaseFile) -> tuple[str, ...]:
    """Who signed our test points' certificates, as our server sees them."""
    points = file.evidence.get(Responders)
    return tuple(one.issuer for one in points.ports if one.echoed and one.issuer) if points else ()


def _is_our_certificate(file: CaseFile, one: _Port) -> bool:
    return How.CERTIFICATE in one.port.hows and _is_ours(file, one.port.issuer)


def _was_reached(file: CaseFile, one: _Port) -> bool:
    """The page heard our responder, or that one saw this very test: no other try of that name could be meant."""
    if one.port.turn is Turn.REACHED:
        return True
    looks = (*file.evidence.all(BrowserLook), *file.evidence.all(ScriptLook))
    tries = [port for look in looks if look.nonce == one.look.nonce for port in look.ports]
    alone = sum(port.port == one.port.port for port in tries) == 1
    return alone and any(seen.port == one.port.port for seen in seen_of(one.look, file.evidence.all(Sightings)))


def _beyond_a_page(spots: Iterable[_Spot], cause: ShownCause | None) -> Iterator[words.Words]:
    """What is open to a page need not be open to a device."""
    if cause and cause.strength is Strength.PROVES:
        return
    opened = [spot for spot in spots if spot.counts and spot.of_state(PortState.OPEN)]
    if any(all(isinstance(look, BrowserLook) for look in spot.looks) for spot in opened):
        yield _(
            "A page cannot see a proxy, or TLS inspection that this computer trusts; the script can. Neither sees a "
            "sign-in page that was already passed."
        )


def _egress(file: CaseFile, tried: Sequence[_Tried]) -> Iterator[words.Words]:
    """The addresses that the company's network shows to the world; what took another way shows somebody else's."""
    looks = [one.look for one in tried if one.look.place.of_the_company and not goes_another_way(one.look)]
    sources = {source for look in looks for source in look.sources}
    if sources:
        by_family = sorted(sources, key=lambda one: (":" in one, one))
        listed = [f"{file.shown(one)} ({'IPv6' if ':' in one else 'IPv4'})" for one in by_family]
        yield _("Your network reaches us from %(addresses)s. Your IT must allow connections from there.") % {
            "addresses": get_text_list(listed, _("and"))
        }


def _other_way(file: CaseFile, look: NetworkLook) -> Iterator[words.Words]:
    """Where responders saw another address than the portal did: the way of a page is not the way of a device."""
    if not goes_another_way(look):
        return
    yield _(
        "This site saw the browser at %(portal)s, the test point saw it at %(point)s. A VPN, a private relay, a cloud "
        "proxy or one of several ways out leads its connections another way, so the device’s way may differ."
    ) % {"portal": file.shown(look.source), "point": file.shown(", ".join(look.sources))}


def _wrong_clock(look: NetworkLook) -> Iterator[words.Words]:
    if look.skew_ms is None:
        return
    skew = timedelta(milliseconds=abs(look.skew_ms))
    if skew - timedelta(milliseconds=look.skew_within_ms) <= MOST_SKEW:
        return
    if skew >= TOLD_IN_HOURS:
        hours = round(skew / timedelta(hours=1))
        wrong = ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    else:
        minutes = round(skew / timedelta(minutes=1))
        wrong = ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    told = (
        _("The clock of that computer is %(wrong)s fast. Set it right: it can break connections and codes.")
        if look.skew_ms > 0
        else _("The clock of that computer is %(wrong)s slow. Set it right: it can break connections and codes.")
    )
    yield told % {"wrong": wrong}


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
        results = [(told.port.port, told.port.host, _result(file, told)) for told in one.ports]
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


def _result(file: CaseFile, told: _Port) -> Result:
    if told.down:
        return Result(Status.COULD_NOT_CHECK, _("Our test point is down"))
    if told.state is PortState.ANSWERED_BY_OTHER and _is_our_certificate(file, told):
        return Result(Status.COULD_NOT_CHECK, _("Could not tell"), (_("our own certificate was not accepted"),))
    if told.state is PortState.ANSWERED_BY_OTHER and _was_reached(file, told):
        return Result(Status.COULD_NOT_CHECK, _("Could not tell"), (_("our answer could not be read"),))
    return Result(words.PORT_STATUSES[told.state], words.PORT_STATES[told.state], tuple(_notes(file, told)))


def _notes(file: CaseFile, told: _Port) -> Iterator[words.Words]:
    """Why, as exactly as it was seen."""
    port = told.port
    if told.state is PortState.OPEN:
        if port.via:
            yield _("through a proxy: %(name)s") % {"name": file.shown(port.via)}
        if _is_read_along(file, told):
            yield _("under a certificate of %(issuer)s") % {"issuer": file.shown(port.issuer)}
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


def _numbers(ports: Iterable[_Port]) -> tuple[int, ...]:
    return tuple(sorted({one.port.port for one in ports}))


def _listed(ports: Iterable[int]) -> str:
    return ", ".join(map(str, ports))
