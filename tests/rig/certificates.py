"""Two certificate authorities: the one that everybody trusts, and the one of those who stand in between."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tests.rig.plan import CHECK, PORTAL, SIGN_IN, Name

TRUSTED = {"portal": [PORTAL], "check": [CHECK, *Name], "filter": [CHECK, SIGN_IN]}
"""`filter` is a web filter's, whose authority the company has put on its machines."""
UNTRUSTED = {"intercepting": [CHECK, *Name], "sign-in": [SIGN_IN]}
MIDDLEMAN = "Example Firewall"
"""Who signs what nobody trusts."""


def make(folder: Path) -> None:
    """One PEM file each with key and certificate, and `ca.pem` with the authority that is trusted."""
    folder.mkdir(parents=True, exist_ok=True)
    trusted, untrusted = trustme.CA(organization_name="Example CA"), trustme.CA(organization_name=MIDDLEMAN)
    trusted.cert_pem.write_to_path(folder / "ca.pem")
    for authority, leaves in ((trusted, TRUSTED), (untrusted, UNTRUSTED)):
        for name, hosts in leaves.items():
            leaf = authority.issue_cert(*hosts)
            key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
            # PKCS #8, the only form that granian reads.
            written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            chain = b"".join(certificate.bytes() for certificate in leaf.cert_chain_pems)
            (folder / f"{name}.pem").write_bytes(written + chain)


def pins(folder: Path) -> str:
    """What Chromium takes for trusted: the hashes of the keys of TRUSTED, for --ignore-certificate-errors-spki-list."""
    return ",".join(_pin(folder / f"{name}.pem") for name in TRUSTED)


def _pin(path: Path) -> str:
    key = x509.load_pem_x509_certificates(path.read_bytes())[0].public_key()
    written = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(written).digest()).decode()
