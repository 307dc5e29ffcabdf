"""What a person writes in `slo.yaml`: teams, services, SLOs, alerts and environments."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from slostack.spec.boards import Board
from slostack.spec.sli import Availability, Events, Latency, Limit, Minimum, Node, exactly_one
from slostack.spec.values import (
    Address,
    AlertName,
    AlertNameOrOff,
    Amount,
    Channel,
    Duration,
    Folder,
    HttpPath,
    JobName,
    LabelName,
    Labels,
    LinkTitle,
    MailAddress,
    Name,
    Path,
    Percent,
    PromQL,
    Sentence,
    Text,
    Url,
)

Severity = Literal["page", "ticket"]
SLI_KINDS = ("events", "latency", "availability", "limit", "ratio")
ALERT_KINDS = ("when", "absent")
LIMITS = ("above", "below", "at_least", "at_most")


class Links(Node):
    """Where the links in notifications, dashboards and runbooks lead: bases that a browser of an operator reaches."""

    runbooks: Url = "http://127.0.0.1:9098"
    grafana: Url = "http://127.0.0.1:3000"
    prometheus: Url = "http://127.0.0.1:9090"
    alertmanager: Url = "http://127.0.0.1:9093"
    traces: Url = "http://127.0.0.1:16686"


class Slack(Node):
    """A Slack channel; the incoming webhook's address is a secret and so a file."""

    channel: Channel
    url_file: Path


class Email(Node):
    """An e-mail address; the server is `mail` at the top of the spec."""

    to: MailAddress


class PagerDuty(Node):
    """A PagerDuty service; the routing key of its Events API v2 integration is a secret and so a file."""

    routing_key_file: Path
    url: Url | None = Field(None, description="Another address that takes the same events, such as an own gateway")


class Receiver(Node):
    """Where notifications of one severity go: one or several ways at once."""

    webhook: Url | None = Field(None, description="An address for Alertmanager's webhook; webhook_file if it is secret")
    webhook_file: Path | None = Field(None, description="A file that holds such an address")
    slack: Slack | None = None
    email: Email | None = None
    pagerduty: PagerDuty | None = None
    hours: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="When tickets notify, such as `Mon-Fri 09:00-17:00 Europe/Berlin`; always if left out"
    )

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not any((self.webhook, self.webhook_file, self.slack, self.email, self.pagerduty)):
            raise ValueError("leads nowhere|name at least one of webhook, webhook_file, slack, email, pagerduty")
        return self


class Escalation(Node):
    """Whom to call when nobody has taken over."""

    after: Duration
    to: Sentence


class Team(Node):
    """Who is told."""

    page: Receiver = Field(description="Wakes somebody: a promise breaks within hours")
    ticket: Receiver = Field(description="Waits for working hours: a promise breaks within days")
    escalation: list[Escalation] = Field(default_factory=list, max_length=10)

    @model_validator(mode="after")
    def _pages_any_time(self) -> Self:
        if self.page.hours is not None:
            raise ValueError("has working hours for pages, which would be lost at night|give `hours` to `ticket` only")
        return self


class Mail(Node):
    """The server through which e-mail leaves."""

    smarthost: Address
    sender: MailAddress = Field(alias="from")
    username: str | None = None
    password_file: Path | None = None
    require_tls: bool = True


class TierSpec(Node):
    """One burn-rate condition of a set of tiers."""

    severity: Severity
    budget: Percent = Field(description="Share of the period's budget that is spent within `long`, in percent")
    long: Duration
    short: Duration

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.short >= self.long:
            raise ValueError("has a short window that is not shorter than the long one|a twelfth of it is customary")
        return self


class BurnAlerts(Node):
    """The names of an SLO's alerts, one per severity; `off` leaves one out. Derived where not given."""

    page: AlertNameOrOff | None = None
    ticket: AlertNameOrOff | None = None


class Slo(Node):
    """A promise to users, and how it is measured."""

    promise: Sentence = Field(description="One sentence a person understands; it is what the page says is broken")
    objective: Percent = Field(description="Percent of events (or of time) that keep the promise, exact")
    period: Duration | None = Field(None, description="The budget's period in whole days; the spec's if left out")
    describe: Text | None = None
    events: Events | None = None
    latency: Latency | None = None
    availability: Availability | None = None
    limit: Limit | None = None
    ratio: PromQL | None = Field(None, description="An expression that gives the error ratio, 0 to 1, as time slices")
    by: Labels = Field(default_factory=list, description="Keep one budget per value of these labels")
    tiers: Name | None = Field(None, description="The set of burn-rate tiers; `standard` if left out")
    minimum: Minimum = Field(default_factory=Minimum)
    alerts: BurnAlerts = Field(default_factory=BurnAlerts)
    command: Sentence | None = Field(None, description="The first command in the notification; derived if left out")

    @model_validator(mode="after")
    def _one_indicator(self) -> Self:
        exactly_one(self, SLI_KINDS, "indicator")
        return self

    @property
    def kind(self) -> str:
        """Which of `SLI_KINDS` measures this SLO."""
        return exactly_one(self, SLI_KINDS, "indicator")


