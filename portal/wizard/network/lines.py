"""What else follows from what was seen, a line each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnostics.domain import Strength
from diagnostics.probes.network_look import (
    BLOCKED,
    BrowserLook,
    How,
    NetworkLook,
    Place,
    PortState,
    ScriptLook,
    goes_another_way,
)
from diagnostics.probes.server_ports import ServerPorts
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.causes import ShownCause
from portal.wizard.network.sentence import all_down
from portal.wizard.network.tried import (
    Spot,
    Tried,
    TriedPort,
    is_our_certificate,
    is_read_along,
    listed,
    place_words,
    was_reached,
    without_test_point,
)

MOST_SKEW = timedelta(minutes=2)
"""A clock that is wrong by more breaks encrypted connections and codes."""
TOLD_IN_HOURS = timedelta(hours=2)


def lines_for(
    file: CaseFile,
    tried: Sequence[Tried],
    spots: Sequence[Spot],
    blamed: Collection[int],
    cause: ShownCause | None,
) -> Iterator[words.Words]:
    """What each place's ports mean, and what else the looks show."""
    for spot in () if all_down(file, spots) else spots:
        yield from _told_of(file, spot, blamed)
    yield from _beyond_a_page(spots, cause)
    if spots and (without := without_test_point(file)):
        yield ngettext(
            "Port %(ports)s has no test point, so nobody tried it.",
            "Ports %(ports)s have no test point, so nobody tried them.",
            len(without),
        ) % {"ports": listed(without)}
    yield from _egress(file, tried)
    for one in tried:
        yield from _other_way(file, one.look)
        yield from _wrong_clock(one.look)


def _told_of(file: CaseFile, spot: Spot, blamed: Collection[int]) -> Iterator[words.Words]:
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
        yield f"{told % {'ports': listed(sorted(ports)), 'place': place_words(file, spot.place)}} {meaning}"


def _meaning(file: CaseFile, one: TriedPort, *, blamed: bool) -> words.Words:
    if one.state is PortState.OPEN:
        return _("Our answer came, but under somebody else’s certificate.") if is_read_along(file, one) else one.aside
    if one.down:
        return _("Our own test point does not answer, so this says nothing about your firewall.")
    if one.state is PortState.CANNOT_TEST and isinstance(one.look, ScriptLook):
        return _("The script could not run the test.")
    if one.state not in BLOCKED:
        return words.PORT_STATE_LINES[one.state]
    if (ports := file.evidence.get(ServerPorts)) and one.port.port in ports.shut:
        return _("Not reached, but our own server does not answer at that port either. Test again once it does.")
    if one.port.hows == {How.DNS_SILENT}:
        return _("DNS there did not answer in time.")
    if one.port.hows <= {How.NO_NAME, How.DNS_SILENT}:
        return _("DNS there did not say where our test point is.")
    if is_our_certificate(file, one):
        return _("Our own certificate was not accepted. The clock there may be wrong, or the fault is ours.")
    if blamed and How.CERTIFICATE in one.port.hows and one.port.issuer:
        return _("Somebody else’s certificate was shown in place of ours.")
    if was_reached(file, one):
        return _("Our test point was reached, but its answer could not be read there.")
    return words.PORT_STATE_LINES[one.state] if blamed else f"{words.PORT_STATES[one.state]}."


def _aside(file: CaseFile, one: TriedPort) -> words.Words:
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


def _beyond_a_page(spots: Iterable[Spot], cause: ShownCause | None) -> Iterator[words.Words]:
    """What is open to a page need not be open to a device."""
    if cause and cause.strength is Strength.PROVES:
        return
    opened = [spot for spot in spots if spot.counts and spot.of_state(PortState.OPEN)]
    if any(all(isinstance(look, BrowserLook) for look in spot.looks) for spot in opened):
        yield _(
            "A page cannot see a proxy, or TLS inspection that this computer trusts; the script can. Neither sees a "
            "sign-in page that was already passed."
        )


def _egress(file: CaseFile, tried: Sequence[Tried]) -> Iterator[words.Words]:
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
