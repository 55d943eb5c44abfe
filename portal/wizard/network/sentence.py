"""One sentence that locates the fault: the diagnosis decides, this finds the words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnostics.domain import Gap, Status, Strength
from diagnostics.probes.network_look import BLOCKED, Place, PortState, ScriptLook, goes_another_way
from diagnostics.probes.responders import Responders
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.causes import ShownCause
from portal.wizard.endpoints import endpoints
from portal.wizard.network.tried import Spot, ends_of, listed, place_words, without_test_point


def headline_of(cause: ShownCause) -> tuple[words.Words, Status]:
    """What is not sure says so at once."""
    sure = cause.strength is Strength.PROVES and not cause.against
    return cause.remedy.headline if sure else f"{cause.remedy.headline} {cause.sureness}", Status.PROBLEM


def sentence_for(file: CaseFile, spots: Sequence[Spot]) -> tuple[words.Words, Status]:
    """Without a cause: nobody is blamed, and fine is only what the diagnosis calls so."""
    if not endpoints(file.vendor):
        return words.GAPS[Gap.NO_RESPONDER], Status.NOT_CHECKED
    if all_down(file, spots):
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
    tried_all = all(spot.all_open and not spot.never_tried(ends_of(file)) for spot in counted)
    if answer.status is Status.FINE and tried_all:
        return _all_open(file, counted), Status.FINE
    return _not_known(file, spots, answer.gap), Status.COULD_NOT_CHECK


def all_down(file: CaseFile, spots: Iterable[Spot]) -> bool:
    """None of our test points answers us, nor anybody else."""
    ours = file.evidence.get(Responders)
    heard = any(one.works for spot in spots for one in spot.ports)
    return ours is not None and not any(one.echoed for one in ours.ports) and not heard


def _all_open(file: CaseFile, spots: Sequence[Spot]) -> words.Words:
    where = get_text_list([str(place_words(file, spot.place)) for spot in spots], _("and"))
    if without_test_point(file):
        return _("Every port that has a test point is open %(where)s.") % {"where": where}
    return _("Every port is open %(where)s.") % {"where": where}


def _not_tried(file: CaseFile, spots: Sequence[Spot]) -> words.Words:
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


def _not_known(file: CaseFile, spots: Sequence[Spot], gap: Gap | None) -> words.Words:
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
        ) % {"ports": listed(unclear)}
    tested = [spot for spot in counted if not spot.untested]
    if not all(spot.all_open for spot in tested):
        return _("What could be tried is open. What could not be tried is in the table.")
    if missing := dict.fromkeys(end for spot in tested for end in spot.never_tried(ends_of(file))):
        return _("What was tried is open. Not tried there: %(ports)s.") % {"ports": _named(file, missing)}
    if untested := [spot for spot in counted if spot.untested]:
        where = get_text_list([str(place_words(file, spot.place)) for spot in untested], _("and"))
        return f"{_all_open(file, tested)} {_('The test could not run %(where)s.') % {'where': where}}"
    if without_test_point(file):
        return _all_open(file, tested)
    if any(goes_another_way(look) for spot in tested for look in spot.looks):
        return _("Every port is open, but this test went another way than the device may.")
    return words.GAPS[gap or Gap.CANNOT_TEST]


def _untested(file: CaseFile, spots: Sequence[Spot]) -> words.Words:
    counted = [spot for spot in spots if spot.counts]
    if all(one.down for spot in counted for one in spot.ports):
        return words.GAPS[Gap.RESPONDER_DOWN]
    if any(spot.place is Place.OFFICE and spot.all_open and not spot.counts for spot in spots):
        where = get_text_list([str(place_words(file, spot.place)) for spot in counted], _("and"))
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
        return listed(sorted(port for ports in by_host.values() for port in ports))
    return ", ".join(f"{host} ({listed(sorted(ports))})" for host, ports in by_host.items())
