"""What holds back what: who is told of one thing is not told of another that says the same.

Which alert is about a whole group, a part of it, or all groups is known from the plan. The labels of an alert cannot
say it: a series that lacks a label of `by` is a group too, and none that stands for the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from slostack.plan.alerts import SERVICE_DOWN, THRESHOLD
from slostack.plan.model import AlertPlan, Plan, SloPlan
from slostack.plan.monitoring import WATCHDOG
from slostack.promql import quote

ENVIRONMENT = "environment"
_SAME_SLO = [ENVIRONMENT, "service", "slo"]
_PAGE, _TICKET = 'severity="page"', 'severity="ticket"'
_BURN, _OWNERS = f"tier!={quote(THRESHOLD)}", f"tier={quote(THRESHOLD)}"
_Key = TypeVar("_Key", bound=Hashable)


class _About:
    """The alerts about one SLO, by what they say of its groups."""

    def __init__(self, slo: SloPlan, alerts: list[AlertPlan]) -> None:
        self.slo = slo
        self.by = tuple(sorted(slo.by))
        self.pages = [alert for alert in alerts if alert.severity == "page"]
        self.tickets = [alert for alert in alerts if alert.severity == "ticket"]
        self.burns = [alert for alert in self.pages if alert.tier]
        self.owners = [alert for alert in self.pages if alert.tier is None and alert.kind != "down"]
        self.of_all = [alert for alert in self.pages if self.by and not alert.by]

    def whole(self, alert: AlertPlan) -> bool:
        """Whether an alert is about a whole group."""
        return set(alert.by) == set(self.by)

    def within(self, alert: AlertPlan) -> bool:
        """Whether an alert is about a group or a part of it."""
        return set(alert.by) >= set(self.by)


def inhibit_rules(plan: Plan) -> list[dict[str, Any]]:
    """The rules: of the SLOs that have the same groups and exceptions in one, then those of services that are down."""
    alerts = defaultdict(list)
    for alert in plan.alerts:
        alerts[alert.slo].append(alert)
    about = [_About(slo, alerts[slo.id]) for slo in plan.slos]
    rules = [
        {
            "name": "a page holds back the ticket of the same SLO and group",
            "source_matchers": [_PAGE, _one_of("slo", slos), *_none_of("alertname", pages)],
            "target_matchers": [_TICKET, _one_of("slo", slos), *_none_of("alertname", tickets)],
            "equal": [*_SAME_SLO, *by],
        }
        for (by, pages, tickets), slos in _alike(
            (each for each in about if any(map(each.whole, each.pages)) and any(map(each.within, each.tickets))),
            lambda each: (each.by, _but(each.pages, each.whole), _but(each.tickets, each.within)),
        )
    ]
    rules += [
        {
            "name": "a page about all groups of an SLO holds back the tickets of each",
            "source_matchers": [_PAGE, _one_of("slo", slos), _one_of("alertname", names)],
            "target_matchers": [_TICKET, _one_of("slo", slos)],
            "equal": [*_SAME_SLO],
        }
        for names, slos in _alike(
            (each for each in about if each.of_all and each.tickets), lambda each: _names(each.of_all)
        )
    ]
    rules += [
        {
            "name": "a burning budget that pages holds back the owners' pages about the same, or about a part of it",
            "source_matchers": [_PAGE, _one_of("slo", slos), _BURN],
            "target_matchers": [
                *(_PAGE, _one_of("slo", slos), _OWNERS),
                *_none_of("alertname", tuple(sorted({SERVICE_DOWN, *others}))),
            ],
            "equal": [*_SAME_SLO, *by],
        }
        for (by, others), slos in _alike(
            (each for each in about if each.burns and any(map(each.within, each.owners))),
            lambda each: (each.by, _but(each.owners, each.within)),
        )
    ]
    return rules + _DOWN


_DOWN: list[dict[str, Any]] = [
    {
        "name": "a service that is down, and pages, holds back its symptoms",
        "source_matchers": [f"alertname={quote(SERVICE_DOWN)}", _PAGE],
        "target_matchers": [f"alertname!={quote(SERVICE_DOWN)}", f"alertname!={quote(WATCHDOG)}"],
        "equal": [ENVIRONMENT, "service"],
    },
    {
        "name": "a service that is down, and is a ticket, holds back no page",
        "source_matchers": [f"alertname={quote(SERVICE_DOWN)}", _TICKET],
        "target_matchers": [f"alertname!={quote(SERVICE_DOWN)}", _TICKET],
        "equal": [ENVIRONMENT, "service"],
    },
    {
        "name": "a service that is down explains its failed scrapes",
        "source_matchers": [f"alertname={quote(SERVICE_DOWN)}"],
        "target_matchers": ['alertname="ScrapeTargetDown"'],
        "equal": [ENVIRONMENT, "job"],
    },
]


def _alike(about: Iterable[_About], key: Callable[[_About], _Key]) -> list[tuple[_Key, list[str]]]:
    """The SLOs that one rule can tell of: their ids by what the rule says of them."""
    out: dict[_Key, list[str]] = defaultdict(list)
    for each in about:
        out[key(each)].append(each.slo.id)
    return list(out.items())


def _but(alerts: list[AlertPlan], fits: Callable[[AlertPlan], bool]) -> tuple[str, ...]:
    """The names of the alerts that do not fit."""
    return _names(alert for alert in alerts if not fits(alert))


def _names(alerts: Iterable[AlertPlan]) -> tuple[str, ...]:
    return tuple(sorted({alert.name for alert in alerts}))


def _one_of(label: str, values: Iterable[str]) -> str:
    found = list(values)
    return f"{label}{'=' if len(found) == 1 else '=~'}{quote('|'.join(found))}"


def _none_of(label: str, values: tuple[str, ...]) -> list[str]:
    return [f"{label}{'!=' if len(values) == 1 else '!~'}{quote('|'.join(values))}"] if values else []
