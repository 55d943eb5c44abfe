"""The fleet page: all cases and all mail together, and what stands out of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from diagnostics.models import Heartbeat, Incident
from diagnostics.services import fleet
from portal.access import actor_of
from portal.console import charts
from portal.console.access import needs
from portal.console.charts import Chart, Series
from portal.console.fleet_figures import DIMENSIONS, SPANS, Figures, Tally, figures
from portal.console.incidents import cases_url, open_incidents, percent, shown, value_name
from portal.console.names import cause_name
from portal.roles import Right

MOST_ROWS = 10
MOST_LINES = 4
MOST_ENDED = 20
BEHIND = timedelta(minutes=5)
"""A watch that is so late does not run."""
SPAN_NAMES: dict[str, str | Promise] = {
    "24h": _lazy("24 hours"),
    "7d": _lazy("7 days"),
    "30d": _lazy("30 days"),
}
HEADINGS: dict[str, str | Promise] = {
    "provider": _lazy("By provider"),
    "gateway": _lazy("By gateway"),
    "sending_ip": _lazy("By sending IP"),
    "article": _lazy("By article"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One value; `share` is empty where no mail's end is known, `url` where the list knows no such filter."""

    name: str
    cases: int
    total: int
    failed: int
    share: str
    url: str


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, and the table with its numbers."""

    chart: Chart
    table: Table


@dataclass(frozen=True, slots=True)
class Part:
    """Everything of one dimension. `more` are values that are left out."""

    slug: str
    heading: str | Promise
    rows: tuple[Row, ...]
    drawings: tuple[Drawing, ...]
    more: int = 0
    has_cases: bool = True


@require_safe
@needs(Right.READ)
def overview(request: HttpRequest) -> HttpResponse:
    """Open incidents, then cases and mail over the span in the address."""
    span = SPANS.get(request.GET.get("span", "24h"), SPANS["24h"])
    found = figures(span)
    everything = found.tally("all", "")
    week = timezone.now() - timedelta(days=7)
    ended = Incident.objects.filter(ended_at__gte=week, part_of=None).prefetch_related("parts").order_by("-began_at")
    context = {
        "incidents": open_incidents(),
        "ended": [shown(one) for one in ended[:MOST_ENDED]],
        "late": _late(),
        "span": span.slug,
        "spans": SPAN_NAMES,
        "span_name": SPAN_NAMES[span.slug],
        "cases": sum(everything.cases),
        "mails": sum(everything.total),
        "failed": sum(everything.failed),
        "share": _share(everything),
        "time": [_cases_over_time(found), _causes_over_time(found)],
        "parts": [_part(found, dimension) for dimension in DIMENSIONS],
    }
    return render(request, "console/fleet.html", context)


@require_POST
@needs(Right.LEAD)
def close_incident(request: HttpRequest, pk: int) -> HttpResponse:
    """End an incident by hand; one that has ended meanwhile is as good."""
    incident = get_object_or_404(Incident, pk=pk)
    name = value_name(incident.dimension, incident.value)
    if fleet.close(incident, actor_of(request)):
        messages.success(
            request, _("Closed: %(name)s. It is watched again once it fails no more than usual.") % {"name": name}
        )
    else:
        messages.info(request, _("That incident has ended already."))
    return redirect("console:fleet")


def _late() -> bool:
    seen = Heartbeat.objects.filter(name=fleet.HEARTBEAT).values_list("at", flat=True).first()
    return seen is None or timezone.now() - seen > BEHIND


def _cases_over_time(found: Figures) -> Drawing:
    values = found.tally("all", "").cases
    names = found.span.names(found.begin)
    highest = max(range(len(values)), key=lambda at: values[at])
    description = _("%(total)d cases, most of them (%(most)d) from %(when)s.") % {
        "total": sum(values),
        "most": values[highest],
        "when": names[highest],
    }
    if not any(values):
        description = _("No cases.")
    chart = charts.columns("cases-over-time", _("Cases over time"), description, found.span.labels(found.begin), values)
    rows = tuple((name, str(value)) for name, value in zip(names, values, strict=True))
    return Drawing(chart, Table((_("From"), _("Cases")), rows))


def _causes_over_time(found: Figures) -> Drawing:
    causes = {tag: tally for tag, tally in found.values.get("cause", {}).items() if tag}
    most = sorted(causes.items(), key=lambda one: -sum(one[1].cases))[:MOST_LINES]
    series = [Series(cause_name(tag), tuple(tally.cases)) for tag, tally in most]
    return _lines(found, "causes-over-time", _("Causes over time"), series, lambda value: f"{value:g}")


def _part(found: Figures, dimension: str) -> Part:
    has_cases = dimension != "sending_ip"
    values = [(value, tally) for value, tally in found.values.get(dimension, {}).items() if value]
    values.sort(key=lambda one: (sum(one[1].cases), sum(one[1].total)), reverse=True)
    rows = tuple(_row(found, dimension, value, tally) for value, tally in values[:MOST_ROWS])
    drawings = []
    if has_cases:
        numbers = [(row.name, row.cases) for row in rows]
        description = "; ".join(f"{name}: {count}" for name, count in numbers) or _("No cases.")
        chart = charts.bars(f"cases-{dimension}", _("Cases"), description, numbers)
        drawings.append(Drawing(chart, Table((), ())))
    busiest = sorted(values, key=lambda one: -sum(one[1].total))[:MOST_LINES]
    series = [
        Series(value_name(dimension, value), tuple(tally.shares())) for value, tally in busiest if any(tally.total)
    ]
    if series:
        title = _("Mails that fail")
        drawings.append(
            _lines(found, f"failed-{dimension}", title, series, lambda value: percent(value / 100), percent=True)
        )
    more = max(0, len(values) - MOST_ROWS)
    return Part(dimension, HEADINGS[dimension], rows, tuple(drawings), more, has_cases)


def _row(found: Figures, dimension: str, value: str, tally: Tally) -> Row:
    url = cases_url(dimension, value, found.begin) if sum(tally.cases) else ""
    name = value_name(dimension, value)
    return Row(name, sum(tally.cases), sum(tally.total), sum(tally.failed), _share(tally), url)


def _share(tally: Tally) -> str:
    return "" if tally.share is None else percent(tally.share)


def _lines(
    found: Figures,
    id: str,
    title: str,
    series: list[Series],
    written: Callable[[float], str],
    *,
    percent: bool = False,
) -> Drawing:
    said = []
    for one in series:
        known = [value for value in one.values if value is not None]
        if known:
            at_most = {"name": one.name, "most": written(max(known)), "last": written(known[-1])}
            said.append(_("%(name)s: %(most)s at most, %(last)s at last.") % at_most)
    labels, names = found.span.labels(found.begin), found.span.names(found.begin)
    chart = charts.lines(id, title, " ".join(said) or _("Nothing to show."), labels, series, percent=percent)
    columns = [[("–" if value is None else written(value)) for value in one.values] for one in series]
    rows = tuple((name, *cells) for name, *cells in zip(names, *columns, strict=True)) if series else ()
    return Drawing(chart, Table((_("From"), *(one.name for one in series)), rows))
