"""What the list of cases can be narrowed to. Everything stands in the address of the page, in a form and as chips."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import django_filters  # type: ignore[import-untyped]
from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from diagnostics.articles import articles
from diagnostics.domain import ProviderKind
from diagnostics.models import Case, CaseQuerySet
from diagnostics.providers import providers
from diagnostics.remedies import remedies
from portal.console.names import cause_name
from portal.console.slices import Selection
from portal.console.words import CASE_STATES, ORIGINS, STAGES, VERDICTS, Words, word

NONE = "none"
"""Stands for "nobody known" and "no cause" in addresses, where empty means "any"."""
PARTS = frozenset({"article", "verdict", "cause", "provider", "gateway", "domain", "company", "origin", "state"})
"""Those that an index serves which ends in the week; see `diagnostics.models.Case`."""
CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
"""What a slug or a tag may look like, also one that this version does not know."""
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
TEXT_ERRORS = {
    "max_length": _lazy("That is too long to be found: nothing here has more than %(limit_value)d characters."),
    "null_characters_not_allowed": _lazy("That contains invisible characters: type it instead of pasting it."),
}
DATE_ERRORS = {"invalid": _lazy("That is no date. Write it like 2026-01-31.")}
Choice = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in use; `without` is the address of the list without it."""

    label: str
    value: str
    without: str


class ShortSelect(forms.Select):
    """Written in one go: through a template for each of two hundred choices it takes longer than the search itself."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = "" if value is None else str(value)
        groups: Any = self.choices
        parts = (
            self._option(code, label, chosen)
            if _is_one(label)
            else format_html('<optgroup label="{}">{}</optgroup>', code, self._options(label, chosen))
            for code, label in groups
        )
        attributes = flatatt({**self.build_attrs(self.attrs, attrs), "name": name})
        return format_html("<select{}>{}</select>", attributes, format_html_join("", "{}", ((one,) for one in parts)))

    def _options(self, choices: Iterable[Choice], chosen: str) -> SafeString:
        return format_html_join("", "{}", ((self._option(code, label, chosen),) for code, label in choices))

    def _option(self, code: str, label: str, chosen: str) -> SafeString:
        option = '<option value="{}" selected>{}</option>' if str(code) == chosen else '<option value="{}">{}</option>'
        return format_html(option, code, label)


class CodeField(forms.ChoiceField):
    """A slug or a tag: one of those that have a name, or any other that looks like one."""

    widget = ShortSelect

    def valid_value(self, value: str) -> bool:
        return super().valid_value(value) or CODE.fullmatch(value) is not None


class KnownField(forms.ChoiceField):
    widget = ShortSelect


class FilterForm(forms.Form):
    """What was typed stays, whatever it was: a wrong choice among the choices, a wrong date as text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            chosen = self.data.get(name, "")
            if isinstance(field, forms.ChoiceField) and chosen and chosen not in _names(field):
                shown: Any = field.widget
                shown.choices = [*shown.choices, (chosen, chosen[:60])]

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("That is before the first day."))
        return self.cleaned_data

    def full_clean(self) -> None:
        super().full_clean()
        for name in {"since", "until"} & set(self.errors):
            self.fields[name].widget.input_type = "text"  # a date's own shows dates only


def _articles() -> Iterable[Choice]:
    titles = articles(get_language() or settings.LANGUAGE_CODE)
    return [("", _("Any")), *sorted(((slug, one.title) for slug, one in titles.items()), key=_by_name)]


def _causes() -> Iterable[Choice]:
    """By where on the way the mail was held up."""
    found = remedies().values()
    stages = {
        stage: sorted(((one.tag, cause_name(one.tag)) for one in found if one.stage == stage), key=_by_name)
        for stage in STAGES
    }
    groups = [(word(STAGES, stage), tags) for stage, tags in stages.items() if tags]
    return [("", _("Any")), (NONE, _("None")), *groups]


def _mailboxes() -> Iterable[Choice]:
    others = (ProviderKind.GATEWAY, ProviderKind.FORWARDER)
    return _providers(_("Not known"), lambda kind: kind not in others)


def _gateways() -> Iterable[Choice]:
    return _providers(_("None"), lambda kind: kind is ProviderKind.GATEWAY)


def _providers(nobody: str, wanted: Callable[[ProviderKind], bool]) -> Iterable[Choice]:
    named = sorted(((one.slug, one.name) for one in providers().values() if wanted(one.kind)), key=_by_name)
    return [("", _("Any")), (NONE, nobody), *named]


def _coded(words: Mapping[str, Words]) -> Callable[[], Iterable[Choice]]:
    return lambda: [("", _("Any")), *((str(code), word(words, code)) for code in words)]


def _by_name(choice: Choice) -> str:
    return str(choice[1]).casefold()


class CodeFilter(django_filters.Filter):  # type: ignore[misc]
    field_class: type[forms.ChoiceField] = CodeField

    def filter(self, qs: CaseQuerySet, value: str) -> CaseQuerySet:
        return qs.filter(**{self.field_name: "" if value == NONE else value}) if value else qs


class KnownFilter(CodeFilter):
    """Like a code, but of those only that this version knows."""

    field_class = KnownField


