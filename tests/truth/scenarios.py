"""What happens to services, minute by minute, in scaled time; the truth is counted where it happens.

Every scenario is quiet until `FIRST` and after `LAST`, so that all its events lie between two states that Prometheus
has surely seen: a sum of what was recorded must then equal the truth to the last event.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from exporter import Series, Service, series
from planned import metric, requests, slo

from slostack.plan import Counters, Indicator, Slices, SloPlan

FIRST, LAST, END = 14, 80, 112  # minutes: traffic begins and ends; by the end every window has seen all of it
STEPS = 20  # per minute
STOP = END - 65  # when one of them goes idle: more than an hour before the end, however late a scrape and a rule come

GOOD = series("http_requests_total", code="200")
ERROR = series("http_requests_total", code="500")
COUNT = series("request_seconds_count")
FAST = series("request_seconds_bucket", le="0.3")
EVER = series("request_seconds_bucket", le="+Inf")


Act = Callable[[Service, int, int], None]  # a service, the minute, the step in it


@dataclass
class Scenario:
    """A service, how its events are counted, and what happens to it at each step."""

    name: str
    act: Act
    shown: tuple[Series, ...] = (GOOD, ERROR)
    indicator: Indicator | None = None
    by: tuple[str, ...] = ()
    shard: int = 0
    before: float = 0  # what the counters show at first
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        self.service = Service(self.name)
        self.service.show(*self.shown, value=self.before)

    @property
    def id(self) -> str:
        """The SLO's id."""
        return f"{self.name}-requests"

    @property
    def slo(self) -> SloPlan:
        """The SLO that is held against the truth."""
        return slo(self.id, self.indicator or of_job(self.name), by=self.by, shard=self.shard, objective="99")


def of_job(name: str) -> Counters:
    """Requests of one job, read once for both classes."""
    counters = requests("x")
    total = metric(f'http_requests_total{{job="{name}"}}')
    return Counters(total, error=total.plus(str(counters.matcher)), matcher=counters.matcher)


def traffic(service: Service, _minute: int, step: int) -> None:
    """Sixty events a minute, six of them errors."""
    failed = step % 3 == 0 and step < 18
    service.happen(GOOD, 2 if failed else 3)
    if failed:
        service.happen(ERROR, 1)


def at(when: int, what: Callable[[Service], None]) -> Act:
    """Usual traffic, and `what` once, as that minute begins."""

    def act(service: Service, minute: int, step: int) -> None:
        if (minute, step) == (when, 0):
            what(service)
        traffic(service, minute, step)

    return act


def _failing(share: float) -> Act:
    chance = random.Random(7)  # noqa: S311  (a fixed sequence, no secret)

    def act(service: Service, minute: int, step: int) -> None:
        busy = minute < LAST - 1  # the last events must be seen
        service.fails = (lambda _scrape: chance.random() < share) if busy else (lambda _scrape: False)
        traffic(service, minute, step)

    return act


def gap(first: int, last: int, act: Act = traffic) -> Act:
    """`act` goes on while every scrape between two minutes fails."""

    def both(service: Service, minute: int, step: int) -> None:
        service.fails = (lambda _scrape: True) if first <= minute < last else (lambda _scrape: False)
        act(service, minute, step)

    return both


def _until(minute_: int) -> Act:
    def act(service: Service, minute: int, step: int) -> None:
        if minute < minute_:
            traffic(service, minute, step)

    return act


def _nothing(_service: Service, _minute: int, _step: int) -> None:
    """An idle service: it is scraped, and nobody calls it."""


def born(value: float) -> Callable[[Service], None]:
    return lambda service: service.happen(series("http_requests_total", code="503"), value)


def _old(service: Service) -> None:
    service.show(series("http_requests_total", code="502"), value=10_000_000)


def back(service: Service) -> None:
    service.set(GOOD, 9_500_000)


TENANT = {
    name: (
        series("http_requests_total", code="200", tenant=name),
        series("http_requests_total", code="500", tenant=name),
    )
    for name in ("a", "b", "c")
}


def tenants(service: Service, minute: int, step: int) -> None:
    """Tenant a is always there, b comes with its first events, c is not shown for four minutes but goes on."""
    if minute == 50 and step == 0:
        service.hide(TENANT["c"][0])
        service.hide(TENANT["c"][1])
    if minute == 54 and step == 0:
        service.unhide(TENANT["c"][0])
        service.unhide(TENANT["c"][1])
    for name, since in (("a", 0), ("b", 45), ("c", 0)):
        if minute >= since:
            service.happen(TENANT[name][0], 2)
            if step % 5 == 0:
                service.happen(TENANT[name][1], 1 if name == "a" else 2)


def _histogram(service: Service, _minute: int, step: int) -> None:
    service.happen(COUNT, 2)
    service.happen(EVER, 2)
    service.happen(FAST, 1 if step % 4 == 0 else 2)


DONE, FAILED = series("jobs_total"), series("jobs_failed_total")


def _jobs(service: Service, minute: int, step: int) -> None:
    """Jobs, whose failures have a counter of their own that comes late and with a value."""
    service.happen(DONE, 3)
    if minute == 45 and step == 0:
        service.happen(FAILED, 30)
    if minute > 45 and step % 5 == 0:
        service.happen(FAILED, 1)


MEMORY = series("memory_bytes")
BAD_FROM, BAD_TO = 40, 60


def _memory(service: Service, minute: int, _step: int) -> None:
    service.set(MEMORY, 9.0 if BAD_FROM <= minute < BAD_TO else 1.0)


def side_by_side() -> list[Scenario]:
    """Everything that happens in one Prometheus that runs undisturbed."""
    return [
        *(Scenario(f"phase{n}", traffic, shard=n) for n in range(6)),
        *(Scenario(f"flaky{n}", _failing(0.1), shard=n) for n in range(3)),
        Scenario("restart", at(45, Service.restart)),
        Scenario("shortgap", gap(40, 46)),
        Scenario("longgap", gap(35, 60)),
        Scenario("born", at(45, born(50))),
        Scenario("relabelled", at(45, _old)),
        Scenario("stepback", at(45, back), before=10_000_000),
        Scenario("stopped", _until(STOP)),
        Scenario("idle", _nothing),
        Scenario(
            "tenants",
            tenants,
            shown=(*TENANT["a"], *TENANT["c"]),
            by=("tenant",),
            shard=1,
        ),
        Scenario(
            "latency",
            _histogram,
            shown=(COUNT, FAST, EVER),
            indicator=Counters(
                metric('request_seconds_count{job="latency"}'),
                good=metric('request_seconds_bucket{job="latency"}').plus(r'le=~"0\\.3"'),
                bucket=True,
            ),
            shard=2,
        ),
        Scenario(
            "jobs",
            _jobs,
            shown=(DONE,),
            indicator=Counters(metric('jobs_total{job="jobs"}'), error=metric('jobs_failed_total{job="jobs"}')),
            shard=2,
        ),
        Scenario(
            "memory",
            _memory,
            shown=(MEMORY,),
            indicator=Slices('count (memory_bytes{job="memory"})', 'count (memory_bytes{job="memory"} > 7)'),
            shard=1,
        ),
    ]


def added_later() -> Scenario:
    """An SLO that is written when its service has long been running; it joins a group that counts others."""
    return Scenario("added", traffic, shard=0)
