"""What sending services have on their lists about a case's address, and the button that takes it off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST

from diagnostics.domain import Suppression, SuppressionReason
from diagnostics.models import Case, SuppressionRelease
from diagnostics.services.audit import Action, write
from diagnostics.services.limits import LimitReached
from diagnostics.services.suppressions import NotListed, last_look, newest_release, request_release
from portal.access import actor_of
from portal.console.access import needs
from portal.console.values import visible
from portal.console.words import (
    RELEASE_CONDITIONS,
    RELEASE_OUTCOMES,
    SUPPRESSION_REASONS,
    service_name,
    word,
)
from portal.roles import Right

NO_ENTRY = _lazy("That is not an entry of this case. Nothing was released.")


class ReleaseForm(forms.Form):
    service = forms.SlugField(max_length=20)
    reason = forms.ChoiceField(choices=[(one.value, one.value) for one in SuppressionReason])
    confirmed = forms.BooleanField(
        error_messages={"required": _lazy("Make sure of it first, and tick the box. Nothing was released.")}
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One entry, and what was done about it within the last day."""

    entry: Suppression
    release: SuppressionRelease | None

    @property
    def service(self) -> str:
        return service_name(self.entry.service)

    @property
    def reason(self) -> str:
        return word(SUPPRESSION_REASONS, self.entry.reason)

    @property
    def text(self) -> str:
        return visible(self.entry.text)

    @property
    def condition(self) -> str:
        """What the agent confirms."""
        return word(RELEASE_CONDITIONS, self.entry.reason)

    @property
    def outcome(self) -> str:
        return word(RELEASE_OUTCOMES, self.release.outcome) if self.release else ""

    @property
    def released(self) -> bool:
        return self.release is not None and self.release.outcome == "released"

    @property
    def can_release(self) -> bool:
        return self.entry.removable and self.release is None


@dataclass(frozen=True, slots=True)
class Panel:
    """Shown where something is to be said: an entry, or a service that did not answer."""

    rows: tuple[Row, ...]
    silent: str


def panel_of(case: Case) -> Panel | None:
    answer = last_look(case)
    if answer is None or not (answer.entries or answer.silent):
        return None
    return Panel(tuple(_rows(case, answer.entries)), ", ".join(map(service_name, answer.silent)))


@require_POST
@needs(Right.RELEASE)
def release(request: HttpRequest, reference: str) -> HttpResponse:
    """Have one entry taken off, by a worker; the page shows what came of it."""
    found = get_object_or_404(Case, reference=reference)
    form = ReleaseForm(request.POST)
    if not form.is_valid():
        messages.warning(request, str(form.errors["confirmed"][0]) if "confirmed" in form.errors else NO_ENTRY)
        return redirect("console:case", found.reference)
    service, reason = form.cleaned_data["service"], SuppressionReason(form.cleaned_data["reason"])
    try:
        with transaction.atomic():
            request_release(found, service=service, reason=reason, asked_by=request.user.get_username())
            write(
                actor_of(request),
                Action.SUPPRESSION_RELEASED,
                reference=found.reference,
                service=service,
                reason=reason.value,
            )
    except NotListed:
        messages.warning(request, NO_ENTRY)
    except LimitReached:
        messages.warning(request, _("This entry was released within the last day: mend the cause first."))
    else:
        asked = _("%s is being asked to release the address. Reload this page in a few seconds.")
        messages.success(request, asked % service_name(service))
    return redirect("console:case", found.reference)


def _rows(case: Case, entries: tuple[Suppression, ...]) -> Iterator[Row]:
    releases = list(SuppressionRelease.objects.filter(case__address__iexact=case.address).order_by("pk"))
    yield from (Row(entry, newest_release(releases, entry)) for entry in entries)
