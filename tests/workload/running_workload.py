"""The workload as a real process on a free port, and what its scrapes say."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds for an answer: a process on a busy machine may stand still for a while."""
LIFETIME = 60.0
"""Seconds for a process to do its work and end."""
COMMAND = [sys.executable, "-m", "workload"]
# What this shell says about OpenTelemetry is not meant for a test.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")} | {
    "PYTHONPATH": str(ROOT / "stack")
}


class Scrape:
    """The samples of the service and its host at one moment."""

    def __init__(self, *expositions: str) -> None:
        families = [family for text in expositions for family in text_string_to_metric_families(text)]
        self.types = {sample.name: family.type for family in families for sample in family.samples}
        self.samples: list[Sample] = [sample for family in families for sample in family.samples]

    def series(self, name: str, **labels: str) -> list[Sample]:
        """The series of this name whose labels match these regular expressions in full."""
        return [
            sample
            for sample in self.samples
            if sample.name == name and all(re.fullmatch(v, sample.labels.get(k, "")) for k, v in labels.items())
        ]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the matching series; fails if there is none."""
        series = self.series(name, **labels)
        assert series, f"there is no {name} with {labels}"
        return sum(sample.value for sample in series)


@dataclass
class Window:
    """Two scrapes and the scaled seconds between them."""

    before: Scrape
    after: Scrape
    seconds: float

    def rate(self, name: str, **labels: str) -> float:
        """Events per scaled second."""
        return (self.after.value(name, **labels) - self.before.value(name, **labels)) / self.seconds

    def quantile(self, quantile: float, histogram: str) -> float:
        """As PromQL's histogram_quantile over all series of the histogram; NaN never compares, so it needs traffic."""
        bounds = {sample.labels["le"] for sample in self.after.series(f"{histogram}_bucket")}
        buckets = sorted((float(le), self.rate(f"{histogram}_bucket", le=re.escape(le))) for le in bounds)
        rank = quantile * buckets[-1][1]
        for (lower, below), (upper, within) in itertools.pairwise([(0.0, 0.0), *buckets]):
            if within >= rank and within > below:
                return lower if upper == float("inf") else lower + (upper - lower) * (rank - below) / (within - below)
        return float("nan")


class RunningWorkload:
    """A workload that was started and listens."""

    def __init__(self, time_scale: float, *flags: str, **environment: str) -> None:
        self.time_scale = time_scale
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", "--time-scale", str(time_scale), *flags],
            env=ENVIRONMENT | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        started = self.process.stderr.readline()
        address = re.search(r"http://[\d.:]+", started)
        assert address, f"it did not start: {started}{self.process.stderr.read()}"
        self.url = address[0]
        self.http = requests.Session()

    def stop(self) -> int:
        """End it as an engine would, and return its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=LIFETIME)
        finally:
            self.process.kill()
            self.http.close()
            assert self.process.stderr is not None
            self.process.stderr.close()

    def scrape(self) -> Scrape:
        """What both paths say now."""
        return Scrape(self._text("/metrics"), self._text("/host/metrics"))

    def _text(self, path: str) -> str:
        answer = self.http.get(self.url + path, timeout=PATIENCE)
        assert answer.status_code == 200
        return answer.text

    def watch(self, scaled_seconds: float) -> Window:
        """Let at least this much scaled time pass between two scrapes; known within a twentieth."""
        while True:
            before, began = self._timed_scrape()
            time.sleep(scaled_seconds / self.time_scale)
            after, ended = self._timed_scrape()
            least, most = ended[0] - began[1], ended[1] - began[0]
            if 0 < most < 1.1 * least:
                return Window(before, after, (least + most) / 2)
            scaled_seconds *= 2  # so short that its scrapes, or a pause in one, are a good part of it

    def _timed_scrape(self) -> tuple[Scrape, tuple[float, float]]:
        """A scrape, and the scaled times between which the service's part of it was made, by the server's own clock.

        The host's one CPU counts every scaled second once, whatever it does in it.
        """
        early, service, late = (self._text(path) for path in ("/host/metrics", "/metrics", "/host/metrics"))
        first, last = (Scrape(text).value("node_cpu_seconds_total") for text in (early, late))
        return Scrape(service, late), (first, last)

    def call(self, fault: str, **wishes: object) -> None:
        """Let a fault begin."""
        answer = self.http.put(f"{self.url}/faults/{fault}", json=wishes, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text

    def end(self, fault: str) -> None:
        """Let a fault end."""
        answer = self.http.delete(f"{self.url}/faults/{fault}", timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
