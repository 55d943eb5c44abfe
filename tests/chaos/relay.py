"""`python -m tests.chaos.relay <port>=<path> ...`: passes what comes to a port of 127.0.0.1 on to a Unix socket."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

AT_ONCE = 65536


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while octets := await reader.read(AT_ONCE):
            writer.write(octets)
            await writer.drain()
    except OSError:
        pass  # one side has gone: so does the other
    finally:
        writer.close()


async def connect(path: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there, back = await asyncio.open_unix_connection(path)
    await asyncio.gather(carry(reader, back), carry(there, writer))


async def serve(ways: list[str]) -> None:
    async with asyncio.TaskGroup() as group:
        for way in ways:
            port, _, path = way.partition("=")
            server = await asyncio.start_server(partial(connect, path), "127.0.0.1", int(port))
            group.create_task(server.serve_forever())


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
