"""The certificate that is shown: read again when its files change, without a connection lost."""

from __future__ import annotations

import logging
import ssl
from datetime import UTC, datetime, timedelta

from cryptography import x509

from diagnostics.responder.config import Certificate

logger = logging.getLogger(__name__)
SOON = timedelta(days=14)
Stamp = tuple[tuple[int, int, int] | None, ...]


class CertificateUnusable(Exception):
    """A file is missing, may not be read, holds no certificate or key, or the two do not belong together."""


class Shown:
    """`context` is for new connections; those that are open keep the one that they began with."""

    def __init__(self, certificate: Certificate) -> None:
        """Raises CertificateUnusable."""
        self._certificate = certificate
        self._looked_at = _stamp(certificate)
        self.context = _context(certificate)

    def look_again(self) -> None:
        """Show what the files hold now, if they have changed; files that cannot be used leave the old one shown."""
        stamp = _stamp(self._certificate)
        if stamp != self._looked_at:
            self._looked_at = stamp
            self.reload()

    def reload(self) -> None:
        """The same, changed or not."""
        try:
            self.context = _context(self._certificate)
        except CertificateUnusable as problem:
            logger.error("the old certificate stays, because %s", problem)
        else:
            logger.info("the certificate was read again")


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a password of our own OpenSSL would ask for one at the terminal, and wait.
        context.load_cert_chain(certificate.chain, certificate.key, password=lambda: "")
        ends = x509.load_pem_x509_certificate(certificate.chain.read_bytes()).not_valid_after_utc
    except ssl.SSLError as problem:
        raise CertificateUnusable(
            f"{certificate.chain} and {certificate.key} are not a certificate and its key ({problem.reason})"
        ) from problem
    except OSError as problem:
        raise CertificateUnusable(f"the certificate cannot be read ({problem.strerror})") from problem
    except ValueError as problem:
        raise CertificateUnusable(f"{certificate.chain} does not begin with a certificate") from problem
    if ends - datetime.now(UTC) < SOON:
        logger.warning("the certificate ends on %s", f"{ends:%Y-%m-%d}")
    return context


def _stamp(certificate: Certificate) -> Stamp:
    stamp: list[tuple[int, int, int] | None] = []
    for file in (certificate.chain, certificate.key):
        try:
            found = file.stat()
        except OSError:
            stamp.append(None)
        else:
            stamp.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(stamp)
