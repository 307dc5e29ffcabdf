"""What the boards ask Prometheus about promises: one place for each question, always of recorded series.

Where a promise is kept per group (tenant, agent, …), a rate or a budget is the worst group's and a count is the sum.
Nothing here is scaled in time; who writes an expression into a panel passes it through `Plan.lapse`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from slostack.burnrate import decimal_text
from slostack.plan import Plan, SloPlan
from slostack.promql import duration, quote
from slostack.recorded import BUDGET, ERRORS, ERRORS_5M, INFO, RATIO, REMAINING, TOTAL
from slostack.render.dashboards.look import GONE, KEPT, NO_DATA, NO_TRAFFIC, PAGE, TICKET


@dataclass(frozen=True)
class Scope:
    """Which promises a board asks about: the text of matchers of SLOs, and of their groups; empty for all."""

    slos: str
    groups: str
    labels: tuple[str, ...]  # the group labels
    periods: tuple[int, ...]
    time_scale: int

    def of(self, name: str, *matchers: str) -> str:
        """A recorded series per group."""
        return _select(name, self.slos, self.groups, *matchers)

    def slo(self, name: str, *matchers: str) -> str:
        """A recorded series that has no groups."""
        return _select(name, self.slos, *matchers)


def overview_scope(plan: Plan) -> Scope:
    """Every promise of the services chosen above the board."""
    return Scope('service=~"$service"', "", plan.group_labels, plan.periods, plan.time_scale)


def slo_scope(slos: tuple[SloPlan, ...], time_scale: int) -> Scope:
    """The promise chosen above a service's board, and those of its groups that are chosen there."""
    labels = tuple(sorted({label for slo in slos for label in slo.by}))
    groups = ",".join(f'{label}=~"${label}"' for label in labels)
    return Scope('slo="$slo"', groups, labels, tuple(sorted({slo.period for slo in slos})), time_scale)


def info(scope: Scope, *matchers: str) -> str:
    """One series per promise, with its words."""
    return scope.slo(INFO, *matchers)


def state(scope: Scope) -> str:
    """The state of each promise as the rank that `look.State` gives it."""

    def alerts(severity: str) -> str:
        firing = scope.of("ALERTS", 'alertstate="firing"', f'severity="{severity}"', 'slo!=""')
        return f"max by (slo) ({firing})"

    known = f"max by (slo) ({info(scope)})"
    ranks = (
        (alerts("page"), PAGE),
        (alerts("ticket"), TICKET),
        (f"({remaining(scope)} <= 0)", GONE),
        (f"({known} unless on (slo) {scope.of(TOTAL, _window(3600))})", NO_DATA),
        (f"({known} unless on (slo) {scope.of(RATIO, _window(3600))})", NO_TRAFFIC),
        (known, KEPT),
    )
    return "\n  or ".join(f"{expression} * 0 + {rank.rank}" for expression, rank in ranks)


def remaining(scope: Scope) -> str:
    """The share of the error budget that is left: 1 untouched, 0 gone, below 0 overspent."""
    return f"min by (slo) ({scope.of(REMAINING)})"


def remaining_over_time(scope: Scope) -> str:
    """As `remaining`, without gaps: untouched before there was anything to count, and short gaps bridged."""
    bridged = f"min by (slo) (last_over_time({scope.of(REMAINING)}[1h]))"
    return f"{bridged} or min by (slo) ({scope.of(REMAINING)} @ end()) * 0 + 1"


def achieved(scope: Scope, decimals: int) -> str:
    """The share of events that kept the promise over its period, cut off after `decimals` of percent.

    It is never rounded up: 99.996 % must not show as 100.00 %. The small addend keeps a whole step a whole step.
    """
    kept = f"1 - max by (slo) ((1 - {scope.of(REMAINING)}) * on (slo) group_left () {scope.slo(BUDGET)})"
    step = 10 ** (decimals + 2)
    return f"floor(({kept}) * {step} + 0.000001) / {step}"


def or_idle(expression: str, scope: Scope) -> str:
    """The value, or NaN where nothing happened in the last hour; still nothing where nothing is measured."""
    return f"({expression})\n  or max by (slo) ({scope.of(TOTAL, _window(3600))} == 0) * NaN"


def burn(scope: Scope, seconds: int = 3600) -> str:
    """The burn rate over a window: 1 spends the budget exactly at the end of the period."""
    return f"max by (slo) ({_burn_per_group(scope, seconds)})"


