"""The watch over all mail together: every minute it adds up what was told, and opens and closes incidents.

What is remembered from minute to minute is in the database, so whoever has the lock goes on where the last one was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from diagnostics.incidents import Hour, Raised, Usual, Watch, bound, explained, learn
from diagnostics.models import Case, Heartbeat, Incident, OutcomeCount, ValueWatch
from diagnostics.services import audit, outcomes
from diagnostics.services.alone import alone_in_this_transaction
from diagnostics.services.audit import Action, Actor
from diagnostics.services.outcomes import Value

LOCK = 0xF1EE7
"""The advisory lock of the one worker that watches."""
HEARTBEAT = "fleet"
"""Names the beginning of the first minute that was not watched yet."""
LEARNED_EVERY = timedelta(hours=1)
LEARNED_FROM = timedelta(days=28)
LOOKED_BACK = timedelta(hours=6)
"""After a longer pause the watch begins anew: what happened meanwhile is counted, but raises no alarm any more."""
SHOWN_FROM = 6
"""With so many cases an incident is shown to customers."""
MOST_COUNTED = 10_000
"""More cases of one incident are not told apart."""
INCIDENTS_KEPT = timedelta(days=365)
MINUTE = timedelta(minutes=1)
OURS = ("all", "sending_ip")
"""Incidents of these are our own side's."""


def watch() -> bool:
    """Look at the minutes that have ended since the last look; False where another worker is at it, or none has."""
    until = timezone.now().replace(second=0, microsecond=0)
    with transaction.atomic():
        if not alone_in_this_transaction(LOCK):
            return False
        since = _watched_until(until)
        if since >= until:
            return False
        outcomes.add_up(since=since, until=until)
        watches = _watches(since, until)
        _see(watches, since, until)
        _write_incidents(watches, until)
        _save(watches)
        Heartbeat.objects.update_or_create(name=HEARTBEAT, defaults={"at": until})
    return True


def standing() -> QuerySet[Incident]:
    """Open incidents that no other one explains, with those that they explain; newest first."""
    return Incident.objects.filter(ended_at=None, part_of=None).prefetch_related("parts").order_by("-began_at", "-pk")


def cases_of(incident: Incident) -> QuerySet[Case]:
    """Cases of the incident's value since it began; for our own side all of them."""
    if incident.value == outcomes.UNKNOWN:
        return Case.objects.none()
    found = Case.objects.filter(created_at__gte=incident.began_at).exclude(api_client__is_test=True)
    if incident.ended_at:
        found = found.filter(created_at__lte=incident.ended_at)
    if incident.dimension in ("provider", "gateway", "article"):
        found = found.filter(**{incident.dimension: _stored(incident.value)})
    return found


def close(incident: Incident, actor: Actor) -> bool:
    """An agent says that it is over, or none; False where it had ended. The value stays quiet until its share is as
    usual again.
    """
    with transaction.atomic():
        still = Incident.objects.filter(pk=incident.pk, ended_at=None)
        closed = still.update(ended_at=timezone.now(), closed_by=actor.name[:150])
        if closed:
            detail: dict[str, str] = {"dimension": incident.dimension, "value": incident.value}
            audit.write(actor, Action.INCIDENT_CLOSED, incident=incident.pk, **detail)
    return bool(closed)


def forget_old() -> None:
    """What the fleet view needs no more."""
    outcomes.forget_old()
    Incident.objects.filter(ended_at__lt=timezone.now() - INCIDENTS_KEPT).delete()


@dataclass(slots=True)
class _Watched:
    """The watch over one value, and when it was told last what is usual."""

    watch: Watch
    learned_at: datetime | None = None
    changed: bool = False


Watches = dict[Value, _Watched]


def _watched_until(until: datetime) -> datetime:
    last = Heartbeat.objects.filter(name=HEARTBEAT).values_list("at", flat=True).first()
    return max(last, until - LOOKED_BACK) if last else until - LOOKED_BACK


def _watches(since: datetime, until: datetime) -> Watches:
    """Every value's watch, those that are due told anew what is usual."""
    watches: Watches = {}
    for row in ValueWatch.objects.all():
        watches[row.dimension, row.value] = _Watched(_read(row.state), row.learned_at)
    fresh = OutcomeCount.objects.filter(minute__gte=since, minute__lt=until)
    for value in fresh.values_list("dimension", "value").distinct():
        watches.setdefault(value, _Watched(Watch()))
    due = [value for value, one in watches.items() if not one.learned_at or one.learned_at <= until - LEARNED_EVERY]
    if due:
        _learn(watches, due, until)
    return watches


def _learn(watches: Watches, due: Iterable[Value], until: datetime) -> None:
    hours = _hours(until)
    number = len(hours)
    for value in due:
        one = watches[value]
        usual = learn(hours.get(value, ()), _hour(until))
        one.watch.relearn(usual, bound(usual, number) if usual else 0.0)
        one.learned_at, one.changed = until, True
        if value not in hours and not one.watch.open:
            del watches[value]
            ValueWatch.objects.filter(dimension=value[0], value=value[1]).delete()


