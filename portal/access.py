"""Who may see what of a case: its page is a capability, whose token is swapped for a cookie at the first visit."""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from diagnostics.models import Case, CaseLink, LinkKind
from diagnostics.services.audit import Actor
from diagnostics.services.cases import LINK_LIFETIME, link_of, token_hash
from portal.roles import Right, rights_of

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing (RFC 9110 section 9.2.1)."""


def case_for(request: HttpRequest, reference: str) -> Case:
    """The case, for whoever holds its owner link and for signed-in agents; anybody else learns nothing (404).

    Whoever may only read may look at the page, and change nothing on it.
    """
    link = _link_held(request, reference)
    if link and link.kind == LinkKind.OWNER and constant_time_compare(link.case.reference, reference):
        return link.case
    if may(request, Right.READ if request.method in SAFE else Right.ACT):
        case = Case.objects.filter(reference=reference).first()
        if case:
            return case
    raise Http404


def may(request: HttpRequest, right: Right) -> bool:
    """Is somebody signed in whose roles allow that?"""
    return right in rights_of(request.user)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in agent, as the audit trail names them."""
    return Actor("agent", request.user.get_username(), source_of(request))


def holds(request: HttpRequest, case: Case) -> bool:
    """Does this browser hold a live owner link of the case?"""
    link = _link_held(request, case.reference)
    return link is not None and link.kind == LinkKind.OWNER and link.case_id == case.pk


def _link_held(request: HttpRequest, reference: str) -> CaseLink | None:
    """The live link of what this browser sent for the case, looked up once a request; perhaps another case's."""
    token = token_held(request, reference)
    known: dict[str, CaseLink | None] = request.__dict__.setdefault("_links_held", {})
    if token and token not in known:
        known[token] = link_of(token)
    return known.get(token)


def token_held(request: HttpRequest, reference: str, kind: LinkKind = LinkKind.OWNER) -> str:
    """The token that this browser sent for the case; empty where there is none. Not checked yet."""
    return request.COOKIES.get(_cookie_name(reference, kind), "")


def references_held(request: HttpRequest) -> dict[str, str]:
    """Tokens that this browser sent, by case reference; not checked yet."""
    start = _cookie_name("", LinkKind.OWNER)
    return {name.removeprefix(start): token for name, token in request.COOKIES.items() if name.startswith(start)}


def held_among(request: HttpRequest, cases: list[Case]) -> Case | None:
    """The first of these cases that this browser holds a live owner link of, in one query."""
    tokens = references_held(request)
    hashes = [token_hash(tokens[case.reference]) for case in cases if case.reference in tokens]
    if not hashes:
        return None
    live = CaseLink.objects.filter(token_hash__in=hashes, kind=LinkKind.OWNER, expires_at__gt=timezone.now())
    held = set(live.values_list("case_id", flat=True))
    return next((case for case in cases if case.pk in held), None)


def remember(response: HttpResponse, case: Case, token: str, kind: LinkKind = LinkKind.OWNER) -> None:
    """Keep the token in this browser, in a cookie of the case's own, as long as its link lives."""
    response.set_cookie(
        _cookie_name(case.reference, kind),
        token,
        max_age=LINK_LIFETIME,
        path="/",
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def source_of(request: HttpRequest) -> str:
    """The network that the request came from, for limits: an IPv4 address, or the /64 of an IPv6 address.

    Of X-Forwarded-For only what our own proxies added is believed: `TRUSTED_PROXY_HOPS` entries from the right. Where
    that is no address, or there are fewer entries, it is whoever is connected to us.
    """
    direct = request.META.get("REMOTE_ADDR", "")
    hops = settings.TRUSTED_PROXY_HOPS
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    claimed = forwarded[-hops] if 0 < hops <= len(forwarded) else ""
    return _network(claimed) or _network(direct) or "unknown"


def _network(text: str) -> str:
    # Some proxies name the port as well: 203.0.113.9:4711, [2001:db8::1]:4711
    with_port = re.fullmatch(r"(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?", text.strip())
    try:
        address = ipaddress.ip_address((with_port[1] or with_port[2]) if with_port else text.strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _cookie_name(reference: str, kind: LinkKind) -> str:
    prefix = "__Host-" if settings.HTTPS else ""
    return f"{prefix}{'case' if kind is LinkKind.OWNER else 'it'}_{reference}"