def gone_in(scope: Scope) -> str:
    """Seconds until the budget is gone at the last hour's pace; nothing where that pace is sustainable."""
    burning = f"({_burn_per_group(scope, 3600)} > 1)"

    def of_period(period: int) -> str:
        left = scope.of(REMAINING, *_period(scope, period))
        seconds = decimal_text(Fraction(period, scope.time_scale), 3)
        return f"clamp_min({left}, 0) * {seconds} / ignoring (window) {burning}"

    return "min by (slo) (" + "\n  or ".join(of_period(period) for period in scope.periods) + ")"


def gone_in_or_never(scope: Scope) -> str:
    """As `gone_in`, and −1 where the last hour's pace is sustainable."""
    return f"{gone_in(scope)}\n  or ({burn(scope)} <= 1) * 0 - 1"


def still_fit(scope: Scope) -> str:
    """How many more failures the budget of the period holds."""

    def of_period(period: int) -> str:
        events = scope.of(TOTAL, *_period(scope, period), _window(period))
        return f"clamp_min({scope.of(REMAINING, *_period(scope, period))}, 0) * ignoring (window) {events}"

    events = "\n  or ".join(of_period(period) for period in scope.periods)
    return f"floor(min by (slo) (({events}) * on (slo) group_left () {scope.slo(BUDGET)}))"


def spent_per_step(scope: Scope) -> str:
    """The share of the period's budget that each step of the graph spent, in the group that has least left.

    Summed up over a whole period it ends at one minus what is left.
    """
    groups = ", ".join(("slo", *scope.labels))

    def of_period(period: int) -> str:
        return f"{scope.of(TOTAL, *_period(scope, period), _window(period))} @ end()"

    worst = f"bottomk(1, {scope.of(REMAINING)} @ end())"
    errors = f"sum_over_time({scope.of(ERRORS_5M)}[$__interval]) and on ({groups}) {worst}"
    events = " or ".join(of_period(period) for period in scope.periods)
    budget = f"scalar(sum(({events}) and on ({groups}) {worst}) * scalar({scope.slo(BUDGET)} @ end()))"
    return f"sum({errors})\n  / {budget}"


def failing_share(scope: Scope, seconds: int, by: tuple[str, ...] = ()) -> str:
    """The share of events that broke the promise within a window: the worst group's, or per value of `by`."""
    return f"max by ({', '.join(by)}) ({scope.of(RATIO, _window(seconds))})"


def allowed_share(scope: Scope) -> str:
    """The share of events that may break the promise."""
    return f"max({scope.slo(BUDGET)} @ end())"


def failing_per_minute(scope: Scope) -> str:
    """Events that broke the promise, per minute, as the mean of five."""
    return f"sum({scope.of(ERRORS, _window(300))}) / 5"


def allowed_per_minute(scope: Scope) -> str:
    """Events that may break the promise per minute, at this traffic and an even burn."""
    return f"sum({scope.of(TOTAL, _window(300))}) / 5 * scalar({scope.slo(BUDGET)})"


def events_per_minute(scope: Scope, offset: str = "") -> str:
    """All events per minute, as the mean of five."""
    return f"sum({scope.of(TOTAL, _window(300))}{f' offset {offset}' if offset else ''}) / 5"


def worst_groups(scope: Scope, number: int) -> str:
    """The groups with the least budget left."""
    by = ", ".join(scope.labels)
    return f"bottomk({number}, min by ({by}) ({scope.of(REMAINING)}))"


def share_by_group(scope: Scope) -> str:
    """The last hour's share of failures of every group."""
    return f"max by ({', '.join(scope.labels)}) ({scope.of(RATIO, _window(3600))})"


def failing_groups(scope: Scope, number: int) -> str:
    """The groups that failed most in the last hour of the board's time."""
    by = ", ".join(scope.labels)
    return f"topk({number}, max by ({by}) ({scope.of(RATIO, _window(3600))} @ end()))"


def among(slos: tuple[SloPlan, ...]) -> str:
    """A matcher that holds where the chosen SLO is one of `slos`."""
    return f"slo=~{quote('|'.join(slo.id for slo in slos))}"


def _burn_per_group(scope: Scope, seconds: int) -> str:
    return f"{scope.of(RATIO, _window(seconds))} / on (slo) group_left () {scope.slo(BUDGET)}"


def _period(scope: Scope, period: int) -> tuple[str, ...]:
    return (f"period={quote(duration(period))}",) if len(scope.periods) > 1 else ()


def _window(seconds: int) -> str:
    return f"window={quote(duration(seconds))}"


def _select(name: str, *matchers: str) -> str:
    return f"{name}{{{','.join(part for part in matchers if part)}}}"
