"""Certificates of the mini internet, made anew at each start; keys are written to disk for other processes alone."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from diagnostics.lab.files import write_whole


class Authority:
    """The lab's own certificate authority, known to nobody but readers of `ca_file`."""

    def __init__(self, ca_file: Path) -> None:
        self.ca_file = ca_file
        self._authority = trustme.CA(organization_name="Lab", organization_unit_name="Lab CA")
        write_whole(ca_file, self._authority.cert_pem.bytes())

    def context_for(self, name: str) -> ssl.SSLContext:
        """A server's context with a certificate for that host name."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(name).configure_cert(context)
        return context

    def certificate_for(self, name: str) -> bytes:
        """A certificate for that host name with its key (PEM), for a server in a process of its own."""
        return self._authority.issue_cert(name).private_key_and_cert_chain_pem.bytes()


def self_signed_context() -> ssl.SSLContext:
    """A server's context with a certificate that vouches for itself."""
    certificate = trustme.CA(organization_name="Self-signed")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with trustme.Blob(certificate.private_key_pem.bytes() + certificate.cert_pem.bytes()).tempfile() as pem:
        context.load_cert_chain(pem)
    return context
