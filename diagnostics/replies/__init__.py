"""What a mail server meant by its reply: SMTP replies and bounces as reasons a customer can be told about."""

from diagnostics.replies.bounces import BouncedRecipient, read_bounce
from diagnostics.replies.classifier import Reply, classify
from diagnostics.replies.reasons import Group, Reason

__all__ = ["BouncedRecipient", "Group", "Reason", "Reply", "classify", "read_bounce"]
