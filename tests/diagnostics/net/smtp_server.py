"""A mail server that follows a script: what it answers to each verb, and what it was told."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from dataclasses import dataclass, field

GREETING = {
    "banner": "220 mx.test ready",
    "EHLO": "250-mx.test\r\n250-SIZE 1000\r\n250 8BITMIME",
    "HELO": "250 mx.test",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "content": "250 2.0.0 queued as 1",
    "QUIT": "221 bye",
}
CLOSE = ""
"""In place of an answer: close the connection."""
RESET = "RESET"
SILENCE = "SILENCE"


@dataclass
class MailServer:
    """`says` overrides the answers by verb. With `tls`, STARTTLS is offered until it has been used.

    With `handshake` (a text, CLOSE, RESET or SILENCE), STARTTLS is offered and this follows the client's first move.
    """

    says: dict[str, str | bytes] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    handshake: str | None = None
    verbs: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted = False
        if not await self._answer("banner", writer):
            return
        while line := await reader.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            self.verbs.append(verb)
            self.commands.append(line.decode().rstrip("\r\n"))
            if not await self._answer(verb, writer, encrypted):
                return
            if verb == "STARTTLS" and self.handshake is not None:
                await reader.read(1)
                await self._say(self.handshake.encode(), writer)
                return
            if verb == "STARTTLS" and self.tls is not None:
                await writer.start_tls(self.tls)
                encrypted = True
            if verb == "DATA" and self._text("DATA").startswith(b"354"):
                self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                if not await self._answer("content", writer):
                    return
            if verb == "QUIT":
                return

    def _text(self, verb: str, encrypted: bool = False) -> bytes:
        text = {**GREETING, **self.says}.get(verb, "502 unknown command")
        tls = self.tls is not None or self.handshake is not None
        if verb == "EHLO" and tls and not encrypted and verb not in self.says:
            text = "250-mx.test\r\n250-SIZE 1000\r\n250 STARTTLS"
        if verb == "STARTTLS" and tls and verb not in self.says:
            text = "220 go ahead"
        return text if isinstance(text, bytes) else text.encode()

    async def _answer(self, verb: str, writer: asyncio.StreamWriter, encrypted: bool = False) -> bool:
        return await self._say(self._text(verb, encrypted), writer)

    async def _say(self, text: bytes, writer: asyncio.StreamWriter) -> bool:
        if text == SILENCE.encode():
            await asyncio.sleep(60)
        if text == RESET.encode():
            linger = struct.pack("ii", 1, 0)  # Close with a reset instead of a goodbye.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return False
        if not text:
            return False
        writer.write(text if text.endswith(b"\n") else text + b"\r\n")
        await writer.drain()
        return True
