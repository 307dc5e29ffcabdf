"""The HTTP interfaces of a running stack, as little of them as is needed, with errors that people understand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import requests

from slostack.failure import MISSING, Failure

TIMEOUT = 30.0  # seconds: a busy machine may take its time; one where nothing listens refuses at once
T = TypeVar("T")


class Client:
    """A server at an address. Raises Failure (exit code 3) where it does not answer or answers nonsense."""

    title = "The server"

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # never through a proxy: the stack is on this machine

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request whose answer is a success."""
        try:
            answer = self._session.request(method, self.url + path, timeout=TIMEOUT, **options)
            answer.raise_for_status()
        except requests.HTTPError as error:
            body = error.response.text.strip()[:300]
            raise Failure(
                f"{self.title} at {self.url} refused {path}: {error.response.status_code} {body}", MISSING
            ) from error
        except requests.RequestException as error:
            raise Failure(f"{self.title} at {self.url} does not answer — is the stack up?", MISSING) from error
        return answer

    def json(self, path: str, **options: Any) -> Any:
        """The JSON that a GET gives."""
        try:
            return self.request("GET", path, **options).json()
        except requests.JSONDecodeError as error:
            raise Failure(
                f"{self.title} at {self.url} answered {path} with something that is no JSON", MISSING
            ) from error

    def answers(self, path: str) -> bool:
        """Whether a GET succeeds at this moment."""
        try:
            return self._session.get(self.url + path, timeout=2).ok
        except requests.RequestException:
            return False


class Prometheus(Client):
    """Prometheus's HTTP API."""

    title = "Prometheus"

    def query(self, expression: str, at: float | None = None) -> list[dict[str, Any]]:
        """An instant query's vector: `metric` and `value` of each series."""
        parameters = {"query": expression} | ({"time": str(at)} if at is not None else {})
        result: list[dict[str, Any]] = self.json("/api/v1/query", params=parameters)["data"]["result"]
        return result

    def number(self, expression: str) -> float | None:
        """The first value of an instant query, None for an empty one."""
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else None

    def alerts(self) -> list[dict[str, Any]]:
        """Pending and firing alerts."""
        found: list[dict[str, Any]] = self.json("/api/v1/alerts")["data"]["alerts"]
        return found

    def rule_errors(self) -> list[str]:
        """The rules that cannot be evaluated, with their errors."""
        groups = self.json("/api/v1/rules")["data"]["groups"]
        return [
            f"{group['name']} / {rule['name']}: {rule['lastError']}"
            for group in groups
            for rule in group["rules"]
            if rule.get("lastError")
        ]


class Alertmanager(Client):
    """Alertmanager's API v2."""

    title = "Alertmanager"

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert that it holds, with its state."""
        found: list[dict[str, Any]] = self.json("/api/v2/alerts")
        return found


class Inbox(Client):
    """The notification inbox."""

    title = "The inbox"

    def notifications(self, after: int | str = 0) -> list[dict[str, Any]]:
        """Notifications with an id beyond `after`, oldest first."""
        listed: list[dict[str, Any]] = []
        more = True
        while more:  # an answer holds only so much
            found: dict[str, Any] = self.json("/api/notifications", params={"after": after})
            listed += found["notifications"]
            more, after = found["more"], found["last_id"]
        return listed

    def text(self, number: int | str) -> str:
        """A notification as a person reads it."""
        return self.request("GET", f"/api/notifications/{number}/text").text


class Workload(Client):
    """The workload and its faults."""

    title = "The workload"

    def fail(self, fault: str, level: float | None = None) -> None:
        """Make it fail in a named way."""
        self.request("PUT", f"/faults/{fault}", json={"level": level} if level is not None else {})

    def recover(self) -> None:
        """End every fault."""
        self.request("DELETE", "/faults")


def wait_until(probe: Callable[[], T | None], seconds: float, step: float = 0.05) -> T | None:
    """The first true answer of `probe` within a time, else None."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() >= deadline:
            return None
        time.sleep(step)
