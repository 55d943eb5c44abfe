"""Can the domain's own rules for encryption (MTA-STS, DANE) be kept?"""

from __future__ import annotations

from collections.abc import Iterator

from diagnostics.domain import ConnectOutcome, Finding, Gap, NotApplicable, SmtpStage, hints, notes
from diagnostics.probes.mta_sts_policy import Mode, MtaStsPolicy
from diagnostics.probes.mx import MxRecords
from diagnostics.probes.mx_conversations import MxConversations
from diagnostics.probes.recipient_policies import RecipientPolicies
from diagnostics.registry import check


@check(MxRecords, may_read=(MtaStsPolicy,), answers="mx", emits={"tls.policy-broken", "tls.policy-unreadable"})
def policy_names_the_mail_hosts(mx: MxRecords, sts: MtaStsPolicy | None) -> Iterator[Finding]:
    """RFC 8461 section 5: where a policy is enforced, hosts that it does not name get no mail from those who keep it.

    A hint, because nobody but the sender knows whether it keeps such policies. A policy that cannot be had stops only
    those who kept an older one.
    """
    hosts = [host.name for host in mx.hosts if host.name]
    if not hosts:
        raise NotApplicable(Gap.NO_MX)
    if sts is None or not sts.announced:
        return
    if sts.policy is None:
        if sts.fetched in _THEIR_DOING:
            yield notes("tls.policy-unreadable", domain=sts.domain)
    elif sts.policy.mode is Mode.ENFORCE and not any(map(sts.policy.allows, hosts)):
        yield hints("tls.policy-broken", domain=sts.domain, host=hosts[0])


@check(MxConversations, may_read=(MtaStsPolicy, RecipientPolicies), answers="mx-answers", emits={"tls.policy-broken"})
def policy_can_be_kept(
    mx: MxConversations, sts: MtaStsPolicy | None, published: RecipientPolicies | None
) -> Iterator[Finding]:
    """Encryption is demanded (an enforced policy; or TLSA, RFC 7672 section 2.2), and no mail host offers STARTTLS."""
    enforced = sts is not None and sts.policy is not None and sts.policy.mode is Mode.ENFORCE
    bound = {dane.host for dane in published.dane if dane.authentic} if published else set()
    talking = [one for one in mx.conversations if (hello := one.reply(SmtpStage.EHLO)) and hello.code == 250]
    demanded = [one for one in talking if enforced or one.host in bound]
    if demanded and not any(one.starttls_offered for one in talking):
        yield hints("tls.policy-broken", host=demanded[0].host, **({"domain": sts.domain} if sts else {}))


_THEIR_DOING = frozenset({ConnectOutcome.OPEN, ConnectOutcome.TLS_FAILURE, ConnectOutcome.DNS_FAILURE})
"""Outcomes that speak of their policy host; the others may be our way there."""
