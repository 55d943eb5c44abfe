"""`manage.py check`: content that cannot be used is found at deployment, not by a customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register

from diagnostics import articles, providers, registry, remedies, vendors
from diagnostics.probes.network_look import RESTRICTED_PORTS


@register()
def content_is_complete(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every folder readable, every tag with a remedy, every section's questions answered by a check."""
    unreadable: list[CheckMessage] = [
        Error(problem, id="diagnostics.E001")
        for folder in (vendors, articles, remedies, providers)
        for problem in folder.problems()
    ]
    return unreadable or [*_loose_ends()]


@register()
def way_of_sending_exists(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """TEST_MESSAGE_SENDER is a module of the senders' folder."""
    ways = [module.rpartition(".")[2] for module in registry.modules_of("diagnostics.net.senders")]
    if settings.TEST_MESSAGE_SENDER in ways:
        return []
    fault = f"TEST_MESSAGE_SENDER is {settings.TEST_MESSAGE_SENDER!r}: there are {', '.join(ways)}"
    return [Error(fault, id="diagnostics.E005")]


@register(deploy=True)
def sender_address_is_known(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every article's vendor has an address that test messages can come from."""
    nameless = [one.slug for one in articles.articles().values() if not vendors.vendor(one.vendor).senders]
    if settings.TEST_MESSAGE_FROM or not nameless:
        return []
    fault = f"no address to send test messages from: {', '.join(nameless)}"
    return [Warning(fault, "Set TEST_MESSAGE_FROM, or name senders in the vendor profile.", id="diagnostics.W001")]


@register()
def responders_can_be_believed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Where profiles name port responders: what they sign can be verified, and browsers connect to their ports."""
    found: list[CheckMessage] = []
    for profile in vendors.vendors().values():
        if profile.responders and not settings.RESPONDER_KEY:
            hint = "Set the key that the responder is started with."
            found.append(
                Error(
                    f"vendor {profile.slug} has port responders, and RESPONDER_KEY is not set",
                    hint,
                    id="diagnostics.E006",
                )
            )
        wanted = {port for host in profile.responders for port in host.ports}
        if restricted := sorted(wanted & RESTRICTED_PORTS):
            ports = ", ".join(map(str, restricted))
            fault = f"vendor {profile.slug}: no browser connects to port {ports}; only the check script can try it"
            found.append(Warning(fault, id="diagnostics.W002"))
    return found


def _loose_ends() -> Iterator[CheckMessage]:
    emitted = set().union(*(check.emits for check in registry.checks()))
    for tag in sorted(emitted - set(remedies.remedies())):
        yield Error(f"no remedy for {tag}: add diagnostics/remedies/{tag}.md", id="diagnostics.E002")
    questions = {check.question for check in registry.checks()}
    for article in articles.articles().values():
        for section in article.sections:
            for question in sorted(set(section.questions) - questions):
                yield Error(f"{article.slug}/{section.slug}: no check answers {question!r}", id="diagnostics.E003")
        if article.vendor not in vendors.vendors():
            yield Error(f"{article.slug}: no vendor profile {article.vendor!r}", id="diagnostics.E004")
            continue
        profile = vendors.vendor(article.vendor)
        if profile.senders and not profile.dkim_selectors:
            hint = "Name them in dkim_selectors of the profile."
            yield Info(f"vendor {profile.slug} names no DKIM keys: they are not looked at", hint, id="diagnostics.I002")
        if profile.ports and not profile.hosts:
            hint = "Name the hosts in a profile of your own and point VENDORS_DIR at its folder."
            yield Info(
                f"vendor {profile.slug} has ports but no hosts: they are not probed", hint, id="diagnostics.I001"
            )