class Volume(Node):
    """An alert's guard: what must have happened before its condition counts."""

    of: PromQL = Field(description="An expression, such as sum(increase(requests_total[5m]))")
    at_least: Amount


class Alert(Node):
    """A further alert, as its owner wrote it: a value against a threshold, or a series that has gone."""

    severity: Severity
    summary: Sentence = Field(description="What is wrong, in words; {value} is replaced by the value")
    when: PromQL | None = Field(None, description="An expression that is compared with the limit")
    absent: PromQL | None = Field(None, description="A selector: fires when it was there and is not any more")
    above: Amount | None = None
    below: Amount | None = None
    at_least: Amount | None = None
    at_most: Amount | None = None
    unit: Literal["percent", "seconds", "bytes", "per second", "count", "cores"] = "count"
    for_: Duration | None = Field(None, alias="for")
    keep_firing_for: Duration | None = None
    within: Duration = Field(3600, description="With `absent`: how long after it was last seen it is missed")
    minimum: Volume | None = None
    slo: Name | None = Field(None, description="The SLO of this service that the same incident burns")
    by: Labels = Field(default_factory=list, description="The labels that the expression keeps")
    describe: Text | None = None
    command: Sentence | None = None

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        kind = exactly_one(self, ALERT_KINDS, "condition")
        given = [name for name in LIMITS if getattr(self, name) is not None]
        if kind == "when" and len(given) != 1:
            raise ValueError(f"needs exactly one limit beside `when`|choose one of {', '.join(LIMITS)}")
        if kind == "absent" and given:
            raise ValueError(f"has `{given[0]}`, but an absence has no limit|remove it")
        return self


class Scrape(Node):
    """Where Prometheus finds a job's metrics."""

    targets: list[Address] = Field(min_length=1, max_length=1000)
    path: HttpPath = "/metrics"
    interval: Duration | None = None


class Down(Node):
    """The alert that a service with a job has for nothing: its target is down, or vanished."""

    severity: Severity = "page"
    for_: Duration = Field(60, alias="for")
    slo: Name | None = None


def _settings_or_word(value: Any) -> str:
    return "settings" if isinstance(value, (dict, Down)) else "word"


class Service(Node):
    """Something that makes promises."""

    team: Name
    describe: Text | None = None
    tier: Annotated[int, Field(ge=1, le=4)] = Field(2, description="1: the company stops without it … 4: nice to have")
    links: dict[LinkTitle, Url] = Field(default_factory=dict)
    job: JobName | None = Field(
        None, description="Its scrape job in Prometheus; gives ServiceDown and an availability SLI for nothing"
    )
    scrape: dict[JobName, Scrape] = Field(default_factory=dict, description="Jobs that this stack's Prometheus scrapes")
    traces: JobName | None = Field(None, description="Its service name in traces")
    down: Annotated[
        Annotated[Down, Tag("settings")] | Annotated[Literal["off"], Tag("word")], Discriminator(_settings_or_word)
    ] = Field(default_factory=lambda: Down.model_validate({}))
    slos: dict[Name, Slo] = Field(default_factory=dict)
    alerts: dict[AlertName, Alert] = Field(default_factory=dict)
    boards: dict[Name, Board] = Field(default_factory=dict)


class Spec(Node):
    """The whole of `slo.yaml`."""

    version: Literal[1] = Field(description="The version of this format")
    links: Links = Field(default_factory=Links)
    mail: Mail | None = None
    period: Duration = Field(30 * 86_400, description="The error budgets' period, in whole days; 28d and 30d are usual")
    retention: Duration = Field(45 * 86_400, description="How long Prometheus keeps samples")
    monitoring_team: Name | None = Field(None, description="Who hears of faults of the monitoring; else the first team")
    heartbeat: Url | None = Field(None, description="A receiver that expects the Watchdog and raises alarm at silence")
    runbooks_folder: Folder = "runbooks"
    tiers: dict[Name, Annotated[list[TierSpec], Field(min_length=1, max_length=10)]] = Field(default_factory=dict)
    teams: dict[Name, Team] = Field(min_length=1)
    services: dict[Name, Service] = Field(min_length=1)
    environments: dict[Name, dict[str, Any]] = Field(
        default_factory=dict, description="Per environment: a dotted path of this file and the value it takes there"
    )


__all__ = ["LabelName", "Spec"]
