"""Sentences and links of alerts, as Prometheus annotation templates.

Text from the spec never reaches the template engine as code: braces are quoted, labels are escaped where they enter
an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from urllib.parse import quote, urlencode

from slostack import recorded
from slostack.burnrate import MINUTE, Tier, decimal_text
from slostack.promql import duration, matchers, time_lapse
from slostack.spec.model import Links

PERCENT = 'humanizePercentage | reReplaceAll "%" " %"'  # written as the sentences around it write percentages
_VALUE = {
    "percent": f"{{{{ $value | {PERCENT} }}}}",
    "seconds": "{{ $value | humanizeDuration }}",
    "bytes": "{{ $value | humanize }}B",
    "per second": '{{ $value | printf "%.3g" }} per second',
    "cores": '{{ $value | printf "%.2f" }} cores',
    "count": '{{ $value | printf "%.4g" }}',
}
# Prometheus adds this label to what it sends, after the annotations were made.
_ENVIRONMENT = "{{ with $externalLabels.environment }}&environment={{ . | urlquery }}{{ end }}"
_QUOTABLE = r'reReplaceAll "([\"\\\\])" "\\$1"'  # a label's value inside a matcher's quotes
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def literal(text: str) -> str:
    """`text` as it stands, whatever braces it has, and whatever template follows it."""
    return re.sub(r"[{}]{2,}|\{\Z", lambda match: f'{{{{ "{match.group()}" }}}}', text)


def with_value(sentence: str, unit: str, labels: Iterable[str]) -> str:
    """The spec's sentence with `{value}` and `{label}` filled by Prometheus; other braces stay text."""
    known = set(labels)

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name == "value":
            return _VALUE[unit]
        return f"{{{{ $labels.{name} }}}}" if name in known else match.group()

    return "".join(
        fill(match) if (match := _PLACEHOLDER.fullmatch(part)) else literal(part)
        for part in re.split(r"(\{[A-Za-z_][A-Za-z0-9_]*\})", sentence)
        if part
    )


def plain(sentence: str) -> str:
    """The spec's sentence where no alert fills its placeholders."""
    return _PLACEHOLDER.sub("…", sentence)


def amount(value: Fraction, unit: str) -> str:
    """A limit as people read it: `5 %`, `30 s`, `7 GB`, `0.5 per second`."""
    if unit == "percent":
        return f"{decimal_text(value * 100, 6)} %"
    if unit == "bytes":
        for size, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
            if value >= size:
                return f"{decimal_text(value / size, 3)} {name}"
        return f"{decimal_text(value)} B"
    suffix = {"seconds": " s", "milliseconds": " ms", "per second": " per second", "cores": " cores"}.get(unit, "")
    return decimal_text(value, 6) + suffix


def percent(ratio: Fraction) -> str:
    """A ratio in percent, at the precision it has."""
    return f"{decimal_text(ratio * 100, 6)} %"


def span(seconds: int) -> str:
    """A duration in words: `5 minutes`, `1 hour`, `3 days`."""
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    raise AssertionError("every whole number of seconds is divisible by one")


def where(labels: Iterable[str]) -> str:
    """` (agent_type mcts)`, filled by Prometheus; empty without labels."""
    parts = ", ".join(f"{label} {{{{ $labels.{label} }}}}" for label in labels)
    return f" ({parts})" if parts else ""


def burn_description(slo: str, promise: str, tier: Tier, period: int, budget: Fraction, by: Iterable[str]) -> str:
    """What is burning, how fast, who is hit worst, and how long the budget lasts; $value is the long window's ratio.

    Prometheus fills it at each evaluation. What a query cannot answer, such as the budget of an SLO that is younger
    than its period, is not said.
    """
    labels = list(by)
    return (
        f"{literal(promise)}{where(labels)}: {{{{ $value | {PERCENT} }}}} broke this over {span(tier.long)};"
        f" {percent(budget)} may, over {span(period)}."
        f"{_speed('$value', budget)}"
        f"{_worst(slo, tier, budget, period, labels)}"
        f"{_rest(slo, '$value', period, budget, labels)}"
    )


def burning_meanwhile(slo: str, period: int, budget: Fraction, by: Iterable[str]) -> str:
    """How fast an SLO's budget burns now, over five minutes, and how long it lasts: for an owners' alert about it."""
    labels = list(by)
    ratio = recorded.ratio(slo, 5 * MINUTE).replace('"', '\\"')[:-1] + "".join(f",{label}=%q" for label in labels) + "}"
    values = "".join(f" $labels.{label}" for label in labels)
    return (
        f'{{{{ with query (printf "{ratio} > 0"{values}) }}}}{{{{ $ratio := . | first | value }}}}'
        f"{_speed('$ratio', budget)}{_rest(slo, '$ratio', period, budget, labels)}{{{{ end }}}}"
    )


def _speed(ratio: str, budget: Fraction) -> str:
    return (
        f'{{{{ with query (printf "vector(%g / {decimal_text(budget)})" {ratio}) }}}} The budget burns at'
        f' {{{{ . | first | value | printf "%.1f" }}}} times the even rate.{{{{ end }}}}'
    )


