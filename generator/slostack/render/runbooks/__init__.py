"""Runbook pages: one per alert. A generated block of facts, and human sections that are never touched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from importlib.resources import files

import jinja2

from slostack.burnrate import decimal_text
from slostack.plan import texts
from slostack.plan.lifetimes import ends_after, fires_after
from slostack.plan.model import AlertPlan, Plan, SloPlan
from slostack.render.runbooks import shipped

BEGIN = "<!-- slostack:facts begin -->"
END = "<!-- slostack:facts end -->"
DRAFT = "<!-- slostack:draft -->"
AS_SHIPPED = "<!-- slostack:shipped -->"
SECTIONS = (
    "What this means",
    "Is it real?",
    "Mitigate now",
    "Find the cause",
    "Fixed when",
    "Escalate",
    "Afterwards",
)
_MARK = re.compile(r"<!-- slostack:(?P<kind>draft|shipped)(?: (?P<print>[0-9a-f]{12}))? -->")
_BLOCK = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FunctionLoader(lambda name: files(__package__).joinpath(name).read_text(encoding="utf-8")),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # noqa: S701 - the output is Markdown; `cell` escapes what could end a table cell or a code span
)


class PageError(Exception):
    """A page whose markers were damaged, so that the facts cannot be placed; the message names page and remedy."""


def render(plan: Plan, folder: str, existing: Mapping[str, str]) -> dict[str, str]:
    """Every alert's page below `folder`, from the text it has now (by path), or a first one where it has none.

    The first text is a draft, or for an alert about the monitoring itself what comes with the package. One in which
    nobody wrote is made anew, so that it stays true. Raises PageError.
    """
    out = {}
    for name in sorted({alert.name for alert in plan.alerts}):
        path = f"{folder}/{name}.md"
        rules = [alert for alert in plan.alerts if alert.name == name]
        block = f"{BEGIN}\n{facts(plan, rules)}{END}"
        text = existing.get(path)
        if text is None:
            text = _first(plan, rules)
        elif text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
            raise PageError(
                f"{path}: the markers of the generated block are damaged"
                f" — write the line {BEGIN} and, below it, the line {END} once each, under the title"
            )
        elif untouched(text):
            text = _first(plan, rules)
        out[path] = _BLOCK.sub(lambda _, block=block: block, text)  # type: ignore[misc]  # the block is bound now
    return out


def untouched(text: str) -> bool:
    """Whether nobody wrote in a page since it was made: its mark holds the print of its text, the block aside."""
    mark = _MARK.search(_BLOCK.sub("", text))
    return mark is not None and mark["print"] == _print(text)


def _print(text: str) -> str:
    human = _MARK.sub(lambda mark: f"<!-- slostack:{mark['kind']} -->", _BLOCK.sub("", text))
    return sha256("\n".join(human.splitlines()).encode()).hexdigest()[:12]


def facts(plan: Plan, rules: list[AlertPlan]) -> str:
    """The generated block of an alert's page, in Markdown; `rules` are the alert's rules, one per tier or service."""
    teams = {rule.service: rule.team for rule in rules}
    return _TEMPLATES.get_template("facts.md.jinja").render(
        rules=rules,
        services=sorted(teams),
        slos={slo.id: slo for slo in plan.slos},
        receivers=sorted({receiver for rule in rules for receiver in rule.receivers}),
        escalations={service: _escalation(plan, team) for service, team in teams.items()},
        links=plan.links,
        tiers={service.name: service.tier for service in plan.services},
        own_links={name: _own_links(plan, name) for name in teams},
        quiet=_quiet(plan, rules),
        cell=_cell,
        fixed=_fixed,
        span=texts.span,
        percent=texts.percent,
        detection=_detection,
    )


def drafted(alert: AlertPlan) -> bool:
    """Whether the first text of an alert's page is a draft, which its owner has to fill in."""
    return shipped.sections(alert.name, ()) is None


def _first(plan: Plan, rules: list[AlertPlan]) -> str:
    """A page as it is made: a draft, or what comes with the package, with the print of its text in the mark."""
    written = shipped.sections(rules[0].name, {alert.name for alert in plan.alerts})
    if written is None:
        text = _draft(plan, rules)
    else:
        text = f"# {rules[0].name}\n\n{BEGIN}\n{END}\n\n{AS_SHIPPED}\n\n{written}"
    return _MARK.sub(lambda mark: f"<!-- slostack:{mark['kind']} {_print(text)} -->", text, count=1)


def _draft(plan: Plan, rules: list[AlertPlan]) -> str:
    """A page that speaks of every service whose alert it is, each by its first rule."""
    parts = [next(rule for rule in rules if rule.service == name) for name in sorted({rule.service for rule in rules})]
    teams = sorted({rule.team for rule in rules})
    return _TEMPLATES.get_template("draft.md.jinja").render(
        parts=parts,
        begin=BEGIN,
        end=END,
        draft=DRAFT,
        flat=_flat,
        cell=_cell,
        escalations=[(team, after, to) for team in teams for after, to in _escalation(plan, team)],
        several=len(teams) > 1,
        span=texts.span,
    )


def _escalation(plan: Plan, name: str) -> tuple[tuple[int, str], ...]:
    """Whom to call next in a team, and when."""
    return next((team.escalation for team in plan.teams if team.name == name), ())


def _own_links(plan: Plan, name: str) -> list[tuple[str, str]]:
    """What a service links to, such as its source code; the monitoring itself, to nothing."""
    return [link for service in plan.services if service.name == name for link in service.links.items()]


def _quiet(plan: Plan, rules: list[AlertPlan]) -> list[str]:
    """The burn alerts that do not begin while an alert that is no burn rate tells of the same SLO and group."""
    slos = {slo.id: slo for slo in plan.slos}
    names = {
        slos[told].alert_names.get(rule.severity) for rule in rules if rule.severity != "none" for told in rule.tells_of
    }
    return sorted(name for name in names if name)


def _detection(slo: SloPlan, rule: AlertPlan) -> list[tuple[str, str, str, str]]:
    """Of a burn alert, for three failure ratios: (share, within which time it fires, its window, within which it ends).

    The rules of an alert are tiers of one severity and one incident, so one row tells of all of them.
    """
    out: list[tuple[str, str, str, str]] = []
    if rule.tier is None:
        return out
    for events, words in ((1, "everything"), (10, "one in ten"), (100, "one in a hundred")):
        ratio = Fraction(1, events)
        fires = fires_after(slo, rule.tier.severity, ratio)
        ends = ends_after(slo, rule.tier.severity, ratio)
        if fires is None or ends is None:
            out.append((words, "never", "—", "—"))
        else:
            out.append((words, _about(fires[0]), texts.span(fires[1].long), _about(ends)))
    return out


def _about(seconds: Fraction) -> str:
    """A duration rounded to what matters at 3 a.m."""
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{decimal_text(Fraction(round(seconds / size, 1)), 1)} {name}"
    return f"{round(seconds)} s"


def _fixed(url: str) -> str:
    """An alert's link without the parts that only the firing alert knows."""
    without = re.sub(r"%2C\w+%3D%22\{\{.*?\}\}%22", "", url)  # a matcher of a silence
    return "&".join(part for part in without.split("&") if "{{" not in part)


def _flat(expression: str) -> str:
    return " ".join(expression.split())


def _cell(text: str) -> str:
    # A comment of theirs would be taken for one of ours, which say what is generated.
    return _flat(text).replace("|", "\\|").replace("<!--", "&lt;!--")
