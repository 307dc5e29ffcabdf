"""The kinds of panels that owners can write: each becomes one panel with a unit, limits and legends in words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from slostack.burnrate import decimal_text
from slostack.plan import Counters, Plan, ServicePlan, SloPlan
from slostack.promql import Selector, quote, selector
from slostack.render.dashboards import kind_table, limits, queries
from slostack.render.dashboards.counting import (
    by_clause,
    fraction,
    mean_rate,
    measured,
    quantile,
    rate_window,
)
from slostack.render.dashboards.look import BLUE, NO_DATA_TEXT, NO_TRAFFIC_TEXT, PALE, PERCENT, TEXT, UNITS, Json, steps
from slostack.render.dashboards.panels import (
    Panel,
    bars,
    dashes,
    fixed,
    heatmap,
    query,
    series_override,
    stat,
    time_series,
)
from slostack.spec import boards as spec

_QUANTILES = (Decimal(50), Decimal(95), Decimal(99))
_MOST_BARS = 10


def draw(plan: Plan, service: ServicePlan, panel: spec.Panel) -> Panel:
    """The panel of the spec as a panel of Grafana."""
    return _DRAWN[panel.kind](plan, service, panel)


def repeated_selector(panel: spec.Panel) -> str:
    """A series that has the label of a repeated panel: where its values are read from."""
    if panel.ratio is not None:
        return panel.ratio.of
    if panel.quantiles is not None or panel.heatmap is not None:
        histogram = panel.quantiles or panel.heatmap or ""
        plain = selector(histogram)
        return histogram if plain is None else str(plain.renamed("_count"))
    return panel.rate or ""


def _rate(plan: Plan, service: ServicePlan, panel: spec.Panel) -> Panel:
    expression = mean_rate(_filtered(panel, panel.rate), panel.by)
    unit = panel.unit or "per second"
    if unit == "per minute":
        expression = f"{expression} * 60"
    return _graph(plan, service, panel, [(expression, _legend(panel) or "all")], unit, empty=NO_TRAFFIC_TEXT)


def _ratio(plan: Plan, service: ServicePlan, panel: spec.Panel) -> Panel:
    name = _legend(panel) or ("succeeds" if panel.better == "high" else "share")
    drawn = [(_share_of_whole(plan, service, panel), name)]
    return _graph(plan, service, panel, drawn, panel.unit or "percent", empty=NO_TRAFFIC_TEXT)


def _share_of_whole(plan: Plan, service: ServicePlan, panel: spec.Panel) -> str:
    """The ratio as an SLO already records it, or else counted anew."""
    slo = _recorded(plan, service, panel)
    if slo is not None:
        return queries.failing_share(_scope_of(plan, slo), 300, slo.by)
    part, whole = (panel.ratio.part, panel.ratio.of) if panel.ratio else ("", "")
    return fraction(_filtered(panel, part), _filtered(panel, whole), panel.by)


def _scope_of(plan: Plan, slo: SloPlan) -> queries.Scope:
    return queries.Scope(f"slo={quote(slo.id)}", "", slo.by, (slo.period,), plan.time_scale)


def _recorded(plan: Plan, service: ServicePlan, panel: spec.Panel) -> SloPlan | None:
    """The SLO that already records this very ratio of failures, with these groups."""
    if panel.ratio is None or panel.each or panel.better == "high":
        return None
    part, whole = selector(panel.ratio.part), selector(panel.ratio.of)
    for slo in plan.slos_of(service.name):
        counted = slo.indicator
        same_groups = set(slo.by) == set(panel.by)
        if isinstance(counted, Counters) and same_groups and (counted.error, counted.total) == (part, whole):
            return slo
    return None


def _quantiles(plan: Plan, service: ServicePlan, panel: spec.Panel) -> Panel:
    at = panel.at or _QUANTILES
    histogram = _filtered(panel, panel.quantiles)
    drawn = [
        (
            quantile(Fraction(percent) / 100, histogram, panel.by),
            " ".join(filter(None, (_legend(panel), f"P{percent.normalize():f}"))),
        )
        for percent in at
    ]
    overrides = []
    if not panel.by:
        shades = {1: (BLUE,), 2: (BLUE, TEXT)}.get(len(at), (PALE, BLUE, TEXT))
        overrides = [
            series_override(name, color=fixed(shades[min(index, len(shades) - 1)]))
            for index, (_, name) in enumerate(drawn)
        ]
    unit = panel.unit or measured(panel.quantiles)
    return _graph(plan, service, panel, drawn, unit, overrides=overrides, fill=0, empty=NO_TRAFFIC_TEXT)


def _heatmap(plan: Plan, _service: ServicePlan, panel: spec.Panel) -> Panel:
    histogram = _filtered(panel, panel.heatmap)
    plain = selector(histogram)
    buckets = histogram if plain is None else str(plain.renamed("_bucket"))
    expression = plan.lapse(f"sum by (le) (increase({buckets}[{rate_window()}]))")
    unit = panel.unit or measured(panel.heatmap)
    return heatmap(
        _title(panel),
        panel.describe,
        # Only what a span measures, which is time, is observed with a trace to lead to.
        query(expression, "{{le}}", form="heatmap", exemplars=unit.endswith("seconds")),
        unit=UNITS[unit],
        decimals=1 if panel.unit == "score" else None,
        empty=NO_TRAFFIC_TEXT,
    )


def _value(plan: Plan, service: ServicePlan, panel: spec.Panel) -> Panel:
    return _graph(plan, service, panel, [(panel.value or "", _legend(panel) or "now")], panel.unit or "count")


def _stat(plan: Plan, service: ServicePlan, panel: spec.Panel) -> Panel:
    drawn = limits.of(plan, service, panel)
    unit = panel.unit or "count"
    wanted = limits.told(drawn, panel.better, unit)
    return stat(
        panel.title,
        panel.describe,
        [query(plan.lapse(panel.stat or ""), ": ".join(filter(None, (_legend(panel), wanted))) or "now")],
        unit=UNITS[unit],
        decimals=2 if unit in {"percent", "score", "per second"} else None,
        thresholds=limits.coloured(drawn, panel.better) if drawn else steps((BLUE, None)),
        text="value_and_name" if wanted or panel.by else "value",
        trend=True,
        text_size=34,
        empty=NO_DATA_TEXT,
        extra={"options": {"text": {"titleSize": 14}}},
    )


def _share(plan: Plan, _service: ServicePlan, panel: spec.Panel) -> Panel:
    counted = panel.share or ""
    total = f"sum(increase({counted}[$__range]))"
    parts = f"sum {by_clause(panel.by)} (increase({counted}[$__range]))"
    expression = f"sort_desc(topk({_MOST_BARS}, {parts} / scalar({total} > 0)))"
    return bars(
        panel.title,
        panel.describe,
        query(plan.lapse(expression), _legend(panel), instant=True),
        unit=PERCENT,
        decimals=1,
        maximum=1,
        empty=NO_TRAFFIC_TEXT,
    )


def _table(plan: Plan, _service: ServicePlan, panel: spec.Panel) -> Panel:
    return kind_table.draw(plan, panel)


def _slo(plan: Plan, service: ServicePlan, panel: spec.Panel) -> Panel:
    slo = next(slo for slo in plan.slos_of(service.name) if slo.name == panel.slo)
    scope = _scope_of(plan, slo)
    drawn = [(queries.failing_share(scope, 300), "5 min"), (queries.failing_share(scope, 3600), "1 h")]
    overrides = [
        series_override("5 min", color=fixed("light-blue"), custom__lineWidth=1),
        series_override("1 h", color=fixed("dark-blue")),
        series_override("promised at most", **dashes(PALE, 2)),
    ]
    drawn.append((queries.allowed_share(scope), "promised at most"))
    return _graph(plan, service, panel, drawn, "percent", overrides=overrides, empty=NO_TRAFFIC_TEXT)


_DRAWN: dict[str, Callable[[Plan, ServicePlan, spec.Panel], Panel]] = {
    "rate": _rate,
    "ratio": _ratio,
    "quantiles": _quantiles,
    "heatmap": _heatmap,
    "value": _value,
    "stat": _stat,
    "share": _share,
    "table": _table,
    "slo": _slo,
}


def _graph(
    plan: Plan,
    service: ServicePlan,
    panel: spec.Panel,
    drawn: list[tuple[str, str]],
    unit: str,
    *,
    overrides: list[Json] | None = None,
    fill: int = 8,
    empty: str = NO_DATA_TEXT,
) -> Panel:
    """Lines over time with the panel's limits as dashed lines that say whose they are."""
    targets = [
        query(plan.lapse(expression), name, ref=chr(ord("A") + index)) for index, (expression, name) in enumerate(drawn)
    ]
    all_overrides = list(overrides or [])
    for index, limit in enumerate(limits.of(plan, service, panel)):
        targets.append(query(f"vector({decimal_text(limit.value)})", limit.words, ref=f"L{index}"))
        all_overrides.append(series_override(limit.words, **dashes(limit.colour, 2)))
    one_colour = BLUE if len(drawn) == 1 and not panel.by else None
    success = panel.better == "high" and unit == "percent"
    return time_series(
        _title(panel),
        panel.describe,
        targets,
        unit=UNITS[unit],
        decimals=2 if unit == "score" else None,
        overrides=all_overrides,
        colour=one_colour,
        soft_min=None if success else 0,
        maximum=1 if success else None,
        fill=0 if success else fill,
        empty=empty,
    )


def _title(panel: spec.Panel) -> str:
    """A repeated panel says which of them it is."""
    return f"{panel.title} (${panel.each})" if panel.each else panel.title


def _legend(panel: spec.Panel) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in panel.by)


def _filtered(panel: spec.Panel, text: str | None) -> str:
    """A repeated panel's selector, narrowed to one value of the label."""
    plain = selector(text or "")
    if panel.each is None or plain is None:
        return text or ""
    narrowed: Selector = plain.plus(f'{panel.each}=~"${panel.each}"')
    return str(narrowed)
