"""What a person writes in `slo.yaml`: teams, services, SLOs, alerts and environments."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationInfo, model_validator

from slostack.spec.boards import Board
from slostack.spec.sli import Availability, Events, Latency, Limit, Minimum, Node, exactly_one, unjudged
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
    ScrapeInterval,
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

    runbooks: Url = Field("http://127.0.0.1:9098", description="Where the runbook pages are served")
    grafana: Url = Field("http://127.0.0.1:3000", description="Grafana")
    prometheus: Url = Field("http://127.0.0.1:9090", description="Prometheus")
    alertmanager: Url = Field("http://127.0.0.1:9093", description="Alertmanager")
    traces: Url = Field("http://127.0.0.1:16686", description="Jaeger's pages")


class Slack(Node):
    """A Slack channel; the incoming webhook's address is a secret and so a file."""

    channel: Channel = Field(description='The channel, such as "#shop"; in quotes, because of the #')
    url_file: Path = Field(description="A file that holds the incoming webhook's address")


class Email(Node):
    """An e-mail address; the server is `mail` at the top of the spec."""

    to: MailAddress = Field(description="One address")


class PagerDuty(Node):
    """A PagerDuty service; the routing key of its Events API v2 integration is a secret and so a file."""

    routing_key_file: Path = Field(description="A file that holds the routing key")
    url: Url | None = Field(None, description="Another address that takes the same events, such as an own gateway")


