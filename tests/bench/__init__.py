"""Benchmarks: `make bench`. To add one, put a module here with `measure() -> list[Figure]`."""
