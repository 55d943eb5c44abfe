"""One question at a time to the customer, in words; and what was answered, so that it can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from diagnostics.asking import CustomerQuestion, answered, next_question, question
from diagnostics.models import Case
from diagnostics.probes.customer_answers import (
    AskedWhen,
    ClockIs,
    CodeArrival,
    CodePlace,
    CodeUsed,
    ColleaguesGetIt,
    MailboxKind,
    Often,
    OnAccount,
)
from diagnostics.remedies import remedies
from portal.moulds import Moulds
from portal.wizard.casefile import CaseFile
from portal.wizard.words import Words

ASKED: Mapping[str, Words] = {
    "code": _("Has an e-mail with a code come by now?"),
    "place": _("Where did you find the e-mail with the code?"),
    "used": _("Which code did you type in?"),
    "clock": _("Does the device that asks for the code show the right date and time?"),
    "often": _("How often did you ask for a code within a quarter of an hour?"),
    "when": _("When did you ask for the code?"),
    "account": _("What does your account page say about this address?"),
    "mailbox": _("What kind of mailbox is it?"),
    "colleagues": _("Do colleagues at your company get e-mail from us?"),
}
UNSURE = _("I am not sure")
CHOICES: Mapping[str, Mapping[StrEnum, Words]] = {
    "code": {
        CodeArrival.NOTHING: _("No, nothing has come"),
        CodeArrival.ELSEWHERE: _("Yes, but not in my inbox"),
        CodeArrival.LATE: _("Yes, but late"),
        CodeArrival.WORKS: _("Yes, and the code works"),
        CodeArrival.REFUSED: _("Yes, but the code is not accepted"),
        CodeArrival.UNSURE: UNSURE,
    },
    "place": {
        CodePlace.SPAM: _("In the spam or junk folder"),
        CodePlace.OTHER_TAB: _("Under another tab: Promotions, Updates, Other"),
        CodePlace.RULE: _("In the trash, or in a folder that a rule moved it to"),
        CodePlace.QUARANTINE: _("In a quarantine"),
        CodePlace.UNSURE: _("Somewhere else, or I am not sure"),
    },
    "used": {
        CodeUsed.NEWEST_AT_ONCE: _("The newest one, at once"),
        CodeUsed.NEWEST_LATER: _("The newest one, some time after I had asked for it"),
        CodeUsed.OLDER: _("An older one: several had come"),
        CodeUsed.UNSURE: UNSURE,
    },
    "often": {
        Often.ONCE: _("Once or twice"),
        Often.SEVERAL: _("More often"),
        Often.UNSURE: UNSURE,
    },
    "when": {
        AskedWhen.TODAY: _("Today"),
        AskedWhen.THIS_WEEK: _("Within the last week"),
        AskedWhen.OVER_A_WEEK: _("More than a week ago"),
        AskedWhen.OVER_TWO_WEEKS: _("More than two weeks ago"),
        AskedWhen.OVER_A_MONTH: _("More than a month ago"),
        AskedWhen.UNSURE: UNSURE,
    },
    "account": {
        OnAccount.SAME: _("It shows exactly this address, as an administrator, and this company ID"),
        OnAccount.OTHER_ADDRESS: _("It shows another address"),
        OnAccount.OTHER_COMPANY_ID: _("It shows another company ID"),
        OnAccount.NOT_ADMINISTRATOR: _("It shows this address, but not as an administrator"),
        OnAccount.UNSURE: _("I cannot look there now"),
    },
    "mailbox": {
        MailboxKind.OWN: _("My own"),
        MailboxKind.SHARED: _("A shared mailbox, a group or a list"),
        MailboxKind.FORWARDED: _("It forwards to another address"),
        MailboxKind.UNSURE: UNSURE,
    },
    "colleagues": {
        ColleaguesGetIt.YES: _("Yes, others get it"),
        ColleaguesGetIt.NO: _("No, nobody gets it"),
        ColleaguesGetIt.UNSURE: UNSURE,
    },
    "clock": {
        ClockIs.RIGHT: _("Yes"),
        ClockIs.WRONG: _("No, it is wrong"),
        ClockIs.UNSURE: UNSURE,
    },
}

_unanswered = Moulds()


class AnswerForm(forms.Form):
    """The one question, as radio buttons."""

    question = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, asked: CustomerQuestion, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data, auto_id="answer_%s", initial={"question": asked.slug})
        self.asked = asked
        self.fields["answer"] = forms.ChoiceField(
            label=str(ASKED[asked.slug]),
            choices=[(one.value, CHOICES[asked.slug][one]) for one in asked.choices],
            widget=forms.RadioSelect,
            error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose the answer that fits best")),
        )

    def as_choices(self) -> SafeString:
        """Its fields as HTML, which are the same for everybody until something was sent."""

        def fields(_: Mapping[str, str]) -> str:
            return render_to_string("components/answer.html", {"form": self})

        html = fields({}) if self.is_bound else _unanswered.filled(self.asked.slug, (), {}, fields)
        return mark_safe(html)  # noqa: S308 - a template made it

    @property
    def observation(self) -> object:
        """What a valid form tells."""
        return self.asked.observation(self.cleaned_data["answer"])


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given, in words."""

    slug: str
    asked: Words
    answer: Words


def form_for(file: CaseFile, wanted: str = "") -> AnswerForm | None:
    """The question that the customer wants to answer anew, else the next one; None while something is under way."""
    if not file.run.finished or file.polling or file.masked or file.outdated:
        return None
    again = question(wanted)
    if again is None:
        causes = {tag: remedy.cause for tag, remedy in remedies().items()}
        again = next_question(file.evidence, causes, tier=file.tier)
    return AnswerForm(again) if again else None


def given(file: CaseFile) -> tuple[Given, ...]:
    return tuple(Given(one.slug, ASKED[one.slug], CHOICES[one.slug][said]) for one, said in answered(file.evidence))


def asked_for(case: Case, data: Mapping[str, str]) -> AnswerForm | None:
    """The form that was sent; None for a question that we do not ask."""
    one = question(data.get("question", ""))
    return AnswerForm(one, data) if one else None
