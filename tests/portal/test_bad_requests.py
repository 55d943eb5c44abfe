"""Requests that no page of ours sends."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, resolve, reverse

ODD_REFERENCES = ["%00", "ABC", "A" * 13, "ABCD%0A234", "ABCDÉ234"]


@pytest.mark.django_db
@pytest.mark.parametrize("reference", ODD_REFERENCES)
@pytest.mark.parametrize(
    "path", ["/cases/{}/", "/cases/{}/do/again/", "/console/cases/{}/", "/console/cases/{}/again/"]
)
def test_what_is_no_reference_is_no_address(admin_client: Client, path: str, reference: str) -> None:
    assert admin_client.get(path.format(reference)).status_code == 404


def test_a_reference_in_small_letters_is_the_same_case() -> None:
    assert resolve("/cases/abcd2345/").kwargs == {"reference": "ABCD2345"}
    with pytest.raises(NoReverseMatch):
        reverse("wizard:case", args=["\x00"])


@pytest.mark.django_db
def test_an_upload_is_not_read() -> None:
    sent = {"company_id": "ACME-1", "file": SimpleUploadedFile("big.bin", b"x" * 300_000)}
    request = RequestFactory().post("/verification/", sent)
    body = request.META["wsgi.input"]
    assert not request.FILES
    assert request.POST["company_id"] == "ACME-1"
    assert len(body.read()) > 200_000


@pytest.mark.django_db
def test_too_many_fields_are_answered_with_words(settings) -> None:
    client = Client(raise_request_exception=False)
    response = client.post(
        "/verification/", {f"field-{n}": "" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    )
    text = response.content.decode()
    assert response.status_code == 400
    assert "Go back with the Back button" in text
    assert 'href="/"' in text
