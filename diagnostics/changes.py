"""What is different between two runs: answers that came out otherwise, mail hosts, ports, replies, our own side, and
every observation, field by field. What could not be seen is unknown, and never a change to fine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum

from diagnostics.domain import ConnectOutcome, Diagnosis, Evidence, Gap, Seen, SendOutcome, Status, Vantage
from diagnostics.probes.mail_system import MailSystem
from diagnostics.probes.mailbox_behind import MailboxBehind, mailbox_of
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.network_look import BrowserLook, NetworkLook, PortState, ScriptLook, Sightings, state_of
from diagnostics.probes.server_ports import ServerPorts
from diagnostics.probes.test_message import TestMessageReport
from diagnostics.probes.vendor_health import HealthKind, HealthState, VendorHealth

KNOWN = frozenset({Status.FINE, Status.PROBLEM})
"""Only these can change: what could not be checked the last time may have been so already."""


@dataclass(frozen=True, slots=True)
class AnswerChange:
    question: str
    before: Status
    now: Status


@dataclass(frozen=True, slots=True)
class MxChange:
    """Names of mail hosts, in the order of their preference; empty where the domain has none."""

    before: tuple[str, ...]
    now: tuple[str, ...]


def answer_changes(before: Diagnosis, now: Diagnosis) -> tuple[AnswerChange, ...]:
    """Questions that were fine and are a problem now, or the other way round."""
    pairs = ((one, before.answer(one.question)) for one in now.answers)
    return tuple(
        AnswerChange(one.question, earlier.status, one.status)
        for one, earlier in pairs
        if earlier and {earlier.status, one.status} == KNOWN
    )


def mx_change(before: Evidence, now: Evidence) -> MxChange | None:
    """None where the mail hosts are the same, or are not known of both runs."""
    earlier, latest = before.get(MxRecords), now.get(MxRecords)
    if earlier is None or latest is None:
        return None
    names = tuple(host.name for host in earlier.hosts), tuple(host.name for host in latest.hosts)
    return MxChange(*names) if set(names[0]) != set(names[1]) else None


# --- sentences for agents -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MailMove:
    """Mail goes to other hosts, or to another mail system. Systems are slugs of providers, in the way of the mail;
    empty where nobody we know handles it.
    """

    mx: MxChange
    before: tuple[str, ...] = ()
    now: tuple[str, ...] = ()


class Reach(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PortChange:
    """A port that is open, closed or could not be tried now, and was otherwise before. `vantage`: who tried."""

    vantage: Vantage
    host: str
    port: int
    before: Reach
    now: Reach


@dataclass(frozen=True, slots=True)
class ReplyChange:
    """The reply that decided about the test message, in the server's own words; empty where it said none."""

    before: str
    now: str
    before_outcome: SendOutcome
    now_outcome: SendOutcome


@dataclass(frozen=True, slots=True)
class HealthChange:
    """Something of our own side that is in another state."""

    kind: HealthKind
    subject: str
    before: HealthState
    now: HealthState


def all_answer_changes(before: Diagnosis, now: Diagnosis) -> tuple[AnswerChange, ...]:
    """Every question that came out otherwise, also where it is unknown in one of the two."""
    pairs = ((one, before.answer(one.question)) for one in now.answers)
    return tuple(
        AnswerChange(one.question, earlier.status, one.status)
        for one, earlier in pairs
        if earlier and earlier.status is not one.status
    )


def mail_move(before: Evidence, now: Evidence) -> MailMove | None:
    """None where the mail hosts are the same, or are not known of both runs."""
    mx = mx_change(before, now)
    return MailMove(mx, _mail_systems(before), _mail_systems(now)) if mx else None


def port_changes(before: Evidence, now: Evidence) -> tuple[PortChange, ...]:
    """Ports that both runs tell of, in their order; the newest look of each vantage counts."""
    earlier = dict(_ports(before))
    return tuple(
        PortChange(vantage, host, port, earlier[vantage, host, port], reach)
        for (vantage, host, port), reach in _ports(now)
        if earlier.get((vantage, host, port), reach) is not reach
    )


def reply_change(before: Evidence, now: Evidence) -> ReplyChange | None:
    """None where the test message was decided about in the same words, or was not sent in both runs."""
    earlier, latest = before.get(TestMessageReport), now.get(TestMessageReport)
    if earlier is None or latest is None:
        return None
    texts = [" ".join(str(one.transmission.decisive or "").split()) for one in (earlier, latest)]
    change = ReplyChange(texts[0], texts[1], earlier.transmission.outcome, latest.transmission.outcome)
    same = (change.before, change.before_outcome) == (change.now, change.now_outcome)
    return None if same else change


