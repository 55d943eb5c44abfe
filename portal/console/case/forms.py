"""What agents type and choose on a case's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnostics.domain import Stage
from diagnostics.models import Case, LinkKind
from diagnostics.remedies import PLACEHOLDER, remedies
from diagnostics.services.notes import LONGEST
from portal.console.words import STAGES

NONE_OF_THESE = "none"
NOT_KNOWN = "unknown"


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("Write a note"),
        help_text=_("For other agents; the customer never sees it. At most 5,000 characters."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST}),
        error_messages={"required": _("Write something first. No note was kept.")},
    )

    def clean_text(self) -> str:
        """Browsers count a line's end once and send it as two characters."""
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        if len(text) > LONGEST:
            raise forms.ValidationError(
                _("The note has %(length)d characters, at most 5,000 are kept: shorten it, or write two."),
                params={"length": len(text)},
            )
        return text


class ResolveForm(forms.Form):
    """The true cause: one of the tree, none of it, or not known."""

    cause = forms.ChoiceField(
        label=_("What was it in the end?"),
        help_text=_("It counts towards how often the portal is right, so choose what you know, not what it said."),
        error_messages={
            "required": _("Choose a cause, “none of these” or “not known”."),
            "invalid_choice": _("There is no such cause. Choose one of the list."),
        },
    )

    def __init__(self, *args: object, case: Case, named: tuple[str, ...] = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = cast(forms.ChoiceField, self.fields["cause"])
        field.choices = list(_choices(named or ((case.cause,) if case.cause else ())))

    @property
    def true_cause(self) -> str:
        chosen = str(self.cleaned_data["cause"])
        return "" if chosen in (NONE_OF_THESE, NOT_KNOWN) else chosen

    @property
    def known(self) -> bool:
        return str(self.cleaned_data["cause"]) != NOT_KNOWN


class LinkForm(forms.Form):
    kind = forms.ChoiceField(choices=LinkKind)


def headline_of(tag: str) -> str:
    """A cause's sentence without a case: what would be filled in is left open."""
    known = remedies().get(tag)
    return PLACEHOLDER.sub("…", known.headline) if known else ""


def _choices(named: tuple[str, ...]) -> Iterator[tuple[str | Promise, object]]:
    yield "", _("Choose")
    yield _("Otherwise"), [(NONE_OF_THESE, _("None of these")), (NOT_KNOWN, _("Not known"))]
    known = remedies()
    first = [(tag, _label(tag)) for tag in dict.fromkeys(named) if tag in known]
    if first:
        yield _("The diagnosis named"), first
    for stage in Stage:
        tags = sorted(tag for tag, one in known.items() if one.stage is stage and tag not in dict(first))
        if tags:
            yield STAGES[stage], [(tag, _label(tag)) for tag in tags]


def _label(tag: str) -> str:
    return f"{tag}: {headline_of(tag)}"
