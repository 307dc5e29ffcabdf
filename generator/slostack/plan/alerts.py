"""Alerts of services: burn rates of their SLOs, what their owners added, and ServiceDown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import ceil

from slostack import cadence, recorded
from slostack.burnrate import MINUTE, Severity, Tier, decimal_text
from slostack.plan import texts
from slostack.plan.indicators import series_of_targets
from slostack.plan.model import AlertPlan, SloPlan, Window
from slostack.promql import aggregate, duration, matchers, quote, selector
from slostack.spec.model import LIMITS, Alert, Down, Service

SERVICE_DOWN = "ServiceDown"
THRESHOLD = "threshold"  # the label `tier` of an alert that is no burn rate
KEEP_FIRING: dict[Severity, int] = {"page": 300, "ticket": 900}  # seconds; a gap shorter than this is not a recovery
# Longer than any page that it holds back, so that none is told of after the outage.
_DOWN_KEEP_FIRING = KEEP_FIRING["page"] + 60
_SIGNS = {"above": ">", "below": "<", "at_least": ">=", "at_most": "<="}
_VANISHED = 3600  # seconds
_WORDS = {"above": "more than", "below": "less than", "at_least": "at least", "at_most": "at most"}


def derived_name(service: str, slo: str, severity: Severity) -> str:
    """The name of an SLO's alert where the spec gives none: `CheckoutRequestsBurnsFast`."""
    camel = "".join(part.capitalize() for part in f"{service}-{slo}".split("-"))
    return camel + ("BurnsFast" if severity == "page" else "BurnsSlowly")


