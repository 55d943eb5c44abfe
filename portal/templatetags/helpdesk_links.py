"""The way back to a ticket."""

from __future__ import annotations

from django import template

from diagnostics import helpdesks

register = template.Library()


@register.simple_tag
def ticket_url(helpdesk: str, ticket: str) -> str:
    """The ticket's page, at the address that the settings name for that helpdesk and nowhere else; else empty."""
    return helpdesks.ticket_url(helpdesk, ticket)