def _hours(until: datetime) -> dict[Value, list[Hour]]:
    """The hours of every value, without those of its incidents."""
    since = until - LEARNED_FROM
    odd: dict[Value, set[int]] = {}
    for one in Incident.objects.filter(Q(ended_at=None) | Q(ended_at__gte=since)):
        last = _hour(one.ended_at or until)
        odd.setdefault((one.dimension, one.value), set()).update(range(_hour(one.began_at), last + 1))
    found: dict[Value, list[Hour]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, [since.replace(minute=0, second=0, microsecond=0), until])
        for dimension, value, at, total, failed in cursor.fetchall():
            if at not in odd.get((dimension, value), ()):
                found.setdefault((dimension, value), []).append(Hour(at, total, failed))
    return found


def _see(watches: Watches, since: datetime, until: datetime) -> None:
    """The minutes of each value in their order; one without mail too, as an incident may end by silence."""
    _close_by_hand(watches)
    fresh = OutcomeCount.objects.filter(minute__gte=since, minute__lt=until).order_by("minute")
    seen: dict[Value, list[tuple[int, int, int]]] = {}
    for one in fresh:
        seen.setdefault((one.dimension, one.value), []).append((_minute(one.minute), one.total, one.failed))
    for value, watched in watches.items():
        minutes = seen.get(value, [])
        for minute, total, failed in minutes:
            watched.watch.see(minute, total, failed)
        if not minutes and (watched.watch.open or watched.watch.muted):
            watched.watch.see(_minute(until - MINUTE), 0, 0)
        watched.changed |= bool(minutes) or watched.watch.open or watched.watch.muted


def _close_by_hand(watches: Watches) -> None:
    known = set(Incident.objects.filter(ended_at=None).values_list("dimension", "value"))
    for value, watched in watches.items():
        if watched.watch.open and value not in known:
            watched.watch.close()


def _write_incidents(watches: Watches, until: datetime) -> None:
    open_now = {(one.dimension, one.value): one for one in Incident.objects.select_for_update().filter(ended_at=None)}
    for value, incident in open_now.items():
        if value not in watches or not watches[value].watch.open:
            incident.ended_at = until
            incident.save(update_fields=("ended_at",))
    raised = {value: one.watch for value, one in watches.items() if one.watch.open}
    for value, watch in raised.items():
        incident = open_now.get(value) or Incident(dimension=value[0], value=value[1], found_at=until)
        incident.began_at = _moment(watch.since)
        incident.usual = watch.usual.share(watch.since // 60) if watch.usual else incident.usual or 0.0
        incident.share, incident.total, incident.failed = watch.share, watch.total, watch.failed
        incident.cases = cases_of(incident)[:MOST_COUNTED].count()
        incident.save()
        open_now[value] = incident
    whole = [Raised(*value, one.total, one.failed, open_now[value].usual) for value, one in raised.items()]
    reasons = explained(whole)
    for value in raised:
        reason = reasons.get(value)
        incident, part_of = open_now[value], open_now[reason] if reason else None
        if incident.part_of_id != (part_of.pk if part_of else None):
            incident.part_of = part_of
            incident.save(update_fields=("part_of",))


def _save(watches: Watches) -> None:
    rows = [
        ValueWatch(dimension=value[0], value=value[1], learned_at=one.learned_at, state=_written(one.watch))
        for value, one in sorted(watches.items())
        if one.changed
    ]
    ValueWatch.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=("dimension", "value"), update_fields=("learned_at", "state")
    )


def _written(watch: Watch) -> dict[str, Any]:
    return {name: value for name, value in asdict(watch).items() if not name.startswith("_")}


def _read(state: Mapping[str, Any]) -> Watch:
    """What another version wrote is left out where this one does not know it."""
    known = {name: value for name, value in state.items() if name in _NAMES}
    usual = known.pop("usual", None)
    for name in ("low_from", "steep_from"):
        if name in known:
            known[name] = tuple(known[name])
    if usual:
        known["usual"] = Usual(tuple(usual["shares"]), tuple(usual["highest"]), usual["a_month"])
    return Watch(**known)


_NAMES = frozenset(name for name in Watch.__slots__ if not name.startswith("_"))


def _stored(value: str) -> str:
    """As cases have it: they leave the provider empty where nobody is known."""
    return "" if value == outcomes.OTHER else value


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600


def _moment(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


_HOURS = """
SELECT dimension, value, (extract(epoch FROM minute)::bigint / 3600)::int AS hour, sum(total)::int, sum(failed)::int
FROM diagnostics_outcomecount WHERE minute >= %s AND minute < %s GROUP BY 1, 2, 3 ORDER BY 3
"""