class ServiceAlerts:
    """Plans the alerts of one service."""

    def __init__(
        self, name: str, service: Service, slos: tuple[SloPlan, ...], to: texts.Addresses, dashboard: str
    ) -> None:
        self._name = name
        self._service = service
        self._slos = {slo.name: slo for slo in slos}
        self._to = to
        self._dashboard = dashboard

    def all(self) -> Iterator[AlertPlan]:
        """Every alert of the service: outage first, then the owners', then burn rates in the SLOs' order."""
        told: list[AlertPlan] = []
        if self._service.job and self._service.down != "off":
            told.append(self._down(self._service.down))
        told += (self._further(name, alert) for name, alert in self._service.alerts.items())
        yield from told
        for slo in self._slos.values():
            yield from self._burns(slo, [alert for alert in told if slo.id in alert.tells_of])

    def _burns(self, slo: SloPlan, told: list[AlertPlan]) -> Iterator[AlertPlan]:
        known = {"service": self._name, "slo": slo.id}
        broken = "of the time is bad" if slo.measures == "time" else "fail"
        summary = (
            f"{texts.literal(slo.promise)}{texts.where(slo.by)} — {{{{ $value | {texts.PERCENT} }}}}"
            f" {broken}, promised at most {texts.percent(slo.budget)}"
        )
        for tier in slo.tiers:
            name = slo.alert_names.get(tier.severity)
            if name is None:
                continue
            description = texts.burn_description(slo.id, slo.promise, tier, slo.period, slo.budget, slo.by)
            graph = recorded.ratio(slo.id, tier.short)
            command = self._service.slos[slo.name].command
            yield AlertPlan(
                name=name,
                kind="burn",
                service=self._name,
                team=self._service.team,
                severity=tier.severity,
                expression=burn_expression(slo, tier, told),
                for_=0,
                keep_firing_for=KEEP_FIRING[tier.severity],
                labels=self._labels(tier.severity, known) | {"tier": duration(tier.long)},
                annotations=self._annotations(name, known, slo.by, summary, description, graph, command),
                by=slo.by,
                slo=slo.id,
                tier=tier,
                sentence=texts.tier_sentence(tier, slo.period, slo.budget),
                promise=slo.promise,
            )

    def _further(self, name: str, alert: Alert) -> AlertPlan:
        limit_name = next((limit for limit in LIMITS if getattr(alert, limit) is not None), None)
        limit: Fraction | None = getattr(alert, limit_name) if limit_name else None
        by = tuple(alert.by)
        lasting = f" for {texts.span(alert.for_)}" if alert.for_ else ""
        if limit_name and limit is not None:
            graph = alert.when or ""
            expression = f"({graph}) {_SIGNS[limit_name]} {decimal_text(limit)}"
            sentence = f"{_WORDS[limit_name]} {texts.amount(limit, alert.unit)}{lasting}"
        else:
            graph = alert.absent or ""
            alone = {"alertname": name, "service": self._name} if not by else None
            expression = vanished(graph, by, alert.within, alert.for_ or 0, alone)
            sentence = f"is gone{lasting}, and was there within {texts.span(alert.within)} before"
        if alert.minimum:
            floor = decimal_text(alert.minimum.at_least)
            expression += f"\nand on ({', '.join(by)}) ({alert.minimum.of}) >= {floor}"
            sentence += f", with a volume of at least {floor}"
        slo = self._slos.get(alert.slo or "")
        known = {"service": self._name} | ({"slo": slo.id} if slo else {})
        summary = texts.with_value(alert.summary, alert.unit, by)
        if slo:
            summary = f"{texts.literal(slo.promise)} — {summary}"
        description = f"The alert's condition{texts.where(by)}: {sentence}."
        if slo and set(slo.by) <= set(by):
            description += texts.burning_meanwhile(slo.id, slo.period, slo.budget, slo.by)
        if alert.describe:
            description += f" {texts.literal(alert.describe)}"
        return AlertPlan(
            name=name,
            kind="threshold" if alert.when else "absent",
            service=self._name,
            team=self._service.team,
            severity=alert.severity,
            expression=expression,
            for_=alert.for_ or 0,
            keep_firing_for=alert.keep_firing_for or KEEP_FIRING[alert.severity],
            labels=self._labels(alert.severity, known) | {"tier": THRESHOLD},
            annotations=self._annotations(name, known, by, summary, description, graph, alert.command),
            by=by,
            slo=slo.id if slo else None,
            tier=None,
            sentence=sentence,
            promise=slo.promise if slo else texts.plain(alert.summary),
            limit=limit,
            unit=alert.unit,
            # One about a part of a group, such as a tenant's, says nothing about the rest of it.
            tells_of=(slo.id,) if slo and set(slo.by) == set(by) else (),
        )

    def _down(self, down: Down) -> AlertPlan:
        up = series_of_targets(self._service)
        slo = self._slos.get(down.slo or "")
        known = {"service": self._name} | ({"slo": slo.id} if slo else {})
        description = (
            f"Every target of {self._name} has failed its scrapes, or vanished, for {texts.span(down.for_)}."
            " Its other alerts are held back until it answers again."
        )
        summary = f"{self._name} is down: no target of it answers"
        gone = vanished(up, ("job",), _VANISHED, down.for_, {"alertname": SERVICE_DOWN, "service": self._name})
        return AlertPlan(
            name=SERVICE_DOWN,
            kind="down",
            service=self._name,
            team=self._service.team,
            severity=down.severity,
            expression=f"max by (job) ({up}) == 0\nor (\n  {gone}\n)",
            for_=down.for_,
            keep_firing_for=_DOWN_KEEP_FIRING,
            labels=self._labels(down.severity, known) | {"tier": THRESHOLD},
            annotations=self._annotations(SERVICE_DOWN, known, (), summary, description, up, None),
            by=(),
            slo=slo.id if slo else None,
            tier=None,
            sentence=f"no target of the job answers, or all have vanished, for {texts.span(down.for_)}",
            promise=slo.promise if slo else f"{self._name} is up",
            tells_of=tuple(each.id for each in self._slos.values() if each == slo or self._is_of_up(each)),
        )

    def _is_of_up(self, slo: SloPlan) -> bool:
        """Whether an SLO counts the outages that ServiceDown tells of."""
        read = self._service.slos[slo.name].availability
        if read is None or read.series is None:
            return read is not None
        series = selector(read.series)
        of_job = f"job={quote(self._service.job or '')}"
        return series is not None and series.name == "up" and of_job in series.inside.split(",")

    def _labels(self, severity: Severity, known: dict[str, str]) -> dict[str, str]:
        return {"severity": severity, "team": self._service.team} | known

    def _annotations(
        self,
        name: str,
        known: dict[str, str],
        by: tuple[str, ...],
        summary: str,
        description: str,
        graph: str,
        command: str | None,
    ) -> dict[str, str]:
        """What a notification says, in the order in which it is read; links last."""
        to = self._to
        board = {"slo": known["slo"]} if "slo" in known else {}
        slo_labels = next((slo.by for slo in self._slos.values() if slo.id == known.get("slo")), ())
        out = {
            "summary": summary,
            "description": description,
            "command": texts.literal(command) if command else to.query_command(graph),
            "runbook_url": to.runbook(name, known, by),
        }
        if "grafana" not in to.without:
            out["dashboard_url"] = to.board(self._dashboard, board, [label for label in slo_labels if label in by])
        out |= {"query_url": to.graph(graph), "silence_url": to.silence(name, known, by)}
        if self._service.traces and "traces" not in to.without:
            out["traces_url"] = to.traces(self._service.traces)
        return out


