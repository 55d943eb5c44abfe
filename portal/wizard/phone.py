"""A section's link for a phone, as a QR code: the phone may be where the computer cannot, on the device's Wi-Fi."""

from __future__ import annotations

from dataclasses import dataclass

import segno
from django.conf import settings
from django.urls import reverse

from diagnostics.domain import Section


@dataclass(frozen=True, slots=True)
class PhoneLink:
    """`image` is a data: URI. Whoever has the link has the case."""

    link: str
    image: str


def link_to(token: str, section: Section) -> PhoneLink:
    link = settings.PORTAL_URL + reverse("wizard:open_section", args=[token, section.slug])
    # Dark on light whatever the page's colours: many phones read no other.
    return PhoneLink(link, segno.make_qr(link, error="m").svg_data_uri(scale=4, border=4, light="#fff"))