def health_changes(before: Evidence, now: Evidence) -> tuple[HealthChange, ...]:
    """Things of our own side that both looks tell of and that are in another state now."""
    earlier, latest = before.get(VendorHealth), now.get(VendorHealth)
    if earlier is None or latest is None:
        return ()
    states = {(item.kind, item.subject): item.state for item in earlier.items}
    return tuple(
        HealthChange(item.kind, item.subject, states[item.kind, item.subject], item.state)
        for item in latest.items
        if states.get((item.kind, item.subject), item.state) is not item.state
    )


def _mail_systems(evidence: Evidence) -> tuple[str, ...]:
    system = evidence.get(MailSystem)
    named = (system.gateway if system else "", mailbox_of(system, evidence.get(MailboxBehind)))
    return tuple(dict.fromkeys(slug for slug in named if slug))


def _ports(evidence: Evidence) -> Iterator[tuple[tuple[Vantage, str, int], Reach]]:
    ports = evidence.get(ServerPorts)
    for one in ports.connections if ports else ():
        yield (Vantage.SERVER, one.host, one.port), _reach(one.outcome)
    talked = evidence.get(MxConversations)
    for conversation in talked.conversations if talked else ():
        yield (Vantage.SERVER, conversation.host, 25), _reach(conversation.outcome)
    sightings = evidence.all(Sightings)
    looks: tuple[tuple[Vantage, NetworkLook | None], ...] = (
        (Vantage.BROWSER, evidence.get(BrowserLook)),
        (Vantage.SCRIPT, evidence.get(ScriptLook)),
    )
    for vantage, look in looks:
        if look is None:
            continue
        for port in look.ports:
            yield (vantage, port.host, port.port), _PORT_STATES.get(state_of(look, port, sightings), Reach.CLOSED)


def _reach(outcome: ConnectOutcome) -> Reach:
    if outcome is ConnectOutcome.OPEN:
        return Reach.OPEN
    return Reach.UNKNOWN if outcome in _UNTRIED else Reach.CLOSED


_UNTRIED = (ConnectOutcome.DNS_UNANSWERED, ConnectOutcome.NOT_PUBLIC)
_PORT_STATES = {
    PortState.OPEN: Reach.OPEN,
    PortState.CANNOT_TEST: Reach.UNKNOWN,
    PortState.FLAKY: Reach.UNKNOWN,
}
"""What is not listed is closed."""


# --- every observation, field by field ------------------------------------------------------------------------------

VOLATILE = frozenset(
    {
        "elapsed_ms",
        "ms",
        "asked_at",
        "sent_at",
        "first_sent_at",
        "next_try_at",
        "service_id",
        "nonce",
        "skew_ms",
        "skew_within_ms",
    }
)
"""Fields that are another every time, and mean nothing by it: durations, moments, names of one try."""
ORDERED = frozenset({"replies", "earlier", "tries", "received"})
"""Fields whose order is what happened; in all others the order means nothing."""
IDENTITIES = ("kind", "service", "subject", "host", "name", "port", "rdtype", "provider", "domain")
"""Fields that say which thing a record is about, so that it can be found again in the other run."""


class Known(StrEnum):
    """What a run knows by an observation."""

    SEEN = "seen"
    UNKNOWN = "unknown"
    """It was looked for and could not be seen."""
    DOES_NOT_APPLY = "does_not_apply"
    ABSENT = "absent"
    """Nobody looked, or reported it."""
    UNREADABLE = "unreadable"
    """Another version wrote it; its raw data is compared."""


