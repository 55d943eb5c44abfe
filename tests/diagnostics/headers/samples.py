"""Headers of messages written for these tests; our own mail comes from example.com, 192.0.2.10."""

from pathlib import Path

from diagnostics.domain import Vendor

VENDOR = Vendor("example", "Example", ("codes@example.com",), ("codes.example.com",), ("192.0.2.10",))


def samples() -> dict[str, str]:
    text = Path(__file__).with_name("samples.txt").read_text()
    parts = (part.partition("\n") for part in text.split("=== ")[1:])
    return {name.strip(): source for name, _, source in parts}
