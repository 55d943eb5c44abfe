"""The message whose headers the customer pasted: its way hop by hop, who delayed it, what filters thought of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from diagnostics.domain import Status
from diagnostics.headers import AuthResult, Filed, Forwarding, Hop, Source, SpamSystem, SpamVerdict, SpamWord, WhyFiled
from diagnostics.probes.pasted_headers import PastedHeaders, Side
from diagnostics.providers import provider
from portal.wizard.casefile import CaseFile
from portal.wizard.words import Words

BAR = 12
"""Signs of the longest bar."""
SIDES: Mapping[Side, Words] = {
    Side.OURS: gettext_lazy("our side"),
    Side.GATEWAY: gettext_lazy("the mail filter on your side"),
    Side.MAILBOX: gettext_lazy("your e-mail provider"),
    Side.THEIRS: gettext_lazy("a server on your side"),
    Side.UNKNOWN: gettext_lazy("not known"),
}
SYSTEMS: Mapping[SpamSystem, Words] = {
    SpamSystem.MICROSOFT: "Microsoft",
    SpamSystem.GOOGLE: "Google",
    SpamSystem.PROOFPOINT: "Proofpoint",
    SpamSystem.MIMECAST: "Mimecast",
    SpamSystem.BARRACUDA: "Barracuda",
    SpamSystem.CISCO: "Cisco",
    SpamSystem.SOPHOS: "Sophos",
    SpamSystem.TREND_MICRO: "Trend Micro",
    SpamSystem.APPLE: "Apple",
    SpamSystem.YAHOO: "Yahoo",
    SpamSystem.GMX: "GMX",
    SpamSystem.RSPAMD: "Rspamd",
    SpamSystem.SPAMASSASSIN: gettext_lazy("Spam filter of the server"),
}
VERDICTS: Mapping[SpamWord, Words] = {
    SpamWord.SPAM: gettext_lazy("Spam"),
    SpamWord.SUSPECT: gettext_lazy("Suspicious"),
    SpamWord.CLEAN: gettext_lazy("Not spam"),
    SpamWord.UNKNOWN: gettext_lazy("Looked at it; what it found is sealed"),
}
VERDICT_STATUSES: Mapping[SpamWord, Status] = {
    SpamWord.SPAM: Status.PROBLEM,
    SpamWord.SUSPECT: Status.COULD_NOT_CHECK,
    SpamWord.CLEAN: Status.FINE,
    SpamWord.UNKNOWN: Status.NOT_CHECKED,
}
WHY: Mapping[WhyFiled, Words] = {
    WhyFiled.SCORE: gettext_lazy("by its own score"),
    WhyFiled.PHISHING: gettext_lazy("taken for phishing"),
    WhyFiled.IMPERSONATION: gettext_lazy("somebody seemed to pose as the sender"),
    WhyFiled.BULK: gettext_lazy("taken for bulk mail"),
    WhyFiled.BLOCKED_BY_USER: gettext_lazy("the sender is on your list of blocked senders"),
    WhyFiled.BLOCKED_BY_POLICY: gettext_lazy("a rule of your company blocks it"),
    WhyFiled.ALLOWED_BY_USER: gettext_lazy("the sender is on your list of safe senders"),
    WhyFiled.ALLOWED_BY_POLICY: gettext_lazy("a rule of your company allows it"),
    WhyFiled.RELEASED: gettext_lazy("it was released from quarantine"),
    WhyFiled.MALWARE: gettext_lazy("taken for harmful"),
    WhyFiled.UNSAID: "",
}
FOLDERS: Mapping[Filed, Words] = {
    Filed.JUNK: gettext_lazy("put into junk"),
    Filed.INBOX: gettext_lazy("put into the inbox"),
    Filed.UNSAID: "",
}
FORWARDINGS: Mapping[Forwarding, Words] = {
    Forwarding.DELIVERED_TO: gettext_lazy("It was delivered to mailboxes at different domains."),
    Forwarding.FORWARDED_FOR: gettext_lazy("A mailbox forwarded it."),
    Forwarding.RESENT: gettext_lazy("Somebody sent it on."),
    Forwarding.REWRITTEN: gettext_lazy("A forwarding server put its own return address on it."),
}


@dataclass(frozen=True, slots=True)
class HopRow:
    """`bar` shows the delay beside the longest one; what it says stands in `delay` as well."""

    host: str
    who: Words
    at: str
    delay: Words
    bar: str
    slowest: bool
    note: Words


@dataclass(frozen=True, slots=True)
class Judged:
    """One filter's verdict, or one check of the sender."""

    who: Words
    status: Status
    word: Words
    detail: str