def _code(field_name: str, label: Any, choices: Callable[[], Iterable[Choice]], kind: type = CodeFilter) -> Any:
    errors = {"invalid_choice": _lazy("Choose one of the list.")}
    return kind(field_name=field_name, label=label, choices=choices, error_messages=errors)


def _text(label: Any, longest: int, **more: Any) -> Any:
    attrs = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off", **more.pop("attrs", {})}
    return django_filters.CharFilter(
        label=label, max_length=longest, error_messages=TEXT_ERRORS, widget=forms.TextInput(attrs=attrs), **more
    )


def _day(label: Any, method: str) -> Any:
    within = _lazy("That is outside of what can be kept here: 2000 to 2099.")
    return django_filters.DateFilter(
        label=label,
        method=method,
        input_formats=["%Y-%m-%d"],
        error_messages=DATE_ERRORS,
        validators=[MinValueValidator(FIRST_DAY, within), MaxValueValidator(LAST_DAY, within)],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )


class CaseFilters(django_filters.FilterSet):  # type: ignore[misc]
    """`CaseFilters(request.GET)`: the form, the cases that it selects and the chips for what is in use."""

    q = _text(
        _lazy("Search"),
        254,  # as long as the longest address; nothing that can be searched for is longer
        method="search",
        help_text=_lazy("Address, domain, company ID, ticket or case reference."),
        attrs={"type": "search"},
    )
    state = _code("state", _lazy("State"), _coded(CASE_STATES), KnownFilter)
    verdict = _code("verdict", _lazy("Verdict"), _coded(VERDICTS), KnownFilter)
    cause = _code("cause", _lazy("Cause"), _causes)
    provider = _code("provider", _lazy("Provider"), _mailboxes)
    gateway = _code("gateway", _lazy("Gateway"), _gateways)
    article = _code("article", _lazy("Article"), _articles)
    origin = _code("origin", _lazy("Origin"), _coded(ORIGINS))
    domain = _text(_lazy("Domain"), 254, method="of_domain")
    company = _text(_lazy("Company ID"), 64, field_name="company_id", lookup_expr="iexact")
    ticket = _text(_lazy("Ticket"), 64)
    since = _day(_lazy("Opened from"), "opened_since")
    until = _day(_lazy("Opened until"), "opened_until")

    class Meta:
        model = Case
        fields = ()
        form = FilterForm

    def search(self, cases: CaseQuerySet, name: str, text: str) -> CaseQuerySet:
        return cases.matching(text)

    def of_domain(self, cases: CaseQuerySet, name: str, text: str) -> CaseQuerySet:
        return cases.filter(domain=text.lower().removeprefix("@"))

    def opened_since(self, cases: CaseQuerySet, name: str, day: date) -> CaseQuerySet:
        return cases.filter(created_at__gte=_midnight(day))

    def opened_until(self, cases: CaseQuerySet, name: str, day: date) -> CaseQuerySet:
        return cases.filter(created_at__lt=_midnight(day + timedelta(days=1)))

    @property
    def in_use(self) -> dict[str, Any]:
        """The values by name, without those that were left empty. Only what is valid."""
        return {name: value for name, value in self.form.cleaned_data.items() if value not in (None, "")}

    @property
    def query(self) -> dict[str, str]:
        """The same as an address says it."""
        return {name: str(value) for name, value in self.in_use.items()}

    @property
    def wordy(self) -> bool:
        """Does the address say more than it has to? A form without JavaScript sends its empty fields, too."""
        return any(name in self.filters and self.query.get(name) != value for name, value in self.data.items())

    @property
    def end(self) -> datetime | None:
        """The moment before which every case in question was opened."""
        day = self.in_use.get("until")
        return _midnight(day + timedelta(days=1)) if day else None

    @property
    def selection(self) -> Selection:
        parts = tuple(
            self.filters[name].filter(Case.objects.all(), value) for name, value in self.in_use.items() if name in PARTS
        )
        return Selection(self.qs, parts, whole=set(self.in_use) <= PARTS | {"until"})

    @property
    def chips(self) -> list[Chip]:
        """For everything in use but the search, whose field is always seen."""
        return [
            Chip(str(self.form.fields[name].label), self._shown(name), url({**self.query, name: ""}))
            for name in self.query
            if name != "q"
        ]

    @property
    def wrong(self) -> bool:
        """Is there a fault in a field that may be folded away?"""
        return bool(set(self.errors) - {"q"})

    def _shown(self, name: str) -> str:
        field = self.form.fields[name]
        names = _names(field) if isinstance(field, forms.ChoiceField) else {}
        return names.get(self.query[name], self.query[name])


def url(query: Mapping[str, str]) -> str:
    """The address of the list, narrowed to what the query says; what is empty there is left out."""
    said = urlencode({name: value for name, value in query.items() if value})
    return f"{reverse('console:cases')}{'?' if said else ''}{said}"


def _names(field: forms.ChoiceField) -> dict[str, str]:
    """By code, also of those that stand in groups."""
    names: dict[str, str] = {}
    choices: Any = field.choices
    for code, label in choices:
        names |= {str(inner): str(name) for inner, name in ([(code, label)] if _is_one(label) else label)}
    return names


def _is_one(label: Any) -> bool:
    return not isinstance(label, list | tuple)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
