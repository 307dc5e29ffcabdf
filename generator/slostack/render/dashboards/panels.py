"""Panels as grafanalib objects: one function per kind of panel, with what all of our panels share.

grafanalib's own classes stop at Grafana 9, so each panel brings the newer keys along as `extraJson`; what grafanalib
writes and Grafana no longer reads, `normalise` takes out again.
"""

from __future__ import annotations

from typing import Any

from grafanalib import core

from slostack.render.dashboards.look import BLUE, NO_DATA_TEXT, TEXT, Json, steps

Panel = Any  # grafanalib has no types
PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}


def query(
    expression: str,
    legend: str = "",
    *,
    ref: str = "A",
    instant: bool = False,
    form: str = "time_series",
    exemplars: bool = False,
    interval: str = "",
) -> Json:
    """A Prometheus query: instant for one value now, else over the board's range."""
    target = core.Target(
        expr=expression, legendFormat=legend, refId=ref, instant=instant, format=form, interval=interval
    )
    data: Json = target.to_json_data()
    return data | {
        "datasource": PROMETHEUS,
        "range": not instant,
        "exemplar": exemplars,
        "editorMode": "code",
    }


def series_override(name: str, **properties: Any) -> Json:
    """Properties of the series (or column) of that name; `custom__x` writes `custom.x`."""
    return _override({"id": "byName", "options": name}, properties)


def pattern_override(pattern: str, **properties: Any) -> Json:
    """Properties of every series (or column) whose name matches."""
    return _override({"id": "byRegexp", "options": pattern}, properties)


def _override(matcher: Json, properties: dict[str, Any]) -> Json:
    listed = [{"id": name.replace("__", "."), "value": value} for name, value in properties.items()]
    return {"matcher": matcher, "properties": listed}


def fixed(colour: str) -> Json:
    """A colour that means something."""
    return {"mode": "fixed", "fixedColor": colour}


def dashes(colour: str, width: int = 1) -> dict[str, Any]:
    """Properties of a line that is a limit or a comparison, not a measurement."""
    return {
        "color": fixed(colour),
        "custom__lineStyle": {"fill": "dash", "dash": [8, 6]},
        "custom__lineWidth": width,
        "custom__fillOpacity": 0,
        "custom__showPoints": "never",
    }


def time_series(
    title: str,
    describe: str,
    targets: list[Json],
    *,
    unit: str,
    decimals: int | None = None,
    overrides: list[Json] | None = None,
    fill: int = 8,
    colour: str | None = None,
    floor: float | None = None,
    soft_min: float | None = 0,
    soft_max: float | None = None,
    maximum: float | None = None,
    log: bool = False,
    legend: str = "list",
    calcs: tuple[str, ...] = (),
    empty: str = NO_DATA_TEXT,
    extra: Json | None = None,
) -> Panel:
    """Values over time. Series without a meaning of their own are coloured by level, or `colour` where given.

    `floor` and `maximum` cut the axis off, `soft_min` and `soft_max` only widen it.
    """
    custom: Json = {
        "axisBorderShow": False,
        "insertNulls": False,
        "scaleDistribution": {"type": "log", "log": 10} if log else {"type": "linear"},
        "lineWidth": 2,
        "fillOpacity": fill,
        "thresholdsStyle": {"mode": "off"},
        "stacking": {"mode": "none", "group": "A"},
    } | _given(axisSoftMin=soft_min, axisSoftMax=soft_max)
    defaults: Json = {
        "noValue": empty,
        "unit": unit,
        "color": fixed(colour) if colour else {"mode": "continuous-YlBl", "seriesBy": "last"},
        "custom": custom,
        "thresholds": steps((TEXT, None)),
    }
    defaults |= _given(min=floor, max=maximum, decimals=decimals)
    return core.TimeSeries(
        title=title,
        description=describe,
        dataSource=PROMETHEUS,
        targets=targets,
        unit=unit,
        showPoints="never",
        spanNulls=False,
        overrides=overrides or [],
        legendDisplayMode=legend,
        legendPlacement="right" if legend == "table" else "bottom",
        legendCalcs=list(calcs),
        tooltipMode="multi",
        tooltipSort="desc",
        maxDataPoints=None,
        extraJson=_merge({"fieldConfig": {"defaults": defaults}}, extra),
    )


def stat(
    title: str,
    describe: str,
    targets: list[Json],
    *,
    unit: str,
    decimals: int | None = None,
    thresholds: Json | None = None,
    mappings: list[Json] | None = None,
    colour: str = "value",
    text: str = "value",
    trend: bool = False,
    overrides: list[Json] | None = None,
    empty: str = NO_DATA_TEXT,
    links: list[Json] | None = None,
    text_size: int | None = None,
    extra: Json | None = None,
) -> Panel:
    """One number that answers the title. `colour`: none, value or background; `text`: value, name, value_and_name."""
    defaults: Json = {"thresholds": thresholds or steps((TEXT, None)), "color": {"mode": "thresholds"}}
    if links:
        defaults["links"] = links
    options: Json = {"wideLayout": False, "showPercentChange": False, "percentChangeColorMode": "standard"}
    if text_size:
        options["text"] = {"valueSize": text_size}
    return core.Stat(
        title=title,
        description=describe,
        dataSource=PROMETHEUS,
        targets=targets,
        format=unit,
        decimals=decimals,
        mappings=mappings or [],
        noValue=empty,
        colorMode=colour,
        textMode=text,
        graphMode="area" if trend else "none",
        reduceCalc="lastNotNull",
        overrides=overrides or [],
        thresholds=[],
        maxDataPoints=None,
        extraJson=_merge({"fieldConfig": {"defaults": defaults}, "options": options}, extra),
    )


