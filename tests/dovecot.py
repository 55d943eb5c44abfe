"""A real IMAP server, Dovecot, on loopback with one user: started by the test that needs it, gone with it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from portal.spare_ports import free_ports
from tests.customer import eventually

USER = "bounces"
PASSWORD = "s/e:c@r%t"  # noqa: S105 - of a server that lives for one test; with signs that a URL must encode
START_LIMIT = 15.0
_numbers = count(1)
PROGRAM = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")

CONFIG = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
mail_location = maildir:{home}/mail
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
first_valid_uid = 0
first_valid_gid = 0
mail_access_groups =
{users}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
  }}
}}
service anvil {{
  chroot =
}}
"""
ROOTLESS = "default_internal_user = {me}\ndefault_internal_group = {group}\ndefault_login_user = {me}"


@dataclass(frozen=True)
class Dovecot:
    """`url` reaches it over TLS, `ca_file` vouches for it. What is put into `new` is unread mail."""

    home: Path
    tls: int
    plain: int

    @property
    def url(self) -> str:
        return self._url("imaps", self.tls)

    @property
    def plain_url(self) -> str:
        return self._url("imap", self.plain)

    @property
    def ca_file(self) -> str:
        return str(self.home / "ca.pem")

    def deliver(self, content: bytes, folder: str = "") -> None:
        """As a mail server does it, into the Maildir."""
        new = self.home / "mail" / folder / "new"
        name = f"{next(_numbers)}.host"  # never used twice: Dovecot remembers each name's size
        staged = new.parent / "tmp" / name
        staged.write_bytes(content)
        if os.geteuid() == 0:
            os.chown(staged, *_mail_user())
        staged.rename(new / name)

    def _url(self, scheme: str, port: int) -> str:
        return f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/INBOX"


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """From when it takes connections; skips the test where none is installed."""
    if PROGRAM is None:
        pytest.skip("no Dovecot; as root: apt install dovecot-imapd")
    # A short path that Dovecot's own users may enter: sockets have short names, pytest's folders are closed.
    home = Path(tempfile.mkdtemp(prefix="dovecot-"))
    home.chmod(0o755)
    try:
        with _serving(home) as server:
            yield server
    finally:
        shutil.rmtree(home)


@contextmanager
def _serving(home: Path) -> Iterator[Dovecot]:
    assert PROGRAM
    uid, gid = _mail_user()
    tls, plain = free_ports(2)
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(home / "ca.pem")
    certificate.private_key_pem.write_to_path(home / "key.pem")
    for number, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(home / "cert.pem", append=number > 0)
    users = "" if os.geteuid() == 0 else ROOTLESS.format(me=getpass.getuser(), group=gid)
    for part in ("new", "cur", "tmp"):
        (home / "mail" / part).mkdir(parents=True)
    if os.geteuid() == 0:
        for path in (home, *(home / "mail").rglob("*"), home / "mail"):
            os.chown(path, uid, gid)
    escaped = PASSWORD.replace("%", "%%")
    config = home / "dovecot.conf"
    config.write_text(CONFIG.format(home=home, password=escaped, uid=uid, gid=gid, users=users, tls=tls, plain=plain))
    server = subprocess.Popen([PROGRAM, "-F", "-c", str(config)])
    try:
        eventually(lambda: _answers(tls), START_LIMIT, lambda: (home / "log").read_text())
        yield Dovecot(home, tls, plain)
    finally:
        server.terminate()
        server.wait(10)


def _mail_user() -> tuple[int, int]:
    """Dovecot lets nobody read mail as root."""
    return (os.geteuid(), os.getegid()) if os.geteuid() else (65534, 65534)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
