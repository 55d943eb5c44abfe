"""What everybody who may read the audit trail must see on every page, where it was found to be broken."""

from __future__ import annotations

from django import template

from portal.console.audit import State, state_of_the_chain

register = template.Library()


@register.inclusion_tag("console/audit_alarm.html")
def audit_alarm() -> dict[str, State | None]:
    return {"state": state_of_the_chain()}