def table(
    title: str,
    describe: str,
    targets: list[Json],
    transformations: list[Json],
    *,
    overrides: list[Json],
    sort: list[tuple[str, bool]],
    empty: str = NO_DATA_TEXT,
    links: list[Json] | None = None,
) -> Panel:
    """Rows and columns; `sort` is (column, descending), the first decides."""
    return core.Table(
        title=title,
        description=describe,
        dataSource=PROMETHEUS,
        targets=targets,
        transformations=transformations,
        overrides=overrides,
        unit="none",
        sortBy=[core.TableSortByField(displayName=name, desc=descending) for name, descending in sort],
        maxDataPoints=None,
        extraJson={
            "fieldConfig": {
                "defaults": {
                    "noValue": empty,
                    "color": {"mode": "thresholds"},
                    "thresholds": steps((TEXT, None)),
                    "custom": {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False, "minWidth": 80},
                }
                | ({"links": links} if links else {})
            },
            "options": {"cellHeight": "sm", "showHeader": True, "enablePagination": False},
        },
    )


def heatmap(title: str, describe: str, target: Json, *, unit: str, decimals: int | None = None, empty: str) -> Panel:
    """The distribution of a histogram over time: the stronger the colour, the more."""
    axis: Json = {"unit": unit, "axisPlacement": "left", "reverse": False} | _given(decimals=decimals)
    options = {
        "calculate": False,
        "cellGap": 1,
        "color": {
            "mode": "scheme",
            "scheme": "Blues",
            "steps": 32,
            "exponent": 0.5,
            "fill": BLUE,
            "scale": "exponential",
        }
        | {"reverse": False},
        "exemplars": {"color": "dark-orange"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": False},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": False},
        "yAxis": axis,
        "cellValues": {"unit": "short", "decimals": 0},
    }
    return core.Heatmap(
        title=title,
        description=describe,
        dataSource=PROMETHEUS,
        targets=[target],
        options={},
        maxDataPoints=120,
        extraJson={
            "options": options,
            "fieldConfig": {
                "defaults": {"unit": unit, "noValue": empty, "custom": {"scaleDistribution": {"type": "linear"}}}
            },
        },
    )


def bars(
    title: str,
    describe: str,
    target: Json,
    *,
    unit: str,
    decimals: int | None,
    maximum: float | None,
    empty: str,
    thresholds: Json | None = None,
) -> Panel:
    """One bar per group, in the query's order, in one colour or coloured by thresholds."""
    colours: Json = {"color": fixed(BLUE)} if thresholds is None else {"thresholds": thresholds}
    return stat(
        title,
        describe,
        [target],
        unit=unit,
        decimals=decimals,
        empty=empty,
        extra={
            "type": "bargauge",
            "fieldConfig": {"defaults": colours | {"min": 0} | _given(max=maximum)},
            "options": {
                "displayMode": "basic",
                "orientation": "horizontal",
                "showUnfilled": True,
                "valueMode": "text",
                "namePlacement": "left",
                "sizing": "auto",
                "minVizHeight": 16,
                "maxVizHeight": 40,
                "minVizWidth": 8,
                "text": {"titleSize": 14, "valueSize": 14},
                "legend": {"showLegend": False, "displayMode": "hidden", "placement": "bottom", "calcs": []},
            },
        },
    )


def timeline(title: str, describe: str, targets: list[Json], *, mappings: list[Json], empty: str) -> Panel:
    """When was what in which state."""
    return core.StateTimeline(
        title=title,
        description=describe,
        dataSource=PROMETHEUS,
        targets=targets,
        mappings=mappings,
        showValue="never",
        rowHeight=0.7,
        fillOpacity=90,
        legendDisplayMode="list",
        extraJson={
            "fieldConfig": {
                "defaults": {
                    "unit": "none",
                    "noValue": empty,
                    "color": {"mode": "palette-classic"},
                    "thresholds": steps((TEXT, None)),
                    "custom": {"insertNulls": False, "spanNulls": False},
                }
            },
        },
    )


def text(title: str, describe: str, content: str) -> Panel:
    """Words and links, in Markdown."""
    return core.Text(title=title, description=describe, dataSource=PROMETHEUS, content=content, mode="markdown")


def row(title: str, *, collapsed: bool = False, panels: list[Panel] | None = None) -> Panel:
    """A heading over the panels that follow; folded, it holds them."""
    return core.RowPanel(title=title, collapsed=collapsed, panels=panels or [])


def _given(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _merge(base: Json, more: Json | None) -> Json:
    for key, value in (more or {}).items():
        base[key] = _merge(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return base
