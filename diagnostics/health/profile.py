"""What a vendor profile says of its sending side: domains, addresses, keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from diagnostics.domain import Vendor

DOMAIN_KEY = "._domainkey."


@dataclass(frozen=True, slots=True)
class Sample:
    """An address to look at. Of a `network` only both ends are, and not every address of it need send."""

    address: str
    network: str = ""


@dataclass(frozen=True, slots=True)
class KeyName:
    """Where a DKIM key stands, and the domain that signs with it."""

    name: str
    domain: str


def author_domains(vendor: Vendor) -> tuple[str, ...]:
    """The domains of the From addresses."""
    return _unique(sender.rpartition("@")[2] for sender in vendor.senders)


def envelope_domains(vendor: Vendor) -> tuple[str, ...]:
    """The domains that SPF is asked about; none where the profile does not tell."""
    return _unique(vendor.bounce_domains) or author_domains(vendor)


def policy_domains(vendor: Vendor) -> tuple[str, ...]:
    """The envelope domains, or, where the profile tells none, all domains of the article: any may be one."""
    return envelope_domains(vendor) or _unique(vendor.domains)


def all_domains(vendor: Vendor) -> tuple[str, ...]:
    return _unique((*author_domains(vendor), *envelope_domains(vendor), *vendor.domains))


def samples(vendor: Vendor) -> tuple[Sample, ...]:
    """The addresses that code e-mails come from; of a network its two ends."""
    return _sampled(vendor.sending_addresses or vendor.addresses)


def listed(vendor: Vendor) -> tuple[Sample, ...]:
    """The addresses that the article has customers allow; of a network its two ends."""
    return _sampled(vendor.addresses)


def networks(texts: Iterable[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text, strict=False) for text in texts)


def key_names(vendor: Vendor) -> tuple[KeyName, ...]:
    found: list[KeyName] = []
    for selector in vendor.dkim_selectors:
        if DOMAIN_KEY in selector:
            found.append(KeyName(selector.lower(), selector.lower().partition(DOMAIN_KEY)[2]))
        else:
            domains = author_domains(vendor) or _unique(vendor.domains)
            found += (KeyName(f"{selector.lower()}{DOMAIN_KEY}{domain}", domain) for domain in domains)
    return tuple(dict.fromkeys(found))


def _sampled(texts: Iterable[str]) -> tuple[Sample, ...]:
    found: list[Sample] = []
    for network in networks(texts):
        if network.num_addresses == 1:
            found.append(Sample(str(network[0])))
        else:
            found += (Sample(str(end), str(network)) for end in (network[0], network[-1]))
    return tuple(dict.fromkeys(found))


def _unique(domains: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(domain.lower().rstrip(".") for domain in domains))
