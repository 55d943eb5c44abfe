"""Incidents in agents' words: what fails where, since when, how much of it, and how much usually does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnostics.models import Incident
from diagnostics.services.fleet import standing
from diagnostics.services.outcomes import OTHER, UNKNOWN
from portal.console.names import article_name, provider_name

FILTERED = ("provider", "gateway", "article")
"""Dimensions that the list of cases can be narrowed to."""


@dataclass(frozen=True, slots=True)
class ShownIncident:
    """An incident with those that it explains."""

    incident: Incident
    also: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return value_name(self.incident.dimension, self.incident.value)

    @property
    def text(self) -> str:
        one = self.incident
        said = _("%(name)s: %(share)s of mails fail since %(since)s, usually %(usual)s") % {
            "name": self.name,
            "share": percent(one.share),
            "since": clock(one.began_at),
            "usual": percent(one.usual),
        }
        cases = ngettext("%(count)d case", "%(count)d cases", one.cases) % {"count": one.cases}
        return f"{said}; {cases}"

    @property
    def url(self) -> str:
        """The list of its cases, from its first day on."""
        return cases_url(self.incident.dimension, self.incident.value, self.incident.began_at)


def open_incidents() -> list[ShownIncident]:
    return [shown(one) for one in standing()]


def shown(incident: Incident) -> ShownIncident:
    also = (value_name(one.dimension, one.value) for one in incident.parts.all())
    return ShownIncident(incident, tuple(sorted(also)))


def value_name(dimension: str, value: str) -> str:
    """What people call a value of a dimension."""
    match dimension:
        case "all":
            return _("Our side (all mail)")
        case "sending_ip":
            return _("Our address %(address)s") % {"address": value}
        case "article":
            return article_name(value)
        case _:
            return {"": _("None"), OTHER: _("Other mail servers"), UNKNOWN: _("Not known")}.get(value) or provider_name(
                value
            )


def cases_url(dimension: str, value: str, since: datetime) -> str:
    """The list of cases of a value; for our own side all of them."""
    query = {"since": f"{since:%Y-%m-%d}"}
    if dimension in FILTERED:
        query[dimension] = "none" if value in ("", OTHER, UNKNOWN) else value
    return f"{reverse('console:cases')}?{urlencode(query)}"


def percent(share: float) -> str:
    """Whole per cents; tenths where there are few."""
    value = share * 100
    return f"{value:.0f} %" if value >= 9.5 or value == 0 else f"{value:.1f}".removesuffix(".0") + " %"


def clock(at: datetime) -> str:
    """The time of day, with the day where it was another one."""
    return f"{at:%H:%M}" if at.date() == timezone.now().date() else f"{at:%Y-%m-%d %H:%M}"