def _rest(slo: str, ratio: str, period: int, budget: Fraction, labels: list[str]) -> str:
    group = "".join(f",{label}=%q" for label in labels)
    values = "".join(f" $labels.{label}" for label in labels)
    left = f'{recorded.REMAINING}{{slo=\\"{slo}\\"{group}}}'
    whole = f'{recorded.COMPLETE}{{slo=\\"{slo}\\",window=\\"{duration(period)}\\"{group}}}'
    known = f"{left} and ignoring (window) last_over_time({whole}[45m])"
    hours = decimal_text(period * budget / 3600, 6)  # the budget as time of total outage
    return (
        f'{{{{ with query (printf "100 * ({known})"{values}{values}) }}}}{{{{ $left := . | first | value }}}}'
        f"{{{{ if le $left 0.0 }}}} The budget is gone.{{{{ else }}}}"
        f' {{{{ printf "%.0f" $left }}}} % of it is left'
        f'{{{{ with query (printf "vector(%g * {hours} / 100 / %g)" $left {ratio}) }}}}'
        f"{{{{ $hours := . | first | value }}}}, gone in {_HOURS}{{{{ end }}}}.{{{{ end }}}}{{{{ end }}}}"
    )


_HOURS = (
    '{{ if ge $hours 48.0 }}{{ with query (printf "vector(%g / 24)" $hours) }}{{ . | first | value | printf "%.0f" }}'
    ' days{{ end }}{{ else if ge $hours 1.0 }}{{ printf "%.0f" $hours }} h{{ else }}less than an hour{{ end }}'
)


def _worst(slo: str, tier: Tier, budget: Fraction, period: int, labels: list[str]) -> str:
    """Of a grouped SLO: how many groups burn, and the worst three; templates of a notification cannot sort."""
    if not labels:
        return ""
    burning = f"{recorded.ratio(slo, tier.long)} > {decimal_text(tier.threshold(period, budget))}"
    count, worst = (query.replace('"', '\\"') for query in (f"count({burning})", f"sort_desc(topk(3, {burning}))"))
    names = " ".join(f"{{{{ .Labels.{label} }}}}" for label in labels)
    return (
        f'{{{{ with query "{count}" }}}} Groups that burn: {{{{ . | first | value }}}}; worst:{{{{ end }}}}'
        f'{{{{ range $index, $one := query "{worst}" }}}}{{{{ if $index }}}},{{{{ end }}}} {names}'
        f" {{{{ .Value | {PERCENT} }}}}{{{{ end }}}}."
    )


class Addresses:
    """Builds the links of one alert. Labels that only Prometheus knows are filled in by its templates.

    `without` names what does not run where the alerts do (`grafana`, `traces`): a link to it would lead nowhere.
    """

    def __init__(self, links: Links, without: frozenset[str] = frozenset(), time_scale: int = 1) -> None:
        self._links = links
        self.without = without
        self._time_scale = time_scale
        # The last six hours, of a time-lapse too: over six real ones its samples are too far apart to be drawn.
        self._past = duration(max(60, 6 * 3600 // time_scale))

    def runbook(self, alert: str, known: dict[str, str], by: Iterable[str]) -> str:
        """The alert's page, told which service, SLO, groups and environment it is about."""
        return f"{self._links.runbooks}/{alert}?{urlencode(known)}{_label_query(by, '')}{_ENVIRONMENT}"

    def board(self, uid: str, known: dict[str, str], by: Iterable[str]) -> str:
        """A Grafana dashboard with its variables set."""
        variables = {f"var-{name}": value for name, value in known.items()}
        query = urlencode(variables | {"from": f"now-{self._past}", "to": "now"})
        return f"{self._links.grafana}/d/{uid}?{query}{_label_query(by, 'var-')}"

    def traces(self, service: str) -> str:
        """Jaeger's search for failed traces of the service in the last hour."""
        query = urlencode({"service": service, "lookback": "1h", "limit": "20", "tags": '{"error":"true"}'})
        return f"{self._links.traces}/search?{query}"

    def graph(self, expression: str) -> str:
        """Prometheus's graph page for an expression."""
        asked = time_lapse(expression, self._time_scale)
        query = urlencode({"g0.expr": asked, "g0.tab": "0", "g0.range_input": self._past})
        return f"{self._links.prometheus}/graph?{query}"

    def silence(self, alert: str, known: dict[str, str], by: Iterable[str]) -> str:
        """Alertmanager's form for a silence of this alert and these groups, with its matchers filled in."""
        fixed = quote(matchers({"alertname": alert} | known)[:-1], safe="")
        groups = "".join(
            f"{quote(f',{label}=', safe='')}%22{{{{ $labels.{label} | {_QUOTABLE} | urlquery }}}}%22" for label in by
        )
        return f"{self._links.alertmanager}/#/silences/new?filter={fixed}{groups}%7D"

    def query_command(self, expression: str) -> str:
        """A first command: ask Prometheus, in a way that can be pasted into any shell."""
        escaped = time_lapse(expression, self._time_scale).replace("'", "'\\''")
        return literal(f"curl -fsS {self._links.prometheus}/api/v1/query --data-urlencode 'query={escaped}'")


def _label_query(by: Iterable[str], prefix: str) -> str:
    return "".join(f"&{prefix}{label}={{{{ $labels.{label} | urlquery }}}}" for label in by)


def tier_sentence(tier: Tier, period: int, budget: Fraction) -> str:
    """A burn-rate condition in words."""
    return (
        f"more than {percent(tier.threshold(period, budget))} fail over {span(tier.long)} and over {span(tier.short)}"
        f" ({decimal_text(tier.factor(period), 3)} times the allowed rate:"
        f" {share(tier)} of the budget in {duration(tier.long)})"
    )


def share(tier: Tier) -> str:
    """A tier's share of the budget in percent, to two decimals: over a short period it is no round number."""
    return f"{decimal_text(tier.share * 100, 2)} %"
