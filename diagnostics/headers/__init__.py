"""Reads the headers of a message that did arrive: which way it came, how long it took, who judged it.

Pure. Never raises, whatever is pasted. Of the message itself nothing is kept: no body, no subject, no mailbox.
"""

from diagnostics.headers.reading import LONGEST_SOURCE, read_headers
from diagnostics.headers.types import (
    AuthResult,
    Filed,
    Forwarding,
    Headers,
    Hop,
    Source,
    SpamSystem,
    SpamVerdict,
    SpamWord,
    WhyFiled,
)

__all__ = [
    "LONGEST_SOURCE",
    "AuthResult",
    "Filed",
    "Forwarding",
    "Headers",
    "Hop",
    "Source",
    "SpamSystem",
    "SpamVerdict",
    "SpamWord",
    "WhyFiled",
    "read_headers",
]