class Receiver(Node):
    """Where notifications of one severity go: one or several ways at once."""

    webhook: Url | None = Field(None, description="An address for Alertmanager's webhook; webhook_file if it is secret")
    webhook_file: Path | None = Field(None, description="A file that holds such an address")
    slack: Slack | None = Field(None, description="A Slack channel")
    email: Email | None = Field(None, description="An e-mail address")
    pagerduty: PagerDuty | None = Field(None, description="A PagerDuty service")
    hours: Annotated[str, Field(max_length=80)] | None = Field(
        None, description="When tickets notify, such as `Mon-Fri 09:00-17:00 Europe/Berlin`; always if left out"
    )

    @model_validator(mode="after")
    def _somewhere(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        if not any((self.webhook, self.webhook_file, self.slack, self.email, self.pagerduty)):
            raise ValueError("leads nowhere|name at least one of webhook, webhook_file, slack, email, pagerduty")
        return self


class Escalation(Node):
    """Whom to call when nobody has taken over."""

    after: Duration = Field(description="How long after the notification, such as 15m")
    to: Sentence = Field(description="Who is called then")


class Team(Node):
    """Who is told."""

    page: Receiver = Field(description="Wakes somebody: a promise breaks within hours")
    ticket: Receiver = Field(description="Waits for working hours: a promise breaks within days")
    escalation: list[Escalation] = Field(
        default_factory=list, max_length=10, description="Whom to call next when nobody takes over, and when"
    )

    @model_validator(mode="after")
    def _pages_any_time(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        if self.page.hours is not None:
            raise ValueError("has working hours for pages, which would be lost at night|give `hours` to `ticket` only")
        return self


class Mail(Node):
    """The server through which e-mail leaves."""

    smarthost: Address = Field(description="Host and port of the mail server")
    sender: MailAddress = Field(alias="from", description="The address that mail comes from")
    username: str | None = Field(None, description="The name to log in with")
    password_file: Path | None = Field(None, description="A file that holds the password")
    require_tls: bool = Field(True, description="false only for a server in the same network")


class TierSpec(Node):
    """One burn-rate condition of a set of tiers."""

    severity: Severity = Field(description="page or ticket")
    budget: Percent = Field(description="Share of the period's budget that is spent within `long`, in percent")
    long: Duration = Field(description="The window within which the share is spent")
    short: Duration = Field(
        description="The window that ends the alert soon after recovery; a twelfth of `long` is customary"
    )

    @model_validator(mode="after")
    def _ordered(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        if self.short >= self.long:
            raise ValueError("has a short window that is not shorter than the long one|a twelfth of it is customary")
        return self


class BurnAlerts(Node):
    """The names of an SLO's alerts, one per severity; `off` leaves one out. Derived where not given."""

    page: AlertNameOrOff | None = Field(None, description="The page's name, or `off`")
    ticket: AlertNameOrOff | None = Field(None, description="The ticket's name, or `off`")


class Slo(Node):
    """A promise to users, and how it is measured."""

    promise: Sentence = Field(description="One sentence a person understands; it is what the page says is broken")
    objective: Percent = Field(description="Percent of events (or of time) that keep the promise, exact")
    period: Duration | None = Field(None, description="The budget's period in whole days; the spec's if left out")
    describe: Text | None = Field(None, description="More about the promise, for the dashboard and the runbook")
    events: Events | None = Field(None, description="Good or bad events over all events")
    latency: Latency | None = Field(None, description="Events of a histogram that took no longer than a threshold")
    availability: Availability | None = Field(None, description="The share of time in which a 0/1 series is 1")
    limit: Limit | None = Field(None, description="The share of time in which a value keeps to a limit")
    ratio: PromQL | None = Field(None, description="An expression that gives the error ratio, 0 to 1, as time slices")
    by: Labels = Field(default_factory=list, description="Keep one budget per value of these labels")
    tiers: Name | None = Field(None, description="The set of burn-rate tiers; `standard` if left out")
    minimum: Minimum = Field(
        default_factory=Minimum, description="How much must have happened before an alert may fire"
    )
    alerts: BurnAlerts = Field(default_factory=BurnAlerts, description="The names of this SLO's alerts")
    command: Sentence | None = Field(None, description="The first command in the notification; derived if left out")

    @model_validator(mode="after")
    def _one_indicator(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        exactly_one(self, SLI_KINDS, "indicator")
        return self

    @property
    def kind(self) -> str:
        """Which of `SLI_KINDS` measures this SLO."""
        return exactly_one(self, SLI_KINDS, "indicator")


class Volume(Node):
    """An alert's guard: what must have happened before its condition counts."""

    of: PromQL = Field(description="An expression, such as sum(increase(requests_total[5m]))")
    at_least: Amount = Field(description="The alert counts only at this value or more")


class Alert(Node):
    """A further alert, as its owner wrote it: a value against a threshold, or a series that has gone."""

    severity: Severity = Field(description="page or ticket")
    summary: Sentence = Field(description="What is wrong, in words; {value} is replaced by the value")
    when: PromQL | None = Field(None, description="An expression that is compared with the limit")
    absent: PromQL | None = Field(None, description="A selector: fires when it was there and is not any more")
    above: Amount | None = Field(None, description="Fires above this value")
    below: Amount | None = Field(None, description="Fires below this value")
    at_least: Amount | None = Field(None, description="Fires at this value and above")
    at_most: Amount | None = Field(None, description="Fires at this value and below")
    unit: Literal["percent", "seconds", "bytes", "per second", "count", "cores"] = Field(
        "count", description="How the value is shown"
    )
    for_: Duration | None = Field(None, alias="for", description="How long the condition must hold")
    keep_firing_for: Duration | None = Field(None, description="How long it keeps firing after the condition ends")
    within: Duration = Field(
        3600, description="With `absent`: it is missed if it was there within this time before `for`"
    )
    minimum: Volume | None = Field(None, description="What must have happened before the condition counts")
    slo: Name | None = Field(None, description="The SLO of this service that the same incident burns")
    by: Labels = Field(default_factory=list, description="The labels that the expression keeps")
    describe: Text | None = Field(None, description="More about it, for the notification and the runbook")
    command: Sentence | None = Field(None, description="The first command in the notification; derived if left out")

    @model_validator(mode="after")
    def _one_condition(self, info: ValidationInfo) -> Self:
        if unjudged(self, info):
            return self
        kind = exactly_one(self, ALERT_KINDS, "condition")
        given = [name for name in LIMITS if getattr(self, name) is not None]
        if kind == "when" and len(given) != 1:
            raise ValueError(f"needs exactly one limit beside `when`|choose one of {', '.join(LIMITS)}")
        if kind == "absent" and given:
            raise ValueError(f"has `{given[0]}`, but an absence has no limit|remove it")
        return self


class Scrape(Node):
    """Where Prometheus finds a job's metrics."""

    targets: list[Address] = Field(min_length=1, max_length=1000, description="Host and port of each target")
    path: HttpPath = Field("/metrics", description="Where the metrics are")
    interval: ScrapeInterval | None = Field(None, description="Time between scrapes, a minute at most; 15s if left out")


class Down(Node):
    """The alert that a service with a job has for nothing: its target is down, or vanished."""

    severity: Severity = Field("page", description="page or ticket")
    for_: Duration = Field(60, alias="for", description="How long it must be down")
    slo: Name | None = Field(None, description="The SLO of this service that an outage burns")


def _settings_or_word(value: Any) -> str:
    return "settings" if isinstance(value, (dict, Down)) else "word"


class Service(Node):
    """Something that makes promises."""

    team: Name = Field(description="The team that is told")
    describe: Text | None = Field(None, description="What it does, in a sentence")
    tier: Annotated[int, Field(ge=1, le=4)] = Field(2, description="1: the company stops without it … 4: nice to have")
    links: dict[LinkTitle, Url] = Field(default_factory=dict, description="Further pages, by title")
    job: JobName | None = Field(
        None, description="Its scrape job in Prometheus; gives ServiceDown and an availability SLI for nothing"
    )
    scrape: dict[JobName, Scrape] = Field(default_factory=dict, description="Jobs that this stack's Prometheus scrapes")
    traces: JobName | None = Field(None, description="Its service name in traces")
    down: Annotated[
        Annotated[Down, Tag("settings")] | Annotated[Literal["off"], Tag("word")], Discriminator(_settings_or_word)
    ] = Field(
        default_factory=lambda: Down.model_validate({}),
        description="ServiceDown, the alert that a service with a job has for nothing; or `off`",
    )
    slos: dict[Name, Slo] = Field(default_factory=dict, description="What its users were promised, by name")
    alerts: dict[AlertName, Alert] = Field(default_factory=dict, description="Further alerts, by name")
    boards: dict[Name, Board] = Field(default_factory=dict, description="Dashboards, by name")


class Heartbeat(Node):
    """A heartbeat whose address is a secret and so a file."""

    url_file: Path = Field(description="A file that holds the address")


def _file_or_address(value: Any) -> str:
    return "file" if isinstance(value, (dict, Heartbeat)) else "address"


class Spec(Node):
    """The whole of `slo.yaml`."""

    version: Literal[1] = Field(description="The version of this format")
    links: Links = Field(
        default_factory=Links, description="Where the links in notifications, dashboards and runbooks lead"
    )
    mail: Mail | None = Field(None, description="The server through which e-mail leaves")
    period: Duration = Field(30 * 86_400, description="The error budgets' period, in whole days; 28d and 30d are usual")
    retention: Duration = Field(45 * 86_400, description="How long Prometheus keeps samples")
    monitoring_team: Name | None = Field(None, description="Who hears of faults of the monitoring; else the first team")
    heartbeat: (
        Annotated[Annotated[Heartbeat, Tag("file")] | Annotated[Url, Tag("address")], Discriminator(_file_or_address)]
        | None
    ) = Field(
        None, description="A receiver that expects the Watchdog and raises alarm at silence; `url_file` if it is secret"
    )
    runbooks_folder: Folder = Field("runbooks", description="Where the runbook pages are kept")
    tiers: dict[Name, Annotated[list[TierSpec], Field(min_length=1, max_length=10)]] = Field(
        default_factory=dict, description="Own sets of burn-rate tiers, by name"
    )
    teams: dict[Name, Team] = Field(min_length=1, description="Who is told, by name")
    services: dict[Name, Service] = Field(min_length=1, description="What makes promises, by name")
    environments: dict[Name, dict[str, Any]] = Field(
        default_factory=dict, description="Per environment: a dotted path of this file and the value it takes there"
    )


__all__ = ["LabelName", "Spec"]
