"""django-anymail's views of the sending services that may report to us, each with the keys that it checks."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from anymail.exceptions import AnymailNotSupportedWarning  # type: ignore[import-untyped]
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView  # type: ignore[import-untyped]
from anymail.webhooks.base import AnymailBaseWebhookView  # type: ignore[import-untyped]
from anymail.webhooks.brevo import BrevoTrackingWebhookView  # type: ignore[import-untyped]
from anymail.webhooks.mailgun import (  # type: ignore[import-untyped]
    MailgunInboundWebhookView,
    MailgunTrackingWebhookView,
)
from anymail.webhooks.postmark import (  # type: ignore[import-untyped]
    PostmarkInboundWebhookView,
    PostmarkTrackingWebhookView,
)
from anymail.webhooks.sendgrid import (  # type: ignore[import-untyped]
    SendGridInboundWebhookView,
    SendGridTrackingWebhookView,
)
from django.conf import settings

# Said once for every request otherwise; its normalised events are all that we use of it.
warnings.filterwarnings("ignore", category=AnymailNotSupportedWarning)

TRACKING: Mapping[str, type[AnymailBaseWebhookView]] = {
    "amazon_ses": AmazonSESTrackingWebhookView,
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "sendgrid": SendGridTrackingWebhookView,
}
INBOUND: Mapping[str, type[AnymailBaseWebhookView]] = {
    "mailgun": MailgunInboundWebhookView,
    "postmark": PostmarkInboundWebhookView,
    "sendgrid": SendGridInboundWebhookView,
}


def hook(views: Mapping[str, type[AnymailBaseWebhookView]], service: str) -> AnymailBaseWebhookView | None:
    """The service's view with our keys; None where there is none, or a key is missing without which it is open to all.

    The events that it understands go to its `signal`.
    """
    view = views.get(service)
    keys = _KEYS[service]() if service in _KEYS else {}
    if view is None or not settings.HOOK_SECRET or (service == "mailgun" and not keys["webhook_signing_key"]):
        return None
    return view(webhook_secret=settings.HOOK_SECRET, **keys)


def _mailgun() -> dict[str, Any]:
    return {"webhook_signing_key": settings.MAILGUN_SIGNING_KEY or settings.MAILGUN_API_KEY}


def _sendgrid() -> dict[str, Any]:
    key = settings.SENDGRID_VERIFICATION_KEY or None
    return {"tracking_webhook_verification_key": key, "inbound_webhook_verification_key": None}


def _amazon_ses() -> dict[str, Any]:
    """With a key of ours a new subscription is confirmed at once; without one somebody has to, in the SNS console."""
    return {
        "auto_confirm_sns_subscriptions": bool(settings.AWS_ACCESS_KEY_ID),
        "session_params": {
            "aws_access_key_id": settings.AWS_ACCESS_KEY_ID,
            "aws_secret_access_key": settings.AWS_SECRET_ACCESS_KEY,
        },
        "client_params": {"config": {"connect_timeout": 3, "read_timeout": 5, "retries": {"total_max_attempts": 1}}},
    }


_KEYS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "amazon_ses": _amazon_ses,
    "mailgun": _mailgun,
    "sendgrid": _sendgrid,
}
