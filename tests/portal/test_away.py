"""What is answered while the database is away."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from portal.urls import handler500  # noqa: F401 - Django asks the module for it


def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("the connection is lost")


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("a fault of our own")


urlpatterns = [path("away", away), path("broken", broken)]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("address", "status", "wait"), [("/away", 503, "5"), ("/broken", 500, None)])
def test_a_database_that_is_away_is_no_fault_of_the_page(address: str, status: int, wait: str | None) -> None:
    answer = Client(raise_request_exception=False).get(address)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, wait)
    assert "Please try again in a minute" in answer.content.decode()
