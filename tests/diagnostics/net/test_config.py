"""A configuration that cannot be meant is refused with a sentence that says why."""

from pathlib import Path

import pytest

from diagnostics.net.config import Endpoint, NetworkConfig, load_dial_map, parse_endpoint


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("192.0.2.1:53", Endpoint("192.0.2.1", 53)),
        ("[2001:DB8:0:0::1]:53", Endpoint("2001:db8::1", 53)),
    ],
    ids=["v4", "v6"],
)
def test_an_endpoint_is_read(text: str, endpoint: Endpoint) -> None:
    assert parse_endpoint(text) == endpoint
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"nameservers": ("192.0.2.1",)}, "'192.0.2.1' is not an address and a port"),
        ({"nameservers": ("ns.example.org:53",)}, "'ns.example.org:53' is not an address and a port"),
        ({"nameservers": ("300.1.1.1:53",)}, "'300.1.1.1' is not an IP address"),
        ({"nameservers": ("192.0.2.1:70000",)}, "port 70000 is not between 1 and 65535"),
        ({"zones": {"test": ("127.0.0.1",)}}, "'127.0.0.1' is not an address and a port"),
        ({"zones": {".": ("127.0.0.1:53",)}}, "the empty suffix"),
        ({"dial_map": {"198.51.100.7:25": "10.0.0.1:25"}}, "loopback addresses only"),
        ({"dial_map": {"198.51.100.7": "127.0.0.1:25"}}, "'198.51.100.7' is not an address and a port"),
        ({"own_addresses": frozenset({"here"})}, "'here' is not an IP address"),
        ({"helo_name": "a b"}, "helo_name"),
        ({"helo_name": "a\r\nMAIL"}, "helo_name"),
    ],
)
def test_a_malformed_configuration_is_refused(config: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NetworkConfig(**config)


def test_a_dial_map_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text('{"198.51.100.7:25": "127.0.0.1:2501", "[2001:db8::7]:25": "[::1]:2501"}')
    config = NetworkConfig(dial_map=load_dial_map(path))
    assert config.dials == {
        Endpoint("198.51.100.7", 25): Endpoint("127.0.0.1", 2501),
        Endpoint("2001:db8::7", 25): Endpoint("::1", 2501),
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ('{"198.51.100.7:25": 2501}', "must be an object of texts"),
        ('{"198.51.100.7:25": "8.8.8.8:25"}', "loopback addresses only"),
    ],
    ids=["missing", "half", "list", "number", "not loopback"],
)
def test_an_unusable_dial_map_names_its_file(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "map.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=rf"map\.json: .*{said}"):
        load_dial_map(path)
