"""The table: a row for each place, a column for each port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from diagnostics.domain import ConnectOutcome, Status, Vantage
from diagnostics.probes.network_look import How, NetworkLook, PortState, ScriptLook
from diagnostics.probes.responders import ResponderPort, Responders
from diagnostics.probes.server_ports import ServerPorts
from portal.wizard import words
from portal.wizard.casefile import CaseFile
from portal.wizard.network.tried import Tried, TriedPort, is_our_certificate, is_read_along, place_words, was_reached


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


def rows_for(file: CaseFile, tried: Iterable[Tried], ports: Sequence[int]) -> Iterator[Row]:
    """Our own side first, then every place."""
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
        title = words.LOOKED_FROM[_vantage(one.look)] % {"place": place_words(file, one.look.place)}
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


def _result(file: CaseFile, told: TriedPort) -> Result:
    if told.down:
        return Result(Status.COULD_NOT_CHECK, _("Our test point is down"))
    if told.state is PortState.ANSWERED_BY_OTHER and is_our_certificate(file, told):
        return Result(Status.COULD_NOT_CHECK, _("Could not tell"), (_("our own certificate was not accepted"),))
    if told.state is PortState.ANSWERED_BY_OTHER and was_reached(file, told):
        return Result(Status.COULD_NOT_CHECK, _("Could not tell"), (_("our answer could not be read"),))
    return Result(words.PORT_STATUSES[told.state], words.PORT_STATES[told.state], tuple(_notes(file, told)))


def _notes(file: CaseFile, told: TriedPort) -> Iterator[words.Words]:
    """Why, as exactly as it was seen."""
    port = told.port
    if told.state is PortState.OPEN:
        if port.via:
            yield _("through a proxy: %(name)s") % {"name": file.shown(port.via)}
        if is_read_along(file, told):
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


def _vantage(look: NetworkLook) -> Vantage:
    return Vantage.SCRIPT if isinstance(look, ScriptLook) else Vantage.BROWSER