def summary(file: CaseFile) -> dict[str, Any]:
    """What the block shows of the pasted headers; empty while nothing was pasted."""
    pasted = file.evidence.get(PastedHeaders)
    if pasted is None:
        return {}
    headers = pasted.headers
    return {
        "ours": pasted.ours,
        "total": duration(headers.transit_seconds) if headers.transit_seconds is not None else "",
        "who": _who_delayed(file, pasted),
        "rows": [_row(file, pasted, index) for index in range(len(headers.hops))],
        "skew": duration(headers.skew_seconds) if headers.skew_seconds else "",
        "verdicts": [_verdict(one) for one in headers.spam],
        "checks": [_check(file, one) for one in headers.authentication],
        "forwarding": [FORWARDINGS[one] for one in headers.forwarding],
    }


def duration(seconds: int) -> str:
    """`3 min 20 s`, `2 h 5 min`: two units at most."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    if minutes:
        return _("%(m)d min %(s)d s") % {"m": minutes, "s": seconds}
    return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}


def _row(file: CaseFile, pasted: PastedHeaders, index: int) -> HopRow:
    hops = pasted.headers.hops
    hop, longest = hops[index], max((one.delay or 0 for one in hops), default=0)
    filled = round(BAR * hop.delay / longest) if hop.delay and longest else 0
    return HopRow(
        host=file.shown(hop.by_host or hop.from_host) or _("a server without a name"),
        who=_owner(pasted, index),
        at=date_format(localtime(hop.at), "Y-m-d H:i:s T") if hop.at else "",
        delay=_delay_words(hop, first=not index),
        bar="▮" * max(1, filled) if hop.delay else "",
        slowest=index == pasted.headers.slowest and bool(hop.delay),
        note=_("within one network") if hop.internal else "",
    )


def _owner(pasted: PastedHeaders, index: int) -> Words:
    """Whose server took the message: whoever holds it before the next hop."""
    known = provider(pasted.headers.hops[index].provider)
    return known.name if known else SIDES[pasted.holder(index + 1)]


def _delay_words(hop: Hop, *, first: bool) -> Words:
    if hop.at is None:
        return _("no time that can be read")
    if hop.skewed:
        return _("its clock is wrong")
    if hop.delay is None:
        return _("start") if first else _("not known")
    return duration(hop.delay)


def _who_delayed(file: CaseFile, pasted: PastedHeaders) -> str:
    """One sentence about the longest wait, where it was longer than usual."""
    slowest = pasted.headers.slowest
    if slowest is None or not slowest:
        return ""
    delay = pasted.headers.hops[slowest].delay or 0
    if delay <= pasted.expected_wait:
        return ""
    holder = pasted.headers.hops[slowest - 1]
    known = provider(holder.provider)
    side = pasted.holder(slowest)
    whose = f"{known.name}, {SIDES[side]}" if known and side is not Side.UNKNOWN else str(SIDES[side])
    values = {"time": duration(delay), "host": file.shown(holder.by_host), "whose": whose}
    return _("It waited longest, %(time)s, after %(host)s had taken it (%(whose)s).") % values


def _verdict(one: SpamVerdict) -> Judged:
    detail = [str(part) for part in (WHY[one.why], FOLDERS[one.filed], one.score) if part]
    return Judged(SYSTEMS[one.system], VERDICT_STATUSES[one.word], VERDICTS[one.word], ", ".join(detail))


def _check(file: CaseFile, one: AuthResult) -> Judged:
    passed = one.result in ("pass", "bestguesspass")
    status = Status.FINE if passed else Status.PROBLEM if one.result == "fail" else Status.COULD_NOT_CHECK
    server = one.server or ("" if one.source is Source.RECEIVED_SPF else "Microsoft 365")
    seen_by = _("as %(server)s saw it") % {"server": file.shown(server)} if server else ""
    detail = ", ".join(part for part in (file.shown(one.domain), seen_by) if part)
    return Judged(one.method.upper(), status, file.shown(one.result), detail)
