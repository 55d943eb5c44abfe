"""The audit trail as auditors read it: newest first, narrowed down by the page's address, and as a table to keep."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from diagnostics.models import AuditEntry
from diagnostics.services.audit import Action, write
from diagnostics.services.audit_chain import last_verification
from portal.access import actor_of
from portal.console.access import needs
from portal.console.words import ACTIONS, AUDIT_PROBLEMS, word
from portal.roles import Right

PAGE_SIZE = 50
ROWS_AT_ONCE = 1_000
OVERDUE = timedelta(hours=36)
"""The chain is walked once a day."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, also behind blanks (OWASP, CSV injection)."""
COLUMNS = ("id", "at", "actor_kind", "actor", "action", "reference", "source", "detail", "previous", "digest")
TOO_LONG = _("That is too long to be found.")
NOT_SHOWN = _("That contains invisible characters: type it instead of pasting it.")
NO_DAY = _("That is no date. Write it like 2026-01-31.")


class FilterForm(forms.Form):
    actor = forms.CharField(
        label=_("Who"),
        required=False,
        max_length=150,
        error_messages={"max_length": TOO_LONG, "null_characters_not_allowed": NOT_SHOWN},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    action = forms.ChoiceField(
        label=_("What"), required=False, error_messages={"invalid_choice": _("There is no such action.")}
    )
    reference = forms.CharField(
        label=_("Case reference"),
        required=False,
        max_length=12,
        error_messages={"max_length": TOO_LONG, "null_characters_not_allowed": NOT_SHOWN},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    first = forms.DateField(
        label=_("From"),
        required=False,
        error_messages={"invalid": NO_DAY},
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    last = forms.DateField(
        label=_("To"),
        required=False,
        error_messages={"invalid": NO_DAY},
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = sorted(((one.value, word(ACTIONS, one)) for one in Action), key=lambda choice: choice[1])
        self.fields["action"].choices = [("", _("Everything")), *choices]  # type: ignore[attr-defined]

    def found(self) -> QuerySet[AuditEntry]:
        """The entries asked for, newest first; none where the form is wrong."""
        if not self.is_valid():
            return AuditEntry.objects.none()
        wanted = self.cleaned_data
        entries = AuditEntry.objects.order_by("-pk")
        if wanted["actor"]:
            entries = entries.filter(actor=wanted["actor"])
        if wanted["action"]:
            entries = entries.filter(action=wanted["action"])
        if wanted["reference"]:
            entries = entries.filter(reference=wanted["reference"].upper())
        if wanted["first"]:
            entries = entries.filter(at__gte=_midnight(wanted["first"]))
        if wanted["last"]:
            entries = entries.filter(at__lte=datetime.combine(wanted["last"], time.max, UTC))
        return entries

    @property
    def query(self) -> str:
        """What is asked for, for links to further pages."""
        return urlencode({name: self[name].value() for name in self.fields if self[name].value()})


@dataclass(frozen=True, slots=True)
class Row:
    entry: AuditEntry

    @property
    def action(self) -> str:
        return word(ACTIONS, self.entry.action)

    @property
    def detail(self) -> str:
        """Codes and counts in one line, ASCII only."""
        said = self.entry.detail if isinstance(self.entry.detail, dict) else {"": self.entry.detail}
        parts = (f"{name} {json.dumps(value)}" for name, value in sorted(said.items()) if value not in (None, ""))
        return ", ".join(parts).replace('"', "")


@dataclass(frozen=True, slots=True)
class State:
    """What the last walk of the chain found."""

    entry: AuditEntry

    @property
    def broken(self) -> int:
        return int(self.entry.detail["broken"])

    @property
    def problem(self) -> str:
        return word(AUDIT_PROBLEMS, self.entry.detail["problem"] or "")

    @property
    def overdue(self) -> bool:
        return timezone.now() - self.entry.at > OVERDUE


def state_of_the_chain() -> State | None:
    """None where nobody has walked it yet."""
    last = last_verification()
    return State(last) if last else None


@require_safe
@needs(Right.AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """One page of entries; `before` is the number of the last one on the page before."""
    form = FilterForm(request.GET)
    entries = form.found()
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        entries = entries.filter(pk__lt=int(before))
    found = list(entries[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    context = {
        "form": form,
        "rows": [Row(entry) for entry in shown],
        "next_url": _next_url(form, shown[-1]) if len(found) > PAGE_SIZE else "",
        "is_first_page": not before,
        "state": state_of_the_chain(),
    }
    return render(request, "console/audit.html", context)


@require_POST
@needs(Right.AUDIT)  # type: ignore[arg-type]  # a stream is a response, too
def download(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The entries asked for as CSV (RFC 4180), all of them; that they were taken away is an entry of its own."""
    form = FilterForm(request.POST)
    if not form.is_valid():
        return render(
            request, "console/audit.html", {"form": form, "rows": [], "state": state_of_the_chain()}, status=400
        )
    until = write(actor_of(request), Action.AUDIT_EXPORTED).pk
    response = StreamingHttpResponse(_lines(form.found(), until), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.csv"'
    return response


def cell(value: object) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


class _Line:
    """What `csv` writes to: hands each line on."""

    def write(self, line: str) -> str:
        return line


def _lines(entries: QuerySet[AuditEntry], until: int) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    while rows := list(entries.filter(pk__lt=until)[:ROWS_AT_ONCE]):
        yield "".join(writer.writerow(_cells(row)) for row in rows)
        until = rows[-1].pk


def _cells(entry: AuditEntry) -> Iterable[str]:
    for column in COLUMNS:
        value = getattr(entry, column)
        yield cell(json.dumps(value, sort_keys=True) if column == "detail" else value)


def _next_url(form: FilterForm, last: AuditEntry) -> str:
    return "?" + "&".join(part for part in (form.query, urlencode({"before": last.pk})) if part)


def _midnight(day: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
