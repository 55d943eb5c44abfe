"""Puts one behaviour on a lab's stage, and talks to it from outside."""

import smtplib
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from diagnostics.lab.serve import Lab

ADDRESS = "198.51.100.7"
HOST = "mx.example.test"

Stage = Callable[..., AbstractAsyncContextManager[Lab]]


def where(lab: Lab, port: int, address: str = ADDRESS) -> tuple[str, int]:
    """The loopback address and port that play the documentation address and port."""
    ip, _, number = lab.state["dial_map"][f"{address}:{port}"].rpartition(":")
    return ip, int(number)


def connect(lab: Lab, port: int, timeout: float = 5.0) -> socket.socket:
    return socket.create_connection(where(lab, port), timeout=timeout)


def smtp_client(lab: Lab) -> smtplib.SMTP:
    client = smtplib.SMTP(local_hostname="sender.example.org", timeout=5)
    client.connect(*where(lab, 25))
    client._host = HOST  # type: ignore[attr-defined]  # What starttls() verifies: we connect to an address.
    return client
