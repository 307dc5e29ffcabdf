"""Names of everything that the rules record, and how it is read: the one place where a series name stands.

Every recorded series carries `slo` (the SLO's id, `<service>-<slo>`), `service` and `period` (such as `30d`), and the
SLO's group labels. Counts are events per evaluation step; ratios are 0 to 1.
"""

from __future__ import annotations

from slostack.promql import duration, matchers

EVENTS = "slo:events1m"  # by slo_class (good, error): what the base rules count, per minute
HISTOGRAM = "slo:histogram1m"  # a minute's events of a native histogram, as a histogram
ERRORS_1M = "slo:error:events1m"
TOTAL_1M = "slo:total:events1m"
ERRORS_5M = "slo:error:events5m"
TOTAL_5M = "slo:total:events5m"
ERRORS_LOST = "slo:error:reconcile6h"  # what gaps and restarts lost, found later from the raw counters
TOTAL_LOST = "slo:total:reconcile6h"
EVENTS_12H = "slo:events:increase12h"  # by slo_class: what the raw counters say of twelve hours, to reconcile with
HISTOGRAM_12H = "slo:histogram:increase12h"
ERRORS_12H = "slo:error:increase12h"
TOTAL_12H = "slo:total:increase12h"
FIRST_VALUE_CAP = "slo:first_value_cap"  # largest first value of a counter that is believed

ERRORS = "slo:error:events"  # summed per window, label `window`
TOTAL = "slo:total:events"
ERRORS_SLOW = (
    "slo:error:events_slow"  # windows beyond 6 h as they are computed, every 5 or 10 minutes; `ERRORS` has them too
)
TOTAL_SLOW = "slo:total:events_slow"
RATIO = "slo:error_ratio"  # errors over total per window, label `window`; absent without traffic
BUDGET = "slo:error_budget:ratio"  # 1 − objective, a constant per SLO
REMAINING = "slo:error_budget_remaining:ratio"  # 1: untouched, 0: gone, below: overspent; over the SLO's period
COMPLETE = "slo:window_complete:bool"  # 1 where events were recorded at the far end of the window
COMPLETE_SLOW = "slo:window_complete_slow:bool"
INFO = "slo:info"  # 1, with labels team, promise, objective (percent) and kind

WINDOW = "window"
PERIOD = "period"
RESERVED_LABELS = frozenset(
    {"alertname", "class", "environment", "kind", "le", "objective", "period", "promise", "service", "severity"}
    | {"shard", "slo", "slo_class", "team", "tier", "window"}
)

# Windows that every SLO has on its dashboard, whatever its tiers: 5 m, 30 m, 1 h, 2 h, 6 h, 1 d, 3 d.
STANDARD_WINDOWS = (300, 1800, 3600, 7200, 21_600, 86_400, 259_200)


def ratio(slo: str, window: int, labels: dict[str, str] | None = None) -> str:
    """The recorded error ratio of an SLO over a window in seconds."""
    return RATIO + matchers({"slo": slo, WINDOW: duration(window)} | (labels or {}))


def count(name: str, slo: str, window: int) -> str:
    """The recorded number of errors or of all events (`ERRORS`, `TOTAL`) of an SLO over a window in seconds."""
    return name + matchers({"slo": slo, WINDOW: duration(window)})
