"""The plan's data: immutable, complete, free of the spec's shorthand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from slostack.burnrate import Severity, Tier
from slostack.plan.components import PARTS
from slostack.promql import Selector, duration, time_lapse
from slostack.spec.boards import Board
from slostack.spec.hours import Hours
from slostack.spec.model import Email, Links, Mail, PagerDuty, Slack

AlertKind = Literal["burn", "threshold", "absent", "down", "monitoring"]


@dataclass(frozen=True)
class Counters:
    """Events counted by counters. One of `error` and `good` is set; the other side is the difference to `total`."""

    total: Selector
    error: Selector | None = None
    good: Selector | None = None
    matcher: str | None = None  # where `error` is `total` and one more matcher: that matcher, so both are read at once
    bucket: bool = False  # `good` is a bucket of the histogram that `total` counts: without it nothing is known


@dataclass(frozen=True)
class NativeHistogram:
    """Events of a native histogram; those above `under`, in the histogram's own unit, are errors."""

    histogram: Selector
    under: Fraction


@dataclass(frozen=True)
class Slices:
    """Events that no counter holds, as instant expressions evaluated once a minute.

    Each gives the minute's events per group (already aggregated to the SLO's labels); `error` may be empty for zero.
    """

    total: str
    error: str
    watched: Selector | None = None  # once all its series of a group are gone, as many as there were count as errors


Indicator = Counters | NativeHistogram | Slices


@dataclass(frozen=True)
class Window:
    """A window over which events are summed, in seconds. `tiled`: from 5 m tiles (beyond 6 h), else from 1 m counts."""

    seconds: int

    @property
    def name(self) -> str:
        """As it stands in the label `window`."""
        return duration(self.seconds)

    @property
    def tiled(self) -> bool:
        """Whether it is long enough to be read from 5 m tiles."""
        return self.seconds > 21_600


@dataclass(frozen=True)
class SloPlan:
    """A promise with its arithmetic. Durations in seconds, objective in percent, budget as a ratio."""

    id: str
    name: str
    service: str
    team: str
    promise: str
    describe: str | None
    kind: str
    objective: Decimal
    budget: Fraction
    period: int
    indicator: Indicator
    by: tuple[str, ...]
    tiers: tuple[Tier, ...]
    minimum_events: int
    minimum_failures: int
    alert_names: dict[Severity, str]  # a severity that is off is missing
    measures: Literal["events", "time"]
    threshold: Fraction | None  # of a latency SLO, in its histogram's unit: what the dashboard draws
    histogram: Selector | None  # of a classic latency SLO, without _bucket
    shard: int  # the group of base rules that counts it

    @property
    def period_name(self) -> str:
        """The period as the label `period` and `window` write it."""
        return duration(self.period)


@dataclass(frozen=True)
class AlertPlan:
    """One alerting rule, complete: several share a name where an SLO has several tiers of one severity."""

    name: str
    kind: AlertKind
    service: str
    team: str
    severity: Severity | Literal["none"]  # none: the Watchdog, which wakes nobody
    expression: str
    for_: int
    keep_firing_for: int
    labels: dict[str, str]
    annotations: dict[str, str]
    by: tuple[str, ...]
    slo: str | None  # the SLO's id
    tier: Tier | None
    sentence: str  # the condition in words, for runbooks and dashboards
    promise: str  # what is broken, in the users' words
    limit: Fraction | None = None  # of a threshold alert
    unit: str | None = None
    receivers: tuple[str, ...] = ()
    tells_of: tuple[str, ...] = ()  # SLOs of which it tells in place of tiers of its severity: none begins meanwhile


@dataclass(frozen=True)
class ReceiverPlan:
    """Where notifications of a team and severity go."""

    name: str
    team: str
    severity: Severity
    webhook: str | None
    webhook_file: str | None
    slack: Slack | None
    email: Email | None
    pagerduty: PagerDuty | None
    hours: Hours | None


@dataclass(frozen=True)
class TeamPlan:
    """A team, its two receivers and whom to call next (seconds, who)."""

    name: str
    page: ReceiverPlan
    ticket: ReceiverPlan
    escalation: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class ScrapePlan:
    """A scrape job of this stack's Prometheus. `interval` in seconds."""

    job: str
    service: str
    targets: tuple[str, ...]
    path: str
    interval: int


@dataclass(frozen=True)
class ServicePlan:
    """A service; `dashboard` is the uid of its SLO page."""

    name: str
    team: str
    tier: int
    describe: str | None
    job: str | None
    traces: str | None
    links: dict[str, str]
    boards: dict[str, Board]
    dashboard: str


@dataclass(frozen=True)
class Plan:
    """Everything that renderers need to know."""

    source: str  # the spec's file name, for headers
    runbooks: str  # the folder of the runbook pages
    environment: str | None
    links: Links
    mail: Mail | None
    heartbeat: str | None  # where the Watchdog is expected at all times
    monitoring_team: str  # hears of the monitoring's own faults, and of alerts that no team owns
    retention: int
    teams: tuple[TeamPlan, ...]
    services: tuple[ServicePlan, ...]
    slos: tuple[SloPlan, ...]
    alerts: tuple[AlertPlan, ...]
    scrapes: tuple[ScrapePlan, ...]
    windows: tuple[Window, ...]  # every window that some tier or board reads, without the periods, shortest first
    periods: tuple[int, ...]  # the distinct periods of the SLOs, in seconds
    group_labels: tuple[str, ...]  # every label that some SLO is grouped by
    time_scale: int = 1
    heartbeat_file: str | None = None  # a file that holds such an address, instead of `heartbeat`
    secrets: tuple[str, ...] = ()  # files that receivers read
    addresses: Mapping[str, str] = field(default_factory=dict)  # host:port → where a local engine runs that program
    parts: frozenset[str] = PARTS  # the programs of the stack that run

    def address(self, of: str) -> str:
        """Where the program runs that the spec and the stack know as `of` (host:port)."""
        return self.addresses.get(of, of)

    def duration(self, seconds: int | Fraction) -> str:
        """A duration as the rules of this plan write it: scaled in time."""
        return duration(seconds, self.time_scale)

    def lapse(self, expression: str) -> str:
        """An expression as the rules and dashboards of this plan write it: scaled in time."""
        return time_lapse(expression, self.time_scale)

    def service(self, name: str) -> ServicePlan:
        """The service of that name; KeyError where there is none."""
        return {service.name: service for service in self.services}[name]

    def slos_of(self, service: str) -> tuple[SloPlan, ...]:
        """A service's SLOs, in the spec's order."""
        return tuple(slo for slo in self.slos if slo.service == service)
