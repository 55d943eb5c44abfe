"""`manage.py deeplink`: a signed link for a ticket, which opens a case that is already filled in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from diagnostics.addresses import BadAddress, parse_address
from diagnostics.articles import article, articles
from diagnostics.services.audit import Actor
from diagnostics.services.cases import HELPDESK, TICKET
from diagnostics.services.deep_links import LIFETIME, issue_link

BAD_USAGE = 64
"""EX_USAGE of sysexits.h."""
COMPANY_LENGTH = 64


class Command(BaseCommand):
    requires_system_checks = ()
    help = f"Print a link that opens one case, filled in. It is live for {LIFETIME.days} days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--article", required=True, help=f"one of: {', '.join(articles())}")
        parser.add_argument("--company", required=True, help="the company ID")
        parser.add_argument("--address", required=True, help="the administrator's e-mail address")
        parser.add_argument("--helpdesk", default="", help="name of the helpdesk, for example zendesk")
        parser.add_argument("--ticket", default="", help="the ticket's number there")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = article(options["article"])
        if chosen is None:
            raise _bad(f"there is no article {options['article']!r}, only {', '.join(articles())}")
        company = options["company"].strip()
        if not company.isprintable() or not 1 <= len(company) <= COMPANY_LENGTH:
            raise _bad(f"--company: between 1 and {COMPANY_LENGTH} printable characters")
        if options["helpdesk"] and not HELPDESK.fullmatch(options["helpdesk"]):
            raise _bad("--helpdesk: at most 20 small letters, digits and hyphens")
        if options["ticket"] and not TICKET.fullmatch(options["ticket"]):
            raise _bad("--ticket: at most 64 letters, digits and the signs . _ : # -")
        if bool(options["helpdesk"]) != bool(options["ticket"]):
            raise _bad("--helpdesk and --ticket belong together")
        try:
            address = parse_address(options["address"], extra_suffixes=settings.EXTRA_SUFFIXES)
        except BadAddress as bad:
            raise _bad(f"--address: not a usable e-mail address ({bad})") from bad
        token = issue_link(
            Actor("command", "deeplink"),
            article=chosen,
            company_id=company,
            address=address,
            helpdesk=options["helpdesk"],
            ticket=options["ticket"],
        )
        self.stdout.write(f"{settings.PORTAL_URL}{reverse('helpdesk:link', args=[token])}")


def _bad(message: str) -> CommandError:
    return CommandError(message, returncode=BAD_USAGE)
