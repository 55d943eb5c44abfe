"""What a helpdesk's link may say in its query: hints for the form, where they look right; never an e-mail address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext as _

from diagnostics.services.cases import HELPDESK, TICKET
from portal.intake import LONGEST_COMPANY_ID

ADDRESS_NAMES = frozenset({"address", "e", "email", "e-mail", "mail"})
LONGEST_LANGUAGE = 12


@dataclass(frozen=True, slots=True)
class Prefill:
    """`initial` for the start form, `language` where the site has it, `ignored`: a sentence for each thing left out."""

    initial: Mapping[str, str]
    language: str
    ignored: tuple[str, ...]


def prefill_of(query: Mapping[str, str], *, takes_company: bool = True) -> Prefill:
    """Read the query of a helpdesk's link; nothing in it is trusted. Without `takes_company` the company ID belongs
    behind the #, where no server and no log sees it.
    """
    company, helpdesk, ticket = (query.get(name, "").strip() for name in ("company", "hd", "t"))
    wanted = {
        "company_id": (company, _is_company(company), _("The company ID in the link was not usable: please type it.")),
        "helpdesk": (helpdesk, HELPDESK.fullmatch(helpdesk), _("The helpdesk’s name in the link was left out.")),
        "ticket": (ticket, TICKET.fullmatch(ticket), _("The ticket’s number in the link was left out.")),
    }
    ignored = []
    if company and not takes_company:
        wanted.pop("company_id")
        ignored.append(_("A company ID is never taken from this kind of link: please type it."))
    ignored += [sentence for value, usable, sentence in wanted.values() if value and not usable]
    if any(name.lower() in ADDRESS_NAMES for name in query):
        ignored.append(_("An e-mail address is never taken from a link: please type it."))
    initial = {name: value for name, (value, usable, _sentence) in wanted.items() if usable}
    return Prefill(initial, _language(query.get("lang", "")), tuple(ignored))


def _is_company(text: str) -> bool:
    # Braces are a placeholder that the helpdesk did not fill in; an @ is an address in the wrong place.
    return 1 <= len(text) <= LONGEST_COMPANY_ID and text.isprintable() and not set(text) & set("{}@")


def _language(wanted: str) -> str:
    if not 1 <= len(wanted) <= LONGEST_LANGUAGE:
        return ""
    try:
        return get_supported_language_variant(wanted)
    except LookupError:
        return ""
