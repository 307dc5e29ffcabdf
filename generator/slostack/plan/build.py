"""spec → plan: everything that the spec leaves to a default is decided here, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from urllib.parse import urlsplit

from slostack import recorded
from slostack.burnrate import Severity, Tier, budget, standard_tiers
from slostack.plan import monitoring
from slostack.plan.alerts import ServiceAlerts, derived_name
from slostack.plan.expressions import uncommented
from slostack.plan.indicators import classic_histogram, indicator
from slostack.plan.model import (
    AlertPlan,
    Plan,
    ReceiverPlan,
    ScrapePlan,
    ServicePlan,
    Slices,
    SloPlan,
    TeamPlan,
    Window,
)
from slostack.plan.texts import Addresses
from slostack.spec.hours import parse_hours
from slostack.spec.model import Heartbeat, Receiver, Service, Slo, Spec, Team

SLOS_PER_SHARD = 25
SCRAPE_INTERVAL = 15


def build(
    spec: Spec,
    *,
    source: str = "slo.yaml",
    environment: str | None = None,
    time_scale: int = 1,
    addresses: Mapping[str, str] | None = None,
    without: frozenset[str] = frozenset(),
) -> Plan:
    """The plan of a spec that passed its checks.

    `time_scale` is the factor of the time-lapse (1: real time). `addresses` maps `host:port` of the spec to where a
    local engine runs the same program; scrape targets, webhooks and link bases follow it. `without` names the links
    (`grafana`, `traces`) whose server does not run there, so that no alert points at it.
    """
    spec = uncommented(spec)
    moved = dict(addresses or {})
    bases = {name: _moved(url, moved).rstrip("/") for name, url in spec.links.model_dump().items()}
    links = spec.links.model_copy(update=bases)
    to = Addresses(links, without, time_scale)
    teams = tuple(_team(name, team, moved) for name, team in spec.teams.items())
    slos: list[SloPlan] = []
    services: list[ServicePlan] = []
    alerts: list[AlertPlan] = []
    scrapes: list[ScrapePlan] = []
    for name, service in spec.services.items():
        plan = _service(name, service, without)
        services.append(plan)
        own = tuple(
            _slo(name, service, slo_name, slo, spec, shard=(len(slos) + index) // SLOS_PER_SHARD)
            for index, (slo_name, slo) in enumerate(service.slos.items())
        )
        slos += own
        alerts += ServiceAlerts(name, service, own, to, plan.dashboard).all()
        scrapes += (
            ScrapePlan(
                job=job,
                service=name,
                targets=tuple(moved.get(target, target) for target in scrape.targets),
                path=scrape.path,
                interval=scrape.interval or SCRAPE_INTERVAL,
            )
            for job, scrape in service.scrape.items()
        )
    monitoring_team = spec.monitoring_team or next(iter(spec.teams))
    alerts += monitoring.alerts(monitoring_team, to)
    windows = {window for slo in slos for tier in slo.tiers for window in (tier.long, tier.short)}
    return Plan(
        source=source,
        runbooks=spec.runbooks_folder,
        environment=environment,
        links=links,
        mail=spec.mail,
        heartbeat=_moved(spec.heartbeat, moved) if isinstance(spec.heartbeat, str) else None,
        heartbeat_file=spec.heartbeat.url_file if isinstance(spec.heartbeat, Heartbeat) else None,
        monitoring_team=monitoring_team,
        retention=spec.retention,
        teams=teams,
        services=tuple(services),
        slos=tuple(slos),
        alerts=tuple(_received(alert) for alert in alerts),
        scrapes=tuple(scrapes),
        windows=tuple(Window(seconds) for seconds in sorted(windows.union(recorded.STANDARD_WINDOWS))),
        periods=tuple(sorted({slo.period for slo in slos})),
        group_labels=tuple(sorted({label for slo in slos for label in slo.by})),
        time_scale=time_scale,
        secrets=tuple(sorted(_secrets(spec))),
        addresses=moved,
    )


def tiers_of(slo: Slo, spec: Spec) -> tuple[Tier, ...]:
    """The burn-rate tiers of an SLO: the spec's own set, or the standard ones for its period."""
    if slo.tiers is None or (slo.tiers == "standard" and "standard" not in spec.tiers):
        return standard_tiers(slo.period or spec.period)
    return tuple(
        Tier(tier.severity, Fraction(tier.budget) / 100, tier.long, tier.short) for tier in spec.tiers[slo.tiers]
    )