@dataclass(frozen=True, slots=True)
class Record:
    """One stored observation: as it is read (`seen`), and as it is stored (`raw`)."""

    kind: str
    seen: Seen
    raw: Mapping[str, object] | None = None

    @property
    def known(self) -> Known:
        if self.seen.observation is not None:
            return Known.SEEN
        if self.seen.gap is Gap.OUTDATED:
            return Known.UNREADABLE
        return Known.UNKNOWN if self.seen.applies else Known.DOES_NOT_APPLY


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field. `path` leads to it; of a list whose order means nothing, what was taken out and what came in."""

    path: tuple[str, ...]
    before: object = None
    now: object = None


@dataclass(frozen=True, slots=True)
class ObservationChange:
    """One kind of observation that differs: what is known of it in each run, why not, and its fields where it is seen
    (or raw) in both.
    """

    kind: str
    before: Known
    now: Known
    fields: tuple[FieldChange, ...] = ()
    before_gap: Gap | None = None
    now_gap: Gap | None = None


def observation_changes(before: Iterable[Record], now: Iterable[Record]) -> tuple[ObservationChange, ...]:
    """Every kind of observation that differs, by name. Of several of one kind in a run the last counts."""
    earlier, latest = ({one.kind: one for one in records} for records in (before, now))
    pairs = ((kind, earlier.get(kind), latest.get(kind)) for kind in sorted({*earlier, *latest}))
    changes = (_observation_change(kind, one, other) for kind, one, other in pairs)
    return tuple(change for change in changes if change)


def field_changes(before: object, now: object, path: tuple[str, ...] = ()) -> Iterator[FieldChange]:
    """How two values of one type differ: records and mappings by field, lists as sets unless their order counts."""
    if is_dataclass(before) and type(before) is type(now):
        for one in fields(before):
            if one.name not in VOLATILE:
                yield from field_changes(getattr(before, one.name), getattr(now, one.name), (*path, one.name))
    elif isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys((*before, *now)):
            if name not in VOLATILE:
                yield from field_changes(before.get(name), now.get(name), (*path, str(name)))
    elif isinstance(before, tuple | list) and isinstance(now, tuple | list):
        yield from _list_changes(before, now, path)
    elif before != now:
        yield FieldChange(path, before, now)


def _observation_change(kind: str, before: Record | None, now: Record | None) -> ObservationChange | None:
    known = before.known if before else Known.ABSENT, now.known if now else Known.ABSENT
    gaps = before.seen.gap if before else None, now.seen.gap if now else None
    found: tuple[FieldChange, ...] = ()
    if before and now and Known.UNREADABLE in known:
        found = tuple(field_changes(before.raw, now.raw))
    elif before and now and known == (Known.SEEN, Known.SEEN):
        found = tuple(field_changes(before.seen.observation, now.seen.observation))
    if not found and known[0] is known[1] and gaps[0] is gaps[1]:
        return None
    return ObservationChange(kind, *known, found, *gaps)


def _list_changes(before: Sequence[object], now: Sequence[object], path: tuple[str, ...]) -> Iterator[FieldChange]:
    if path and path[-1] in ORDERED:
        if [_essence(one) for one in before] != [_essence(one) for one in now]:
            yield FieldChange(path, tuple(before), tuple(now))
        return
    earlier, latest = _by_identity(before), _by_identity(now)
    if earlier is None or latest is None:
        gone, come = _less(before, now), _less(now, before)
        if gone or come:
            yield FieldChange(path, gone, come)
        return
    for identity in dict.fromkeys((*earlier, *latest)):
        label = (*path, " ".join(identity))
        if identity in earlier and identity in latest:
            yield from field_changes(earlier[identity], latest[identity], label)
        else:
            yield FieldChange(label, earlier.get(identity), latest.get(identity))


def _by_identity(values: Sequence[object]) -> dict[tuple[str, ...], object] | None:
    """The records by what they are about; None where one is about nothing that can be named, or two about the same."""
    found = {_identity(one): one for one in values}
    return found if len(found) == len(values) and () not in found else None


def _identity(value: object) -> tuple[str, ...]:
    if is_dataclass(value):
        return tuple(str(getattr(value, name)) for name in IDENTITIES if hasattr(value, name))
    if isinstance(value, Mapping):
        return tuple(str(value[name]) for name in IDENTITIES if name in value)
    return ()


def _less(some: Sequence[object], others: Sequence[object]) -> tuple[object, ...]:
    """Those of `some` that `others` have not, as often as they have them not."""
    left = Counter(_essence(one) for one in others)
    kept = []
    for one in some:
        essence = _essence(one)
        if left[essence]:
            left[essence] -= 1
        else:
            kept.append(one)
    return tuple(kept)


def _essence(value: object) -> Hashable:
    """What is compared of a value: without what is volatile, and without the order where it means nothing."""
    if is_dataclass(value):
        named = ((one.name, getattr(value, one.name)) for one in fields(value))
        return type(value).__name__, tuple(_named(name, part) for name, part in named if name not in VOLATILE)
    if isinstance(value, Mapping):
        return tuple(_named(str(name), value[name]) for name in sorted(value, key=str) if name not in VOLATILE)
    if isinstance(value, tuple | list):
        return frozenset(Counter(_essence(one) for one in value).items())
    return type(value).__name__, str(value)


def _named(name: str, value: object) -> Hashable:
    if name in ORDERED and isinstance(value, tuple | list):
        return name, tuple(_essence(one) for one in value)
    return name, _essence(value)
