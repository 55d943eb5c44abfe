"""That many others have the same trouble now, in the customer's words. Names nobody but their provider."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from diagnostics.providers import provider
from portal.wizard.casefile import CaseFile


def incident_of(file: CaseFile) -> str:
    """A sentence or three; empty where nothing is known, or too few are hit."""
    incident = file.incident
    if incident is None:
        return ""
    began = localtime(incident.began_at)
    since = date_format(began, "H:i e" if began.date() == localtime(file.now).date() else "Y-m-d H:i e")
    known = provider(incident.value) if incident.dimension in ("provider", "gateway") else None
    if known is None:
        said = _("Many of our e-mails have not arrived since %(since)s. That is for us to repair.") % {"since": since}
    else:
        said = _("Other customers of %(provider)s have trouble, too, since %(since)s.") % {
            "provider": known.name,
            "since": since,
        }
    return f"{said} {_('We are looking into it. You can still follow the steps.')}"
