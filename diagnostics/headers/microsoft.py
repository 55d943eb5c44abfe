"""What Microsoft 365 and Outlook.com write about a message.

Source: https://learn.microsoft.com/en-us/defender-office-365/message-headers-eop-mdo. Where the mailbox put the
message stands in a field that Microsoft does not explain: `dest:J` is junk, `dest:I` the inbox.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from diagnostics.headers.types import Filed, SpamSystem, SpamVerdict, SpamWord, WhyFiled

PART = re.compile(r"\b(SCL|SFV|CAT|SFTY|PCL|BCL|dest)\s*:\s*([A-Za-z0-9.-]*)")
JUDGED = "x-forefront-antispam-report"
BULK = "x-microsoft-antispam"
PLACED = "x-microsoft-antispam-mailbox-delivery"
LEVEL = "x-ms-exchange-organization-scl"

SHOWN = ("SCL", "SFV", "CAT", "SFTY", "PCL", "BCL")
SPAM_FROM = 5
"""The spam confidence level from which on a message is spam; 9 is high confidence, -1 means not looked at."""
BULK_FROM = 7
"""The bulk complaint level from which on the standard policy takes a message for unwanted bulk mail."""

FILTERED: dict[str, tuple[SpamWord, WhyFiled]] = {
    "SPM": (SpamWord.SPAM, WhyFiled.SCORE),
    "SKS": (SpamWord.SPAM, WhyFiled.BLOCKED_BY_POLICY),
    "SKB": (SpamWord.SPAM, WhyFiled.BLOCKED_BY_POLICY),
    "BLK": (SpamWord.SPAM, WhyFiled.BLOCKED_BY_USER),
    "NSPM": (SpamWord.CLEAN, WhyFiled.SCORE),
    "SFE": (SpamWord.CLEAN, WhyFiled.ALLOWED_BY_USER),
    "SKA": (SpamWord.CLEAN, WhyFiled.ALLOWED_BY_POLICY),
    "SKN": (SpamWord.CLEAN, WhyFiled.ALLOWED_BY_POLICY),
    "SKI": (SpamWord.CLEAN, WhyFiled.ALLOWED_BY_POLICY),
    "SKQ": (SpamWord.CLEAN, WhyFiled.RELEASED),
}
"""SFV, the verdict of the spam filter."""
CATEGORIES: dict[str, WhyFiled] = {
    "BULK": WhyFiled.BULK,
    "PHSH": WhyFiled.PHISHING,
    "HPHSH": WhyFiled.PHISHING,
    "HPHISH": WhyFiled.PHISHING,
    "INTOS": WhyFiled.PHISHING,
    "SPOOF": WhyFiled.IMPERSONATION,
    "BIMP": WhyFiled.IMPERSONATION,
    "DIMP": WhyFiled.IMPERSONATION,
    "GIMP": WhyFiled.IMPERSONATION,
    "UIMP": WhyFiled.IMPERSONATION,
    "MALW": WhyFiled.MALWARE,
    "AMP": WhyFiled.MALWARE,
    "SAP": WhyFiled.MALWARE,
    "FTBP": WhyFiled.MALWARE,
}
"""CAT, the policy that decided, where it is more than the spam filter (SPM, HSPM, OSPM, NONE)."""


def microsoft(fields: Mapping[str, str]) -> SpamVerdict | None:
    parts = {name.upper(): said for name, said in reversed(PART.findall(fields.get(JUDGED, "")))}
    parts.setdefault("BCL", _part(fields.get(BULK, ""), "BCL"))
    parts["SCL"] = parts.get("SCL") or fields.get(LEVEL, "").strip()[:3]
    placed = _part(fields.get(PLACED, ""), "dest")
    if not (fields.keys() & {JUDGED, LEVEL, PLACED}):
        return None
    filed = {"J": Filed.JUNK, "I": Filed.INBOX}.get(placed, Filed.UNSAID)
    word, why = _judged(parts)
    if filed is Filed.JUNK and word is not SpamWord.SPAM:
        # The mailbox's own filter, or a blocked sender, decided against the organisation's.
        word, why = SpamWord.SPAM, WhyFiled.UNSAID
    score = ", ".join(
        f"{name} {parts[name]}" for name in ("SCL", "SFV", "CAT", "SFTY", "PCL", "BCL") if parts.get(name)
    )
    return SpamVerdict(SpamSystem.MICROSOFT, word, score, why, filed)


def _judged(parts: Mapping[str, str]) -> tuple[SpamWord, WhyFiled]:
    level, bulk = _number(parts.get("SCL", "")), _number(parts.get("BCL", ""))
    word, why = FILTERED.get(parts.get("SFV", ""), (SpamWord.UNKNOWN, WhyFiled.UNSAID))
    category = CATEGORIES.get(parts.get("CAT", ""))
    if word is SpamWord.UNKNOWN and level is not None:
        word, why = (SpamWord.SPAM if level >= SPAM_FROM else SpamWord.CLEAN), WhyFiled.SCORE
    if why is WhyFiled.SCORE and word is SpamWord.CLEAN and level is not None and level >= SPAM_FROM:
        word = SpamWord.SPAM
    if word is SpamWord.SPAM and why is WhyFiled.SCORE and category:
        why = category
    elif word is SpamWord.CLEAN and why is WhyFiled.SCORE and (category or (bulk or 0) >= BULK_FROM):
        word, why = SpamWord.SUSPECT, category or WhyFiled.BULK
    return word, why


def _part(text: str, wanted: str) -> str:
    return next((said for name, said in PART.findall(text) if name == wanted), "")


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,2}", text) else None
