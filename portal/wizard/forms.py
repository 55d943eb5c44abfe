"""What the customer tells us about a test message."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnostics.models import Purpose
from diagnostics.probes.test_message import Whereabouts
from portal.intake import AddressField
from portal.wizard import words


class MessageForm(forms.Form):
    """Which test message, and from which section it was asked for."""

    purpose = forms.ChoiceField(choices=Purpose.choices)


class OtherMailboxForm(forms.Form):
    address = AddressField(
        label=_("Your Gmail, Yahoo or other address"), help_text=_("A second mailbox that you can open now.")
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Type the code from the test message"),
        help_text=_("It has 6 digits. It is a test code, not the one you are waiting for."),
        max_length=20,
        error_messages={
            "required": _("Type the 6 digits of the test message"),
            "max_length": _("The test code has 6 digits"),
            "null_characters_not_allowed": _("The test code has 6 digits"),
        },
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "class": "code-input",
                "spellcheck": "false",
            }
        ),
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        if len(code) != 6 or not (code.isascii() and code.isdigit()):
            raise forms.ValidationError(_("The test code has 6 digits"))
        return code


class WhereaboutsForm(forms.Form):
    where = forms.ChoiceField(
        label=_("Where did you find it?"),
        choices=[(where.value, words.WHEREABOUTS[where]) for where in Whereabouts],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose where you found the test message"),
            "invalid_choice": _("Choose where you found the test message"),
        },
    )
