"""The open incidents, for pages of agents that show them on top."""

from __future__ import annotations

from django import template

from portal.console.incidents import ShownIncident, open_incidents

register = template.Library()


@register.simple_tag
def incidents_now() -> list[ShownIncident]:
    return open_incidents()
