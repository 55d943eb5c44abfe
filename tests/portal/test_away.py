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
@pytest.mark.parametrize(
    ("address", "status", "wait", "words"),
    [
        ("/away", 503, "5", "We cannot answer at this moment"),
        ("/broken", 500, None, "Something went wrong on our side"),
    ],
)
def test_a_database_that_is_away_is_no_fault_of_the_page(
    address: str, status: int, wait: str | None, words: str
) -> None:
    answer = Client(raise_request_exception=False).get(address)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, wait)
    assert f"<h1>{words}</h1>" in answer.content.decode()
    assert "Please try again in a minute" in answer.content.decode()
