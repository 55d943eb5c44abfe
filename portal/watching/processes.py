"""CPU, memory and files of the processes of one web server, added up: only one of them answers, and says it for all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class WebProcesses(Collector):
    """Those that have counted something in the directory and are still there."""

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)

    def collect(self) -> Iterator[Metric]:
        cpu, memory, files, count = 0.0, 0, 0, 0
        for pid in self._pids():
            with suppress(OSError, ValueError, IndexError):  # it has just ended
                proc = Path(f"/proc/{pid}")
                # The name of the program, in brackets, may hold anything.
                fields = (proc / "stat").read_text().rpartition(")")[2].split()
                spent, resident = (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE
                files += len(os.listdir(proc / "fd"))
                cpu, memory, count = cpu + spent, memory + resident, count + 1
        yield CounterMetricFamily("process_cpu_seconds", "CPU time of all processes", cpu)
        yield GaugeMetricFamily("process_resident_memory_bytes", "Memory of all processes", memory)
        yield GaugeMetricFamily("process_open_fds", "Open files of all processes", files)
        yield GaugeMetricFamily("portal_web_processes", "Processes of this web server that answer requests", count)

    def _pids(self) -> set[int]:
        found = (re.fullmatch(r"\w+?_(\d+)\.db", file.name) for file in self.directory.iterdir())
        return {int(match[1]) for match in found if match}
