"""The plan: the spec with every default, name, window, label, receiver and link resolved once.

Renderers read only this. Nothing here is scaled in time: `Plan.time_scale` says by how much a renderer divides every
duration that it writes (see `promql.time_lapse` and `promql.duration`).
"""

from slostack.plan.model import (
    AlertPlan,
    Counters,
    Indicator,
    NativeHistogram,
    Plan,
    ReceiverPlan,
    ScrapePlan,
    ServicePlan,
    Slices,
    SloPlan,
    TeamPlan,
    Window,
)

__all__ = [
    "AlertPlan",
    "Counters",
    "Indicator",
    "NativeHistogram",
    "Plan",
    "ReceiverPlan",
    "ScrapePlan",
    "ServicePlan",
    "Slices",
    "SloPlan",
    "TeamPlan",
    "Window",
]