def alert_names(service: str, name: str, slo: Slo, tiers: tuple[Tier, ...]) -> dict[Severity, str]:
    """The name of an SLO's alert per severity; one that is off, or that no tier has, is missing."""
    out: dict[Severity, str] = {}
    severities: tuple[tuple[Severity, str | None], ...] = (("page", slo.alerts.page), ("ticket", slo.alerts.ticket))
    for severity, given in severities:
        if given != "off" and any(tier.severity == severity for tier in tiers):
            out[severity] = given or derived_name(service, name, severity)
    return out


def _slo(service_name: str, service: Service, name: str, slo: Slo, spec: Spec, shard: int) -> SloPlan:
    counted = indicator(slo, service)
    tiers = tiers_of(slo, spec)
    return SloPlan(
        id=f"{service_name}-{name}",
        name=name,
        service=service_name,
        team=service.team,
        promise=slo.promise,
        describe=slo.describe,
        kind=slo.kind,
        objective=slo.objective,
        budget=budget(slo.objective),
        period=slo.period or spec.period,
        indicator=counted,
        by=tuple(slo.by),
        tiers=tiers,
        minimum_events=slo.minimum.events,
        minimum_failures=slo.minimum.failures,
        alert_names=alert_names(service_name, name, slo, tiers),
        measures="time" if isinstance(counted, Slices) and slo.events is None else "events",
        threshold=slo.latency.under if slo.latency else None,
        histogram=classic_histogram(slo),
        shard=shard,
    )


def _service(name: str, service: Service, without: frozenset[str]) -> ServicePlan:
    return ServicePlan(
        name=name,
        team=service.team,
        tier=service.tier,
        describe=service.describe,
        job=service.job,
        traces=None if "traces" in without else service.traces,
        links=dict(service.links),
        boards=dict(service.boards),
        dashboard=f"slo-{name}"[:40],
    )


def _team(name: str, team: Team, moved: Mapping[str, str]) -> TeamPlan:
    return TeamPlan(
        name=name,
        page=_receiver(name, "page", team.page, moved),
        ticket=_receiver(name, "ticket", team.ticket, moved),
        escalation=tuple((step.after, step.to) for step in team.escalation),
    )


def _receiver(team: str, severity: Severity, receiver: Receiver, moved: Mapping[str, str]) -> ReceiverPlan:
    return ReceiverPlan(
        name=f"{team}-{severity}",
        team=team,
        severity=severity,
        webhook=_moved(receiver.webhook, moved) if receiver.webhook else None,
        webhook_file=receiver.webhook_file,
        slack=receiver.slack,
        email=receiver.email,
        pagerduty=receiver.pagerduty,
        hours=parse_hours(receiver.hours) if receiver.hours else None,
    )


def _received(alert: AlertPlan) -> AlertPlan:
    return alert if alert.severity == "none" else replace(alert, receivers=(f"{alert.team}-{alert.severity}",))


def _moved(url: str, moved: Mapping[str, str]) -> str:
    host = urlsplit(url).netloc
    return url.replace(f"//{host}", f"//{moved[host]}", 1) if host in moved else url


def _secrets(spec: Spec) -> set[str]:
    files = {spec.mail.password_file} if spec.mail else set()
    files.add(spec.heartbeat.url_file if isinstance(spec.heartbeat, Heartbeat) else None)
    for team in spec.teams.values():
        for receiver in (team.page, team.ticket):
            files.add(receiver.webhook_file)
            files.add(receiver.slack.url_file if receiver.slack else None)
            files.add(receiver.pagerduty.routing_key_file if receiver.pagerduty else None)
    return {file for file in files if file}
