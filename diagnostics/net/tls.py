"""TLS contexts, one of each kind for the process (making one costs 25 ms), and who issued a certificate."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache, lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from diagnostics.plain import plain

MAX_TEXT = 200


@cache
def verifying_context(ca_file: str = "") -> ssl.SSLContext:
    """Trusts the system's authorities and, if given, those of the file.

    Raises OSError where the file cannot be read.
    """
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context


@cache
def unverifying_context() -> ssl.SSLContext:
    """Takes any certificate.

    For reading it, and for opportunistic TLS (RFC 3207), where the other choice is no TLS at all.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def session(transport: asyncio.BaseTransport) -> tuple[str, str]:
    """Protocol version and issuer of an encrypted connection."""
    tls = transport.get_extra_info("ssl_object")
    return tls.version() or "", issuer(tls.getpeercert(binary_form=True))


async def start_tls(
    transport: asyncio.Transport, protocol: asyncio.BaseProtocol, host: str, context: ssl.SSLContext
) -> asyncio.Transport:
    """The connection's new, encrypted transport; raises ssl.SSLError, ConnectionError or TimeoutError.

    A name out of somebody's DNS may be none that TLS can carry: then no certificate can be for it.
    """
    name = host.rstrip(".") if _may_be_named(host) else None
    if name is None and context.check_hostname:
        raise ssl.SSLCertVerificationError(1, "this name cannot stand in a certificate")
    secured = await asyncio.get_running_loop().start_tls(transport, protocol, context, server_hostname=name)
    if secured is None:
        raise ConnectionResetError("connection lost during the TLS handshake")
    return secured


@lru_cache(maxsize=64)  # a hostile server may send 100 kB each time
def issuer(certificate: bytes | None) -> str:
    """Organisation, else common name, else the whole name of the issuer of a DER certificate.

    Empty where it cannot be read.
    """
    if not certificate:
        return ""
    try:
        name = x509.load_der_x509_certificate(certificate).issuer
        named = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME) or name.get_attributes_for_oid(
            NameOID.COMMON_NAME
        )
        text = named[0].value if named else name.rfc4514_string()
    except ValueError:
        return ""
    return plain(text, MAX_TEXT).replace("\n", " ")


def problem_text(problem: ssl.SSLError) -> str:
    """What was wrong, in OpenSSL's words."""
    said = getattr(problem, "verify_message", "") or getattr(problem, "reason", "")
    return plain(said or problem.strerror or str(problem), MAX_TEXT)


def _may_be_named(host: str) -> bool:
    """Whether Python can put it into a handshake (RFC 6066 section 3)."""
    try:
        return bool(host.rstrip(".").encode("idna")) and not host.startswith(".")
    except UnicodeError:
        return False
