"""What spam filters on the way wrote about the message. One reader a system; None where it left no trace.

What a filter at the sender's end thought of outgoing mail says nothing about its arrival and is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from diagnostics.headers.microsoft import microsoft
from diagnostics.headers.types import Filed, SpamSystem, SpamVerdict, SpamWord, WhyFiled

Values = Mapping[str, str]
"""The first, that is the newest, value of each field."""

NUMBER = re.compile(r"-?\d{1,6}(?:\.\d{1,6})?")
LONGEST_SCORE = 80


def read_spam(fields: Iterable[tuple[str, str]]) -> tuple[SpamVerdict, ...]:
    """One verdict for each system that left one."""
    values: dict[str, str] = {}
    for name, value in fields:
        values.setdefault(name, value)
    return tuple(found for reader in READERS if (found := reader(values)))


def google(values: Values) -> SpamVerdict | None:
    """Google Workspace writes these where its administrator had a routing rule add them; Gmail itself does not."""
    spam, phishy = values.get("x-gm-spam", "").strip(), values.get("x-gm-phishy", "").strip()
    if not (spam or phishy):
        return None
    score = ", ".join(f"{name} {said[:8]}" for name, said in (("spam", spam), ("phishy", phishy)) if said)
    if phishy == "1":
        return SpamVerdict(SpamSystem.GOOGLE, SpamWord.SPAM, score, WhyFiled.PHISHING)
    if spam == "1":
        return SpamVerdict(SpamSystem.GOOGLE, SpamWord.SPAM, score, WhyFiled.SCORE)
    return SpamVerdict(SpamSystem.GOOGLE, SpamWord.CLEAN if spam == "0" else SpamWord.UNKNOWN, score)


PROOFPOINT_THREATS = {
    "phish": WhyFiled.PHISHING,
    "impostor": WhyFiled.IMPERSONATION,
    "malware": WhyFiled.MALWARE,
}


def proofpoint(values: Values) -> SpamVerdict | None:
    """`rule=notspam policy=default score=0 spamscore=0 ...`: the rule that decided, and a score up to 100."""
    details = values.get("x-proofpoint-spam-details", "")
    rule = _first(r"\brule=([\w.-]+)", details).lower()
    if rule.startswith("outbound"):
        return None
    if not details:
        scanned = "x-proofpoint-virus-version" in values or "x-proofpoint-spam-details-enc" in values
        return SpamVerdict(SpamSystem.PROOFPOINT, SpamWord.UNKNOWN) if scanned else None
    score = ", ".join(part for part in (rule, _first(r"\bscore=(\d+)", details)) if part)[:LONGEST_SCORE]
    if "notspam" in rule or rule == "safe":
        return SpamVerdict(SpamSystem.PROOFPOINT, SpamWord.CLEAN, score, WhyFiled.SCORE)
    for part, why in PROOFPOINT_THREATS.items():
        if part in rule:
            return SpamVerdict(SpamSystem.PROOFPOINT, SpamWord.SPAM, score, why)
    if "bulk" in rule or "suspect" in rule or "lowpriority" in rule:
        why = WhyFiled.SCORE if "suspect" in rule else WhyFiled.BULK
        return SpamVerdict(SpamSystem.PROOFPOINT, SpamWord.SUSPECT, score, why)
    if "spam" in rule:
        return SpamVerdict(SpamSystem.PROOFPOINT, SpamWord.SPAM, score, WhyFiled.SCORE)
    return SpamVerdict(SpamSystem.PROOFPOINT, SpamWord.UNKNOWN, score)


MIMECAST_ACTS_FROM = 3.0
"""The score from which the strictest setting acts. Which is set, the headers do not tell: above it is a suspicion."""


def mimecast(values: Values) -> SpamVerdict | None:
    """A score, a mark on what many people got alike, and `...=true` for each sign of somebody posing as another."""
    score = _number(values.get("x-mimecast-spam-score", ""))
    posing = values.get("x-mimecast-impersonation-protect", "")
    if "=true" in posing.replace(" ", "").lower():
        return SpamVerdict(SpamSystem.MIMECAST, SpamWord.SUSPECT, _text(score), WhyFiled.IMPERSONATION)
    if values.get("x-mimecast-bulk-signature", "").strip().lower() == "yes":
        return SpamVerdict(SpamSystem.MIMECAST, SpamWord.SUSPECT, _text(score), WhyFiled.BULK)
    if score is None:
        return SpamVerdict(SpamSystem.MIMECAST, SpamWord.UNKNOWN) if posing else None
    word = SpamWord.SUSPECT if score >= MIMECAST_ACTS_FROM else SpamWord.CLEAN
    return SpamVerdict(SpamSystem.MIMECAST, word, _text(score), WhyFiled.SCORE)


def barracuda(values: Values) -> SpamVerdict | None:
    """`No, SCORE=0.00 using global scores of TAG_LEVEL=3.5 QUARANTINE_LEVEL=5.0 KILL_LEVEL=9.0`."""
    status = values.get("x-barracuda-spam-status", "")
    flag = values.get("x-barracuda-spam-flag", "").strip().lower()
    score = _number(values.get("x-barracuda-spam-score", "")) or _number(_first(r"SCORE=(-?[\d.]+)", status))
    if flag.startswith("yes") or re.match(r"\s*yes\b", status, re.IGNORECASE):
        return SpamVerdict(SpamSystem.BARRACUDA, SpamWord.SPAM, _text(score), WhyFiled.SCORE)
    if re.match(r"\s*no\b", status, re.IGNORECASE):
        return SpamVerdict(SpamSystem.BARRACUDA, SpamWord.CLEAN, _text(score), WhyFiled.SCORE)
    seen = status or flag or "x-barracuda-spam-score" in values or "x-barracuda-spam-report" in values
    return SpamVerdict(SpamSystem.BARRACUDA, SpamWord.UNKNOWN, _text(score)) if seen else None


def cisco(values: Values) -> SpamVerdict | None:
    """The result is sealed: only that the gateway looked can be read. Its advanced malware scanner speaks plainly."""
    found = values.get("x-amp-result", "").strip().lower()
    if found.startswith("malicious"):
        return SpamVerdict(SpamSystem.CISCO, SpamWord.SPAM, "AMP malicious", WhyFiled.MALWARE)
    names = ("x-ironport-anti-spam-result", "x-ironport-anti-spam-filtered", "x-ironport-av", "x-ipas-result")
    return SpamVerdict(SpamSystem.CISCO, SpamWord.UNKNOWN) if any(name in values for name in names) else None


SOPHOS_LIKELY = 50.0
"""Per cent from which on the delivered rules treat a message as spam."""


def sophos(values: Values) -> SpamVerdict | None:
    """A probability: of 1 (Sophos Email), or in per cent (PureMessage)."""
    share = _number(values.get("x-lased-spamprobability", ""))
    per_cent = _number(
        _first(r"Probability=([\d.]+)%", values.get("x-pmx-spam", "") or values.get("x-perlmx-spam", ""))
    )
    if share is not None:
        per_cent = share * 100
    if per_cent is None:
        traced = any(name.startswith(("x-sophos-", "x-pmx-", "x-lased-")) for name in values)
        return SpamVerdict(SpamSystem.SOPHOS, SpamWord.UNKNOWN) if traced else None
    word = SpamWord.SUSPECT if per_cent >= SOPHOS_LIKELY else SpamWord.CLEAN
    return SpamVerdict(SpamSystem.SOPHOS, word, f"{per_cent:.0f} %", WhyFiled.SCORE)


def trend_micro(values: Values) -> SpamVerdict | None:
    """`Yes-5.339-5.0-31-1`: spam or not, score, threshold, category, 1 for spam and 2 for phishing.

    Source: https://success.trendmicro.com/en-US/solution/KA-0001462.
    """
    result = values.get("x-tm-as-result", "")
    found = re.match(r"\s*(yes|no)-(-?[\d.]{1,12})(?:-([\d.]{1,12}))?(?:-\d{1,6}-(\d))?", result, re.IGNORECASE)
    if not found:
        traced = any(name.startswith(("x-tm-as-", "x-tmase-")) for name in values)
        return SpamVerdict(SpamSystem.TREND_MICRO, SpamWord.UNKNOWN) if traced else None
    score = f"{found[2]} of {found[3]}" if found[3] else found[2]
    if found[1].lower() == "no":
        return SpamVerdict(SpamSystem.TREND_MICRO, SpamWord.CLEAN, score, WhyFiled.SCORE)
    why = WhyFiled.PHISHING if found[4] == "2" else WhyFiled.SCORE
    return SpamVerdict(SpamSystem.TREND_MICRO, SpamWord.SPAM, score, why)


def apple(values: Values) -> SpamVerdict | None:
    """Apple publishes no dictionary of these fields; the folder is named in clear words."""
    folder = values.get("x-apple-movetofolder", "").strip().lower()
    action = values.get("x-apple-action", "").strip().lower()
    if not (folder or action):
        return None
    score = _text(_number(values.get("x-icl-score", "")))
    if "junk" in folder or "junk" in action:
        return SpamVerdict(SpamSystem.APPLE, SpamWord.SPAM, score, WhyFiled.UNSAID, Filed.JUNK)
    if folder == "inbox":
        return SpamVerdict(SpamSystem.APPLE, SpamWord.CLEAN, score, WhyFiled.UNSAID, Filed.INBOX)
    return SpamVerdict(SpamSystem.APPLE, SpamWord.UNKNOWN, score)


def yahoo(values: Values) -> SpamVerdict | None:
    """What X-YMailISG seals only Yahoo can read; X-YahooFilteredBulk stands on what went to the bulk folder."""
    if "x-yahoofilteredbulk" in values:
        return SpamVerdict(SpamSystem.YAHOO, SpamWord.SPAM, "", WhyFiled.BULK, Filed.JUNK)
    seen = "x-ymailisg" in values or "x-apparently-to" in values
    return SpamVerdict(SpamSystem.YAHOO, SpamWord.UNKNOWN) if seen else None


def gmx(values: Values) -> SpamVerdict | None:
    """GMX, web.de and mail.com: `notjunk:1;...` or `junk:10;...`."""
    found = re.match(r"\s*(notjunk|junk):(\d{1,3})", values.get("x-ui-filterresults", ""), re.IGNORECASE)
    if not found:
        return None
    junk = found[1].lower() == "junk"
    score = f"{found[1].lower()} {found[2]}"
    filed = Filed.JUNK if junk else Filed.UNSAID
    return SpamVerdict(SpamSystem.GMX, SpamWord.SPAM if junk else SpamWord.CLEAN, score, WhyFiled.SCORE, filed)


RSPAMD_ACTIONS = {
    "no action": SpamWord.CLEAN,
    "greylist": SpamWord.SUSPECT,
    "soft reject": SpamWord.SUSPECT,
    "add header": SpamWord.SPAM,
    "rewrite subject": SpamWord.SPAM,
    "reject": SpamWord.SPAM,
    "quarantine": SpamWord.SPAM,
}


def rspamd(values: Values) -> SpamVerdict | None:
    """`default: False [1.20 / 15.00]`; the threshold in it is the one for refusal, so `False` alone is not clean."""
    result = values.get("x-spamd-result", "")
    found = re.search(r":\s*(True|False)\s*\[\s*(-?[\d.]{1,12})\s*/\s*(-?[\d.]{1,12})", result)
    action = RSPAMD_ACTIONS.get(values.get("x-rspamd-action", "").strip().lower())
    bar = values.get("x-spamd-bar", "").strip()
    if not (found or action or bar):
        return None
    score = f"{found[2]} of {found[3]}" if found else bar[:20]
    if values.get("x-spam", "").strip().lower() == "yes" or (found and found[1] == "True"):
        return SpamVerdict(SpamSystem.RSPAMD, SpamWord.SPAM, score, WhyFiled.SCORE)
    if action:
        return SpamVerdict(SpamSystem.RSPAMD, action, score, WhyFiled.SCORE)
    good = _number(found[2]) if found else (-1.0 if bar.startswith(("-", "/")) else None)
    word = SpamWord.CLEAN if good is not None and good <= 0 else SpamWord.UNKNOWN
    return SpamVerdict(SpamSystem.RSPAMD, word, score, WhyFiled.SCORE)


def spamassassin(values: Values) -> SpamVerdict | None:
    """`No, score=0.1 required=5.0 tests=...`, as SpamAssassin and many others write it."""
    status, flag = values.get("x-spam-status", ""), values.get("x-spam-flag", "").strip().lower()
    found = re.search(r"(?:score|hits)=(-?[\d.]{1,12})(?:\s+(?:required|tagged_above)=(-?[\d.]{1,12}))?", status)
    score = found[1] if found else _text(_number(values.get("x-spam-score", "")))
    if found and found[2]:
        score = f"{found[1]} of {found[2]}"
    if flag.startswith(("yes", "true")) or re.match(r"\s*yes\b", status, re.IGNORECASE):
        return SpamVerdict(SpamSystem.SPAMASSASSIN, SpamWord.SPAM, score, WhyFiled.SCORE)
    if flag.startswith(("no", "false")) or re.match(r"\s*no\b", status, re.IGNORECASE):
        return SpamVerdict(SpamSystem.SPAMASSASSIN, SpamWord.CLEAN, score, WhyFiled.SCORE)
    if status or flag or "x-spam-score" in values or "x-spam-level" in values:
        return SpamVerdict(SpamSystem.SPAMASSASSIN, SpamWord.UNKNOWN, score or values.get("x-spam-level", "")[:20])
    return None


READERS: tuple[Callable[[Values], SpamVerdict | None], ...] = (
    microsoft,
    google,
    apple,
    yahoo,
    gmx,
    proofpoint,
    mimecast,
    barracuda,
    cisco,
    sophos,
    trend_micro,
    rspamd,
    spamassassin,
)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.IGNORECASE)
    return found[1] if found else ""


def _number(text: str) -> float | None:
    found = NUMBER.match(text.strip())
    return float(found[0]) if found else None


def _text(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
