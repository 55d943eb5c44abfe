from collections.abc import Iterator

import pytest

from tests.attacks.inside import Inside
from tests.attacks.inside import inside as somewhere_inside
from tests.diagnostics.net.conftest import authority, ca_file, dns_server, server_tls
from tests.portal.api.conftest import api, make_api
from tests.portal.hooks.conftest import tell

__all__ = ["api", "authority", "ca_file", "dns_server", "make_api", "server_tls", "tell"]


@pytest.fixture
def inner() -> Iterator[Inside]:
    """A host on the inside, whom nobody may reach."""
    with somewhere_inside() as host:
        yield host
        assert host.connections == 0, "somebody reached the inside"