def burn_expression(slo: SloPlan, tier: Tier, told: Iterable[AlertPlan] = ()) -> str:
    """The rule of one tier; its value is the error ratio of the tier's long window.

    It begins when the tier's condition holds, the shortest window of its severity burns too, and no other alert of the
    same severity tells of this SLO and group already: no other tier, and none of `told`, which are no tiers. It goes on
    while any tier of its severity holds. So an incident is one alert from its first to its last minute, whichever
    windows it passes through, and none begins in the image of an incident that is over.
    """
    siblings = [each for each in slo.tiers if each.severity == tier.severity]
    now = min(siblings, key=lambda each: each.short).short
    on = f"on ({', '.join(slo.by)})"
    firing = {"alertstate": "firing", "slo": slo.id, "severity": tier.severity}
    own = "ALERTS" + matchers(firing | {"tier": duration(tier.long)})
    others = f"ALERTS{matchers(firing)[:-1]},tier!~{quote(f'{duration(tier.long)}|{THRESHOLD}')}}}"
    begins = [_holds(slo, tier)]
    if now != tier.short:
        threshold = decimal_text(tier.threshold(slo.period, slo.budget))
        begins.append(f"and ignoring ({recorded.WINDOW}) {recorded.ratio(slo.id, now)} > {threshold}")
    begins.append(f"unless {on} {others}")
    for alert in told:
        if alert.severity == tier.severity:
            begins += _told(alert, "on ()" if alert.kind == "down" else on, now)
    goes_on = "\n      or ".join(f"({_holds(slo, each)})" for each in siblings)
    return (
        f"max without ({recorded.WINDOW}, {recorded.PERIOD}) (\n"
        f"  {recorded.ratio(slo.id, tier.long)} and ignoring ({recorded.WINDOW}) (\n"
        f"    (\n      {_lines(begins)}\n    )\n"
        f"    or (\n      ({goes_on})\n      and {on} {own}\n    )\n"
        f"  )\n)"
    )


def _told(alert: AlertPlan, on: str, now: int) -> Iterator[str]:
    """What keeps a tier from beginning while an alert that is no tier tells of the same, and in the image of it.

    `now` is the tiers' shortest window. When the alert is over, that still holds what it told of, until it has passed,
    was summed and compared.
    """
    known = {"alertname": alert.name, "service": alert.service}
    if alert.kind == "down" and alert.for_ <= cadence.delay(now):
        # Else a tier could be seconds faster, and would be told of when the outage is over.
        yield f"unless {on} ALERTS{matchers(known | {'alertstate': 'pending'})}"
    image = now + cadence.delay(now) + cadence.SLICE + cadence.ALERTS_EVERY - alert.keep_firing_for
    past = duration(max(1, ceil(image / MINUTE)) * MINUTE)
    yield f"unless {on} present_over_time(ALERTS{matchers(known | {'alertstate': 'firing'})}[{past}])"


def _lines(parts: list[str]) -> str:
    return "\n      ".join(parts)


def _holds(slo: SloPlan, tier: Tier) -> str:
    """The condition of a tier: both windows above B · b, with enough failures and events in the long one."""
    threshold = decimal_text(tier.threshold(slo.period, slo.budget))
    failures = recorded.count(recorded.ERRORS, slo.id, tier.long)
    parts = [
        f"{recorded.ratio(slo.id, tier.long)} > {threshold}",
        f"{recorded.ratio(slo.id, tier.short)} > {threshold}",
        f"{failures} >= {slo.minimum_failures}",
    ]
    if slo.minimum_events:
        parts.append(f"{recorded.count(recorded.TOTAL, slo.id, tier.long)} >= {slo.minimum_events}")
    if tier.severity == "ticket" and Window(tier.long).tiled:
        # A young SLO's long window holds little: the tier waits until its far end was recorded.
        complete = recorded.count(recorded.COMPLETE, slo.id, tier.long)
        parts.append(f"last_over_time({complete}[45m])")
    return f" and ignoring ({recorded.WINDOW}) ".join(parts)


def vanished(series: str, by: tuple[str, ...], within: int, for_: int, alert: dict[str, str] | None) -> str:
    """A series that was there within a time and is not any more; one that never was there is not missed.

    The time begins when the alert may fire: while it is pending, for `for_` seconds, nothing is forgotten. `alert`
    names the alert that this is for: once it fires it goes on until the series is back, however long. Without it,
    where groups come and go as pods do, what vanished is forgotten when the time is over.
    """
    labels = ", ".join(by)
    whole = aggregate("max", labels)
    missed = f"{whole} (present_over_time({series}[{duration(within + for_)}]))"
    if alert:
        missed = f"({missed} or {whole} (ALERTS{matchers(alert | {'alertstate': 'firing'})}))"
    return f"{missed}\n  unless on ({labels}) {whole} ({series})"
