"""HTTP services of the vendor's that run beside the mini internet: real servers on loopback, in threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import ThreadingHTTPServer

from diagnostics.lab.ports import LOOPBACK

ANY_PORT = (LOOPBACK, 0)
BETWEEN_LOOKS = 0.05
"""Seconds between two looks whether the server must end."""


@asynccontextmanager
async def running(server: ThreadingHTTPServer, name: str) -> AsyncIterator[str]:
    """Serve until the block ends; gives the address to ask, without a path."""
    thread = threading.Thread(target=server.serve_forever, args=(BETWEEN_LOOKS,), name=name, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_address[1]}"
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()
