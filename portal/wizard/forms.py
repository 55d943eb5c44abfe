"""What the customer tells us about a test message."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from diagnostics.headers import Headers, read_headers
from diagnostics.looks import Malformed
from diagnostics.looks.script import Report, read, unfold
from diagnostics.models import Purpose
from diagnostics.probes.test_message import Whereabouts
from diagnostics.services import network
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


class PastedText(forms.CharField):
    """As it was pasted: nothing is cut off, and no character of it is a reason to refuse it."""

    def to_python(self, value: object) -> str:
        return str(value or "").replace("\x00", "")


class HeadersForm(forms.Form):
    """`cleaned_data["headers"]` is what was read, a `Headers`."""

    headers = PastedText(
        label=_("Headers, or the whole message source"),
        strip=False,
        error_messages={"required": _("Paste the headers of the message")},
        widget=forms.Textarea(
            attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "none", "wrap": "soft"}
        ),
    )

    def clean_headers(self) -> Headers:
        read = read_headers(self.cleaned_data["headers"])
        if not read.usable:
            raise forms.ValidationError(
                _("There are no headers of mail servers in this text: look for lines that begin with “Received:”")
                if read.fields
                else _("We cannot find headers in this text: it has lines like “Received: from …” and “From: …”")
            )
        return read


class PastedReportForm(forms.Form):
    """`cleaned_data["report"]` is what was read, a `Report`."""

    report = PastedText(
        label=_("The block that the script printed"),
        help_text=_("With its first and its last line, the ones with dashes."),
        max_length=40 * 1024,
        error_messages={
            "required": _("Paste the block that the script printed"),
            "max_length": _("This is too long for a report: paste only the block that the script printed"),
        },
        widget=forms.Textarea(
            attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off", "autocapitalize": "none", "wrap": "soft"}
        ),
    )

    def clean_report(self) -> Report:
        try:
            return read(unfold(self.cleaned_data["report"]), network.verify)
        except Malformed as malformed:
            raise forms.ValidationError(str(malformed)) from malformed
