"""Other cases of the same address, domain and company: what was wrong then is often wrong again."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.models import Case
from portal.console.listing import Row

MOST = 5


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Newest first. A case of the same address is not told again under its domain or company, nor one of the same
    domain under its company.
    """

    address: tuple[Row, ...] = ()
    domain: tuple[Row, ...] = ()
    company: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.address or self.domain or self.company)


def neighbours_of(case: Case, limit: int = MOST) -> Neighbours:
    """At most `limit` of each kind, of the same vendor, in three queries."""
    others = Case.objects.filter(vendor=case.vendor).exclude(pk=case.pk).newest_first_by_week()
    address = others.filter(address__iexact=case.address)
    domain = others.filter(domain=case.domain).exclude(address__iexact=case.address)
    company = others.filter(company_id__iexact=case.company_id).exclude(domain=case.domain)
    return Neighbours(*(tuple(map(Row, kind[:limit])) for kind in (address, domain, company)))
