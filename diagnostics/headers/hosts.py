"""Who runs a host that a message passed, by its name."""

from __future__ import annotations

from collections.abc import Iterable

from diagnostics.providers import by_mx_host

INSIDE: dict[str, str] = {
    "outlook.com": "microsoft-365",
    "office365.com": "microsoft-365",
    "exchangelabs.com": "microsoft-365",
    "google.com": "google-workspace",
    "yahoo.com": "yahoo",
    "aol.com": "yahoo",
    "icloud.com": "icloud",
    "me.com": "icloud",
    "apple.com": "icloud",
    "ppops.net": "proofpoint",
    "pps.filterd": "proofpoint",
    "cudaops.com": "barracuda",
    "cudasvc.com": "barracuda",
    "gmx.net": "gmx",
    "web.de": "gmx",
}
"""Hosts that mail passes inside a provider; its MX hosts have other names. Suffix to the provider's slug."""

SENDING_SERVICES = (
    "amazonses.com",
    "sendgrid.net",
    "mailgun.net",
    "mailgun.org",
    "mtasv.net",
    "postmarkapp.com",
    "mandrillapp.com",
    "mcsv.net",
    "sparkpostmail.com",
    "sendinblue.com",
    "sender-sib.com",
    "brevo.com",
    "mailjet.com",
    "smtp2go.com",
    "resend.com",
)
"""Hosts of services that send mail for others: what waits there has not left the sender's side."""


def provider_of(host: str) -> str:
    """Slug of the provider that runs the host; empty where the name does not tell."""
    known = by_mx_host(host)
    if known:
        return known.slug
    return next((slug for suffix, slug in INSIDE.items() if under(host, (suffix,))), "")


def sends_for_others(host: str) -> bool:
    return under(host, SENDING_SERVICES)


def under(host: str, domains: Iterable[str]) -> bool:
    """Whether the host is one of the domains or below one, by whole labels."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains if domain)
