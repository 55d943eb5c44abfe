"""What test keys work with."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from diagnostics.canned import canned
from portal.api.answers import read
from portal.api.schemas import TestDomain, TestDomains

router = Router(tags=["Trying it out"])


@router.get("/test-domains", auth=None, response=TestDomains, operation_id="listTestDomains", url_name="test-domains")
def list_them(request: HttpRequest) -> HttpResponse:
    """The domains that test keys work with, each with the diagnosis that a case about it comes to. Needs no key.

    Nothing is probed or sent for them: recorded evidence is judged by the real checks.
    """
    items = [
        TestDomain(
            address=one.address,
            domain=one.domain,
            title=one.title,
            verdict=one.verdict,
            cause=one.cause or None,
            stage=one.stage,
            tier=one.tier,
        )
        for one in canned().values()
    ]
    return read(request, TestDomains(items=items))
