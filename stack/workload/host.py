"""The host and the container around the service, under the names of node_exporter and cAdvisor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge

from workload.conditions import GIB

if TYPE_CHECKING:
    from workload.conditions import Conditions
    from workload.events import Levels

CONTAINER = "mcts-framework"
FILESYSTEM = ("/dev/vda1", "ext4", "/")
MEMORY_BYTES = 16 * GIB
DISK_BYTES = 100 * GIB
_OTHERS_MEMORY_BYTES = 2 * GIB  # what everything but the service uses
_CONTAINER_OVERHEAD = 1.02  # page cache that the container has to answer for
_MODE_SHARES = {"user": 0.8, "system": 0.2}  # of the CPU time that the service uses


class HostMetrics:
    """A host with one CPU, so that the service's cores and the host's use of its CPU are the same number."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        disk_labels = ["device", "fstype", "mountpoint"]
        self._disk_available = Gauge(
            "node_filesystem_avail_bytes", "Filesystem space left to users.", disk_labels, registry=registry
        ).labels(*FILESYSTEM)
        disk_size = Gauge("node_filesystem_size_bytes", "Filesystem size.", disk_labels, registry=registry)
        disk_size.labels(*FILESYSTEM).set(DISK_BYTES)
        self._cpu = Counter(
            "node_cpu_seconds", "Seconds the CPUs spent in each mode.", ["cpu", "mode"], registry=registry
        )
        self._memory_available = Gauge("node_memory_MemAvailable_bytes", "Memory available.", registry=registry)
        Gauge("node_memory_MemTotal_bytes", "Memory in all.", registry=registry).set(MEMORY_BYTES)
        self._container_start = Gauge(
            "container_start_time_seconds", "Start of the container in Unix seconds.", ["name"], registry=registry
        ).labels(CONTAINER)
        self._container_memory = Gauge(
            "container_memory_usage_bytes", "Memory of the container, cache included.", ["name"], registry=registry
        ).labels(CONTAINER)
        self._container_seen = Gauge(
            "container_last_seen", "When the container was last seen, in Unix seconds.", ["name"], registry=registry
        ).labels(CONTAINER)
        for mode in (*_MODE_SHARES, "iowait", "idle"):
            self._cpu.labels("0", mode)

    def container_started(self, at: float) -> None:
        """Note a start of the container at a Unix time in seconds."""
        self._container_start.set(at)

    def set_levels(self, conditions: Conditions, levels: Levels, seconds: float, now: float) -> None:
        """Set every gauge at Unix time `now`, and add the CPU time of the `seconds` (scaled) that passed."""
        self._disk_available.set(DISK_BYTES * conditions.disk_free_ratio)
        busy = min(levels.cpu_cores, 1.0)
        waiting = 0.01 * (1 - busy)
        for mode, share in _MODE_SHARES.items():
            self._cpu.labels("0", mode).inc(busy * share * seconds)
        self._cpu.labels("0", "iowait").inc(waiting * seconds)
        self._cpu.labels("0", "idle").inc((1 - busy - waiting) * seconds)
        self._memory_available.set(MEMORY_BYTES - _OTHERS_MEMORY_BYTES - levels.memory_bytes)
        self._container_memory.set(levels.memory_bytes * _CONTAINER_OVERHEAD)
        self._container_seen.set(now)
