"""TURN over plain TCP (RFC 8656), up to its refusal: a browser's page hears 403, and we have seen the test's nonce.

Nothing is ever allocated or relayed. It passes where TLS on a port is turned away, port 80 above all.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import time

from aioice import stun

from diagnostics.echo import NONCE, Way
from diagnostics.responder.config import CREDENTIAL, REALM
from diagnostics.responder.conversation import Conversation

NONCE_SECONDS = 60
_SECRET = secrets.token_bytes(32)
"""Of this process: nonces are checked, never kept."""


class TurnConversation(Conversation):
    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while len(self.buffer) >= stun.HEADER_LENGTH and not self.transport.is_closing():
            size = _size(self.buffer)
            if size is None or size > self.config.limits.request_bytes:
                self.transport.close()
            elif len(self.buffer) < size:
                break
            else:
                message, self.buffer = self.buffer[:size], self.buffer[size:]
                self._take(message)
        if self.transport.is_closing():
            self.buffer = b""

    def _take(self, packed: bytes) -> None:
        answer = self._answer_to(packed) if self.witness.admits(self.source) else None
        if answer is None:
            self.transport.close()
        else:
            self.transport.write(answer)

    def _answer_to(self, packed: bytes) -> bytes | None:
        """None for what nobody says to a server that has given out no allocation."""
        try:
            message = stun.parse_message(packed)
        except (ValueError, struct.error):
            return None
        if message.message_class is not stun.Class.REQUEST:
            return None
        if message.message_method is stun.Method.BINDING:
            return self._mapped(message)
        if message.message_method is stun.Method.ALLOCATE:
            return self._refused(message)
        return None

    def _mapped(self, request: stun.Message) -> bytes:
        peer = self.transport.get_extra_info("peername")
        answer = _reply(request, stun.Class.RESPONSE)
        answer.attributes["XOR-MAPPED-ADDRESS"] = (self.source, peer[1])
        answer.add_fingerprint()
        return bytes(answer)

    def _refused(self, request: stun.Message) -> bytes:
        said = request.attributes
        name = said.get("USERNAME", "")
        key = hashlib.md5(f"{name}:{REALM}:{CREDENTIAL}".encode(), usedforsecurity=False).digest()
        if not (NONCE.fullmatch(name) and said.get("REALM") == REALM and request.check_message_integrity(key)):
            return self._challenge(request, 401, "Unauthorized")
        if not _is_ours(said.get("NONCE", b""), self.source):
            return self._challenge(request, 438, "Stale Nonce")
        seen = self.witness.sees(name, self.port, self.source, Way.TURN)
        answer = _reply(request, stun.Class.ERROR)
        answer.attributes["ERROR-CODE"] = (403, "Forbidden") if seen else (486, "Allocation Quota Reached")
        answer.add_message_integrity(key)  # Without it a browser does not believe the refusal.
        return bytes(answer)

    def _challenge(self, request: stun.Message, code: int, reason: str) -> bytes:
        answer = _reply(request, stun.Class.ERROR)
        answer.attributes["ERROR-CODE"] = (code, reason)
        answer.attributes["REALM"] = REALM
        answer.attributes["NONCE"] = _fresh_nonce(self.source)
        answer.add_fingerprint()
        return bytes(answer)


def _size(buffer: bytes) -> int | None:
    """Of the message that the buffer begins with, its header counted; None where none begins (RFC 8489 section 5)."""
    kind, length, cookie = struct.unpack_from("!HHI", buffer)
    if kind & 0xC000 or length % 4 or cookie != stun.COOKIE:
        return None
    return stun.HEADER_LENGTH + int(length)


def _reply(request: stun.Message, message_class: stun.Class) -> stun.Message:
    return stun.Message(request.message_method, message_class, request.transaction_id)


def _fresh_nonce(source: str) -> bytes:
    return _nonce(int(time.monotonic()), source)


def _is_ours(nonce: bytes, source: str) -> bool:
    at = nonce.partition(b".")[0]
    if not (at.isdigit() and len(at) < 16 and 0 <= time.monotonic() - int(at) < NONCE_SECONDS):
        return False
    return hmac.compare_digest(nonce, _nonce(int(at), source))


def _nonce(at: int, source: str) -> bytes:
    mac = hmac.new(_SECRET, b"%d %s" % (at, source.encode()), hashlib.sha256).hexdigest()[:32]
    return b"%d.%s" % (at, mac.encode())
