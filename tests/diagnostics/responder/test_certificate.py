"""The certificate is read again when its files change; whatever is wrong with them, something is always shown."""

from __future__ import annotations

import asyncio
import logging
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from diagnostics.responder.certificate import CertificateUnusable, Shown
from diagnostics.responder.config import Certificate
from tests.diagnostics.responder.visitors import NONCE, Start

FAR = datetime.now(UTC) + timedelta(days=365)


class Files:
    """A pair of PEM files, issued again and again."""

    def __init__(self, folder: Path) -> None:
        self.certificate = Certificate(folder / "chain.pem", folder / "key.pem")
        self.authority = trustme.CA()
        self.issue()

    def issue(self, not_after: datetime = FAR) -> None:
        issued = self.authority.issue_cert("127.0.0.1", not_after=not_after)
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        self.write(chain, issued.private_key_pem.bytes())

    def write(self, chain: bytes, key: bytes) -> None:
        for file, content in ((self.certificate.chain, chain), (self.certificate.key, key)):
            fresh = file.with_suffix(".new")
            fresh.write_bytes(content)
            fresh.replace(file)

    @property
    def serial(self) -> str:
        return f"{x509.load_pem_x509_certificate(self.certificate.chain.read_bytes()).serial_number:X}"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


async def test_new_connections_see_the_new_one_and_old_ones_go_on(start: Start, files: Files) -> None:
    def serial(visitor: object) -> str:
        return visitor.writer.get_extra_info("peercert")["serialNumber"].lstrip("0")  # type: ignore[attr-defined]

    async with start() as point:
        point.server.shown = shown = Shown(files.certificate)
        files.authority.configure_trust(point.trusting)
        old = await point.visit()
        assert serial(old) == files.serial
        files.issue()
        shown.look_again()
        new = await point.visit()
        assert serial(new) == files.serial != serial(old)
        for visitor in (old, new):
            assert (await visitor.get(f"/e?n={NONCE}")).status == 200


def test_it_is_read_again_only_when_it_has_changed(files: Files) -> None:
    shown = Shown(files.certificate)
    context = shown.context
    shown.look_again()
    assert shown.context is context
    shown.reload()
    assert shown.context is not context


def test_a_pair_written_in_two_steps_is_taken_once_it_is_whole(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    shown = Shown(files.certificate)
    context, key = shown.context, files.certificate.key.read_bytes()
    files.issue()
    fresh = files.certificate.key.read_bytes()
    files.write(files.certificate.chain.read_bytes(), key)
    with caplog.at_level(logging.INFO, "diagnostics.responder"):
        shown.look_again()
        shown.look_again()
        assert shown.context is context
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        files.write(files.certificate.chain.read_bytes(), fresh)
        shown.look_again()
    assert shown.context is not context
    assert "the certificate was read again" in caplog.text


def test_a_pair_that_is_gone_leaves_the_old_one(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    shown = Shown(files.certificate)
    context = shown.context
    files.certificate.chain.unlink()
    shown.look_again()
    assert shown.context is context
    assert "the old certificate stays, because the certificate cannot be read" in caplog.text


@pytest.mark.parametrize("broken", ["missing", "empty", "nonsense", "other key", "no key", "encrypted key", "folder"])
def test_a_pair_that_cannot_be_used_is_refused(files: Files, broken: str) -> None:
    chain, key = files.certificate.chain, files.certificate.key
    match broken:
        case "missing":
            chain.unlink()
        case "empty":
            chain.write_bytes(b"")
        case "nonsense":
            chain.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        case "other key":
            kept = chain.read_bytes()
            files.issue()
            chain.write_bytes(kept)
        case "no key":
            key.write_bytes(chain.read_bytes())
        case "encrypted key":
            loaded = load_pem_private_key(key.read_bytes(), None)
            hidden = BestAvailableEncryption(b"a pass phrase")
            key.write_bytes(loaded.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
        case "folder":
            chain.unlink()
            chain.mkdir()
    with pytest.raises(CertificateUnusable) as refused:
        Shown(files.certificate)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) > 20


@pytest.mark.parametrize(("days", "warned"), [(60, False), (13, True), (-1, True)])
def test_one_that_ends_soon_is_said_in_the_log(
    files: Files, caplog: pytest.LogCaptureFixture, days: int, warned: bool
) -> None:
    files.issue(datetime.now(UTC) + timedelta(days=days))
    Shown(files.certificate)
    assert ("the certificate ends on" in caplog.text) is warned


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_old_tls_is_not_spoken(start: Start) -> None:
    async with start() as point:
        old = point.trusting
        ancient = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ancient.load_verify_locations(cadata=ssl.DER_cert_to_PEM_cert(old.get_ca_certs(binary_form=True)[-1]))
        ancient.set_ciphers("ALL:@SECLEVEL=0")
        ancient.minimum_version = ancient.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", point.server.ports[80], ssl=ancient)
