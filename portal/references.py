"""Case references in addresses."""

from __future__ import annotations

from django.urls import register_converter


class CaseReference:
    """Letters and digits; typed in small letters it is the same case."""

    regex = "[0-9A-Za-z]{8,12}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value


register_converter(CaseReference, "reference")
