"""A real Prometheus of its own: made from a plan, scaled in time, that can be reloaded, stalled, killed and asked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import requests
import yaml

from slostack.plan import Plan
from slostack.render.rules import FOLDER, render
from slostack.tools.find import find
from slostack.tools.process import run

SCRAPE_INTERVAL = 30  # seconds of scaled time
SCRAPE_TIMEOUT = 12  # what the base rules allow for


class Prometheus:
    """One server with its data in `home`, scraping the services on `exporter_port`."""

    def __init__(self, home: Path, exporter_port: int, services: list[str], scale: int) -> None:
        self._home = home
        self._scale = scale
        self._now: float | None = None
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self._port}"
        scrape = [
            {
                "job_name": name,
                "metrics_path": f"/{name}",
                "static_configs": [{"targets": [f"127.0.0.1:{exporter_port}"]}],
            }
            for name in services
        ]
        config = {
            "global": {
                "scrape_interval": self._ms(SCRAPE_INTERVAL),
                "scrape_timeout": self._ms(SCRAPE_TIMEOUT),
                "evaluation_interval": "1s",
            },
            "rule_files": [f"{FOLDER}/*.yml"],
            "scrape_configs": scrape,
        }
        home.mkdir(parents=True, exist_ok=True)
        (home / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def _ms(self, seconds: int) -> str:
        return f"{round(seconds * 1000 / self._scale)}ms"

    def rules(self, plan: Plan) -> None:
        """Write the rules of a plan where the server reads them."""
        for path, text in render(plan).items():
            file = self._home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def fill(self, openmetrics: str) -> None:
        """Give it a past, before it starts."""
        file = self._home / "past.txt"
        file.write_text(openmetrics, encoding="utf-8")
        wide = "--max-block-duration=800h"  # else it writes one block for every two hours
        blocks = ["tsdb", "create-blocks-from", wide, "openmetrics", "--quiet", str(file), str(self._home / "data")]
        done = run([*find("promtool").argv, *blocks], timeout=60)
        assert done.code == 0, done.text

    def start(self) -> None:
        """Start, and wait until it is ready."""
        log = (self._home / "log").open("ab")
        self._process = subprocess.Popen(
            [
                *find("prometheus").argv,
                f"--config.file={self._home / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._home / 'data'}",
                f"--web.listen-address=127.0.0.1:{self._port}",
                f"--query.lookback-delta={self._ms(300)}",  # else a series would be remembered for hours of scaled time
                "--storage.tsdb.retention.time=90d",
                "--web.enable-lifecycle",
            ],
            stdout=log,
            stderr=log,
        )
        log.close()
        deadline = time.monotonic() + 120
        while True:
            try:
                if requests.get(f"{self.url}/-/ready", timeout=5).ok:
                    return
            except requests.RequestException:
                pass  # not listening yet, or too busy to answer
            assert self._process.poll() is None, (self._home / "log").read_text()
            assert time.monotonic() < deadline, "Prometheus was not ready within 120 s"
            time.sleep(0.05)

    def reload(self, group: str) -> None:
        """Have it read its rules again, right after it evaluated a group.

        A group that changed is evaluated in no minute that begins while it is exchanged. Here a minute is so short
        that one often would.
        """
        before = self._evaluated(group)
        while self._evaluated(group) == before:
            time.sleep(0.02)
        requests.post(f"{self.url}/-/reload", timeout=60).raise_for_status()

    def _evaluated(self, group: str) -> str:
        """When a rule group was evaluated last."""
        return str(next(each["lastEvaluation"] for each in self.rule_groups() if each["name"] == group))

    def kill(self) -> None:
        """End it with no chance to tidy up."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stall(self, seconds: float) -> None:
        """Stop it in its tracks for a while, as a machine that swaps or migrates does."""
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(self._process.pid, signal.SIGCONT)

    def freeze(self, at: float | None = None) -> None:
        """Answer every later query as of now, or of a Unix time, however late it comes."""
        self._now = at or time.time()

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        moment = {} if self._now is None else {"time": f"{self._now:.3f}"}
        answer = requests.get(f"{self.url}/api/v1/query", {"query": query, **moment}, timeout=60).json()
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def samples(self, query: str) -> list[tuple[float, float]]:
        """Unix times and values of the one series that a query over a range finds."""
        (found,) = self.ask(query)
        return [(float(at), float(value)) for at, value in found["values"]]

    def number(self, query: str) -> float | None:
        """The one sample of an instant query; None where there is none."""
        found = self.ask(query)
        assert len(found) <= 1, (query, found)
        return float(found[0]["value"][1]) if found else None

    def samples_read(self, query: str) -> int:
        """Samples that an instant query touches."""
        parameters = {"query": query, "stats": "all", "time": f"{self._now or time.time():.3f}"}
        data = requests.get(f"{self.url}/api/v1/query", parameters, timeout=60).json()["data"]
        return int(data["stats"]["samples"]["totalQueryableSamples"])

    def missed(self, group: str = "") -> int:
        """Evaluations of a rule group, or of all, that did not take place, because this machine was too busy."""
        name = "prometheus_rule_group_iterations_missed_total"
        lines = requests.get(f"{self.url}/metrics", timeout=60).text.splitlines()
        values = [float(line.rpartition(" ")[2]) for line in lines if line.startswith(name) and f";{group}" in line]
        assert values, f"Prometheus says nothing about {group}"
        return int(sum(values))

    def late_scrapes(self, job: str) -> int:
        """Scrapes that took so long that the base rules may have looked before their samples were there."""
        limit = 0.75 * SCRAPE_TIMEOUT / self._scale
        found = self.ask(f'scrape_duration_seconds{{job="{job}"}}[1h]')
        return sum(float(value) > limit for each in found for _, value in each["values"])

    def rule_groups(self) -> list[dict[str, Any]]:
        """Every rule group with the state of its rules."""
        groups: list[dict[str, Any]] = requests.get(f"{self.url}/api/v1/rules", timeout=60).json()["data"]["groups"]
        return groups
