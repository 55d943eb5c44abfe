"""Tier 1 by DNS: whoever can publish a case's token under the domain may see what our records say about that case."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from diagnostics.addresses.lists import listed
from diagnostics.codec import Unreadable, decode
from diagnostics.domain import Evidence, Membership
from diagnostics.models import Case, Run
from diagnostics.probes.directory_match import DirectoryMatch
from diagnostics.probes.domain_proof import KEY, LABEL, DomainProof

TOKEN_LENGTH = 32
"""Hexadecimal digits: 128 bits."""
PROVEN = 1


def record_name(case: Case) -> str:
    """Where the TXT record belongs."""
    return f"{LABEL}.{case.domain}"


def record_text(case: Case) -> str:
    """What the TXT record must say; different for every case."""
    return f"{KEY}{_token(case, settings.SECRET_KEY)}"


def can_be_proven(case: Case) -> bool:
    """Not where a provider's customers share the domain: it is nobody's of them."""
    return case.domain not in listed("mailbox_domains")


def accept_proof(run: Run) -> bool:
    """Raise the run's case to tier 1 if its own token was found in this run; False where nothing changed.

    Call it in a transaction that holds the run, before the run is judged. The case stays there when the record is taken
    out again; no other case is touched.
    """
    case = run.case
    if case.tier >= PROVEN or not can_be_proven(case):
        return False
    found = _tokens_seen(run)
    right = [_token(case, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    if not any(constant_time_compare(one, token) for one in found for token in right):
        return False
    raised = Case.objects.filter(pk=case.pk, tier__lt=PROVEN).update(tier=PROVEN, proved_by_dns=True)
    # Pages of tier 1 count by `full_version`: a poll with the number of a page of tier 0 must not meet it by chance.
    Run.objects.filter(pk=run.pk).update(full_version=F("full_version") + 1)
    return bool(raised)


def for_the_owner(evidence: Evidence) -> Evidence:
    """What a domain's owner may hear of the directory: how this address stands to the company, and no more.

    Neither whether such a company exists, nor that the address is on another's account, nor whose is similar.
    """
    return Evidence(
        replace(seen, observation=_coarse(seen.observation)) if isinstance(seen.observation, DirectoryMatch) else seen
        for seen in evidence
    )


def _coarse(match: DirectoryMatch) -> DirectoryMatch:
    hidden = (Membership.COMPANY_UNKNOWN, Membership.OTHER_COMPANY)
    return DirectoryMatch(Membership.NOT_ON_FILE if match.membership in hidden else match.membership)


def _tokens_seen(run: Run) -> tuple[str, ...]:
    record = run.records.filter(kind=DomainProof.__name__).order_by("at", "pk").last()
    if record is None or record.data is None:
        return ()
    try:
        proof = decode(DomainProof, record.data)
    except Unreadable:
        return ()
    return proof.tokens if proof.domain == run.case.domain else ()


def _token(case: Case, secret: str) -> str:
    value = f"{case.reference}\n{case.domain}"
    return salted_hmac("diagnostics.domain_proof", value, secret=secret, algorithm="sha256").hexdigest()[:TOKEN_LENGTH]
