"""A receiver of webhooks on loopback that speaks HTTPS, and a lab's state file that leads to it."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import trustme
from standardwebhooks import Webhook

ADDRESS = "203.0.113.20"
URL = f"https://{ADDRESS}/in?tenant=1"


@dataclass(frozen=True)
class Message:
    """One request: its path, headers with names in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(self.body)

    def verified(self, secret: str) -> dict[str, Any]:
        """As a receiver with the library would read it; raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Runs while its `with` block does. `status` answers everything that comes; `on_message` may do more, or else.

    `connections` counts who came, with whatever they said.
    """

    tls: ssl.SSLContext | None = None
    status: int = 200
    answer_headers: dict[str, str] = field(default_factory=dict)
    on_message: Callable[[Message], int | None] = lambda message: None
    taken: list[Message] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.receiver = self
        self.port: int = self._server.server_address[1]
        self.endpoint = f"127.0.0.1:{self.port}"

    def __enter__(self) -> Receiver:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name that the base class looks for
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                message = Message(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                receiver.taken.append(message)
                status = receiver.on_message(message) or receiver.status
                with suppress(OSError):  # the other side had enough
                    self.send_response(status)
                    for name, value in receiver.answer_headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.receiver.connections += 1
        with suppress(OSError):
            if self.receiver.tls is not None:
                request = self.receiver.tls.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)
            request.close()


def certified(folder: Path, *names: str) -> tuple[ssl.SSLContext, str]:
    """A receiver's TLS context for these names, and the file of the authority that vouches for it."""
    authority = trustme.CA(organization_name="Example Test Authority")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return context, str(ca_file)


def write_state(path: Path, ca_file: str, dial_map: dict[str, str], nameserver: str = "127.0.0.1:9") -> None:
    """What a running lab writes down about itself: here, that these addresses are the receivers'."""
    state = {"nameserver": nameserver, "zones": ["test"], "dial_map": dial_map, "ca_file": ca_file}
    path.write_text(json.dumps(state))
