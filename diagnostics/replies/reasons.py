"""The canonical reasons for a refused, late or lost message, and whose turn it is to act."""

from enum import StrEnum


class Group(StrEnum):
    """Who has to act: what the customer is told depends on this."""

    RECIPIENT = "recipient"
    SENDER = "sender"
    WAIT = "wait"
    NONE = "none"


class Reason(StrEnum):
    """Why a message was refused, delayed or lost; exactly one per reply."""

    MAILBOX_UNKNOWN = "mailbox_unknown"
    MAILBOX_FULL = "mailbox_full"
    MAILBOX_DISABLED = "mailbox_disabled"
    RECIPIENT_RESTRICTED = "recipient_restricted"
    DOMAIN_UNKNOWN = "domain_unknown"
    DOMAIN_NO_MAIL = "domain_no_mail"

    IP_REPUTATION = "ip_reputation"
    DOMAIN_REPUTATION = "domain_reputation"
    MISSING_PTR = "missing_ptr"
    AUTH_FAILURE = "auth_failure"
    SENDER_REJECTED = "sender_rejected"
    RELAY_DENIED = "relay_denied"
    TLS_REQUIRED = "tls_required"
    CONTENT_SPAM = "content_spam"
    CONTENT_VIRUS = "content_virus"
    CONTENT_POLICY = "content_policy"
    MESSAGE_TOO_LARGE = "message_too_large"
    POLICY_REJECTED = "policy_rejected"
    SUPPRESSED = "suppressed"
    PROTOCOL_ERROR = "protocol_error"

    GREYLISTED = "greylisted"
    RATE_LIMITED = "rate_limited"
    TEMPORARY_SYSTEM = "temporary_system"
    NETWORK_ERROR = "network_error"
    DELIVERY_EXPIRED = "delivery_expired"

    NOT_FAILURE = "not_failure"
    UNKNOWN = "unknown"

    @property
    def group(self) -> Group:
        """Who has to act on this reason."""
        return _GROUPS.get(self, Group.SENDER)


_RECIPIENT = (
    Reason.MAILBOX_UNKNOWN,
    Reason.MAILBOX_FULL,
    Reason.MAILBOX_DISABLED,
    Reason.RECIPIENT_RESTRICTED,
    Reason.DOMAIN_UNKNOWN,
    Reason.DOMAIN_NO_MAIL,
)
_WAIT = (
    Reason.GREYLISTED,
    Reason.RATE_LIMITED,
    Reason.TEMPORARY_SYSTEM,
    Reason.NETWORK_ERROR,
    Reason.DELIVERY_EXPIRED,
)
_GROUPS = {
    **dict.fromkeys(_RECIPIENT, Group.RECIPIENT),
    **dict.fromkeys(_WAIT, Group.WAIT),
    Reason.NOT_FAILURE: Group.NONE,
    Reason.UNKNOWN: Group.NONE,
}
