"""Only benchmarks that there are can be asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.bench import __main__ as bench
from tests.bench.figures import Figure


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the figures go. `one_case` takes no time here, and misses no bar."""
    one_case = ModuleType("one_case")
    one_case.measure = lambda: [Figure("longest chain of answers", 8)]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests.bench.one_case", one_case)
    monkeypatch.setattr(bench, "KEPT", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["one_cse", "figures", "_portal", ""])
def test_a_name_of_no_benchmark_is_refused_before_anything_is_measured(
    name: str, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main("one_case", name) == 64
    said = capsys.readouterr()
    assert said.out == ""
    assert f"no benchmark {name}, only arrivals, backlog, " in said.err
    assert "one_case" in said.err
    assert "figures" not in said.err.partition("only")[2]
    assert list(kept.iterdir()) == []


def test_a_benchmark_is_run_by_its_name(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main("one_case") == 0
    assert capsys.readouterr().out == "one_case: longest chain of answers: 8\n"
    assert len(list(kept.iterdir())) == 1
