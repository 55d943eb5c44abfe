"""`manage.py responder`: the port responder, on the vendor's own hosts. Needs neither database nor broker."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from diagnostics.responder.certificate import CertificateUnusable, Shown
from diagnostics.responder.config import Certificate, Config, Limits, dumped

BAD_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h, as in manage.py."""


STANDARD_INPUT = 0


class Command(BaseCommand):
    help = "Answers on every port of the article, so that a customer's network can be tried against it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        usual = Limits()
        parser.add_argument(
            "--connections-per-source",
            type=int,
            default=usual.connections_per_source,
            help="open at once from one address, for networks that many customers share (default: %(default)s)",
        )
        parser.add_argument(
            "--requests-per-source",
            type=int,
            default=usual.requests_per_source,
            help="a minute from one address (default: %(default)s)",
        )
        parser.add_argument(
            "--requests-per-test",
            type=int,
            default=usual.requests_per_test,
            help="a minute from one address with one nonce (default: %(default)s)",
        )
        parser.add_argument(
            "--connection-seconds",
            type=float,
            default=usual.connection_seconds,
            help="from a connection's first packet to its last (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        limits = Limits(**{name: options[name] for name in Limits.__slots__ if name in options})
        _become(_config(limits))


def _become(config: Config) -> None:
    """Go on in this very process as `python -m diagnostics.responder`, which has no Django in its memory."""
    configuration, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        pipe.write(dumped(config))
    os.dup2(configuration, STANDARD_INPUT)
    os.chdir(settings.BASE_DIR)
    # Fixed, because glibc else raises it at the first large buffer, and then gives none back (mallopt(3)).
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "131072"}
    os.execve(sys.executable, [sys.executable, "-m", "diagnostics.responder"], environment)  # noqa: S606


def _config(limits: Limits) -> Config:
    if not settings.RESPONDER_KEY:
        raise CommandError("RESPONDER_KEY must be set, to the portal's own", returncode=BAD_CONFIGURATION)
    certificate = None
    if settings.RESPONDER_CERTIFICATE:
        key = settings.RESPONDER_CERTIFICATE_KEY or settings.RESPONDER_CERTIFICATE
        certificate = Certificate(settings.RESPONDER_CERTIFICATE.absolute(), key.absolute())
        try:
            Shown(certificate)
        except CertificateUnusable as problem:
            raise CommandError(f"RESPONDER_CERTIFICATE: {problem}", returncode=BAD_CONFIGURATION) from None
    elif settings.HTTPS:
        raise CommandError("RESPONDER_CERTIFICATE must name a PEM file", returncode=BAD_CONFIGURATION)
    return Config(
        key=settings.RESPONDER_KEY.encode(),
        portal=settings.PORTAL_URL,
        ports=settings.RESPONDER_PORTS,
        bind=settings.RESPONDER_BIND,
        certificate=certificate,
        limits=limits,
    )
