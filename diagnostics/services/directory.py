"""The vendor's administrators, where they were imported into our own table: who is on file, and who nearly is."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q

from diagnostics.addresses import one_spelling
from diagnostics.addresses.slips import slips
from diagnostics.domain import DirectoryAnswer, Gap, Membership, NotApplicable, Target
from diagnostics.models import DirectoryEntry

A_SLIP_OR_TWO = 1.1
ONE_SMALL_SLIP = 0.5
"""What slips of the finger may cost in all, see `addresses.slips`; the second in names of so few letters that most
neighbours are other people.
"""
SHORT_NAME = 3
MOST_COMPARED = 2_000
"""Addresses of one company that are compared letter by letter."""


def directory_name() -> str:
    """Which adapter is set: a module of `diagnostics/directory`, the lab's own with LAB; empty where there is none."""
    return settings.DIRECTORY or ("http" if settings.LAB else "")


def comparable_company(company_id: str) -> str:
    """One text for all spellings of a company ID: spaces around it and capital letters make no difference."""
    return company_id.strip().casefold()


def look_up(target: Target) -> DirectoryAnswer:
    """How company and address stand to each other in the imported table.

    Raises NotApplicable where nothing was imported for the vendor: an empty table knows no company, and proves nothing.
    """
    company = comparable_company(target.company_id)
    address = one_spelling(str(target.address))
    entries = DirectoryEntry.objects.filter(vendor=target.vendor.slug)
    on_company = entries.filter(company_id=company)
    on_file = on_company.filter(address=address).first()
    if on_file:
        return DirectoryAnswer(Membership.ADMINISTRATOR if on_file.administrator else Membership.NOT_ADMINISTRATOR)
    if entries.filter(address=address).exists():
        return DirectoryAnswer(Membership.OTHER_COMPANY)
    if on_company.exists():
        local_part, _, domain = address.rpartition("@")
        similar = on_company.filter(Q(address__startswith=f"{local_part}@") | Q(address__endswith=f"@{domain}"))
        on_file_there = similar.order_by("-administrator", "pk").values_list("address", flat=True)
        return DirectoryAnswer(Membership.NOT_ON_FILE, nearest(address, on_file_there[:MOST_COMPARED]))
    if not entries.exists():
        raise NotApplicable(Gap.NOT_SET_UP)
    return DirectoryAnswer(Membership.COMPANY_UNKNOWN)


def nearest(address: str, on_file: Iterable[str]) -> str:
    """The address on file from which a slip or two make the typed one, on one side of the @; empty where none does.

    Both in the form of `one_spelling`. The first of equals wins.
    """
    costs = ((_cost(address, one), one) for one in on_file)
    return min(((cost, one) for cost, one in costs if cost), default=(0.0, ""), key=lambda found: found[0])[1]


def _cost(typed: str, meant: str) -> float | None:
    name, _, domain = typed.rpartition("@")
    meant_name, _, meant_domain = meant.rpartition("@")
    if domain == meant_domain:
        return _within(name, meant_name)
    return _within(domain, meant_domain) if name == meant_name else None


def _within(typed: str, meant: str) -> float | None:
    if abs(len(typed) - len(meant)) > 2:
        return None
    cost = slips(typed, meant)
    return cost if cost <= (ONE_SMALL_SLIP if len(meant) <= SHORT_NAME else A_SLIP_OR_TWO) else None
