"""The servers of one place of the rig: `python -m tests.rig.servers vendor|router <folder of certificates>`.

Says `ready` when all of them listen.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

from tests.rig import faults
from tests.rig.faults import full_queue, serve
from tests.rig.names import NameServer
from tests.rig.plan import (
    CHECK_ADDRESS,
    PROXY_PORT,
    SIGN_IN_ADDRESS,
    SIGN_IN_PLAIN_PORT,
    SIGN_IN_PORT,
    SINKHOLE_ADDRESS,
    VENDORS_ROUTER,
    Net,
    Port,
)
from tests.rig.proxy import proxy

IN_OUR_PLACE: dict[Port, tuple[faults.Fault, str]] = {
    Port.SILENT: (faults.silent, ""),
    Port.HTTP_SILENT: (faults.silent, "filter"),
    Port.CLOSED: (faults.closed, ""),
    Port.RESET: (faults.reset, ""),
    Port.RESET_AFTER_HELLO: (faults.reset_after_hello, ""),
    Port.BANNER: (faults.banner, ""),
    Port.PLAIN_HTTP: (faults.plain_http, ""),
    Port.INTERCEPTED: (faults.forged, "intercepting"),
    Port.CAPTIVE: (faults.sign_in_redirect, "sign-in"),
    Port.BLOCK_PAGE: (faults.block_page, "filter"),
    Port.REDIRECT: (faults.sign_in_redirect, "filter"),
    Port.FORGED: (faults.forged, "filter"),
}
"""Who answers on the port, and with which certificate; empty: without TLS."""


async def vendor(certificates: Path) -> None:
    with full_queue(CHECK_ADDRESS, Port.QUEUE_FULL):
        for port, (fault, certificate) in IN_OUR_PLACE.items():
            await serve(fault, CHECK_ADDRESS, port, _tls(certificates, certificate) if certificate else None)
        await serve(faults.sign_in_page, SIGN_IN_ADDRESS, 443, _tls(certificates, "filter"))
        await _stay()


async def router(certificates: Path) -> None:
    loop = asyncio.get_running_loop()
    for address in ("127.0.0.1", VENDORS_ROUTER, *(net.gateway for net in Net)):
        await loop.create_datagram_endpoint(NameServer, (address, 53))
    await serve(proxy, Net.PROXY.gateway, PROXY_PORT)
    await serve(faults.sign_in_redirect, Net.CAPTIVE.gateway, SIGN_IN_PORT, _tls(certificates, "sign-in"))
    await serve(faults.sign_in_redirect, Net.CAPTIVE.gateway, SIGN_IN_PLAIN_PORT)
    await serve(faults.block_page, SINKHOLE_ADDRESS, 443, _tls(certificates, "intercepting"))
    await _stay()


async def _stay() -> None:
    print("ready", flush=True)
    await asyncio.Event().wait()


def _tls(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem")
    return context


if __name__ == "__main__":
    asyncio.run({"vendor": vendor, "router": router}[sys.argv[1]](Path(sys.argv[2])))
