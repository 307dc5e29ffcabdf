"""rules: what promtool says about the rule files, told at the SLO or alert that a rule was made from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from slostack.checks.context import RULES, Context, Rule, origin, slo_origin
from slostack.problems import Problem
from slostack.spec.shape import Path
from slostack.tools import promtool

CODE = "rules"
READS = (RULES,)

_IN_RULE = re.compile(r'^(?:\d+:\d+: )?group "(?P<group>[^"]*)", rule (?P<number>\d+), ".*?": ')
_DUPLICATE = re.compile(r"^Metric: (?P<name>.*)\nLabel\(s\):\n(?P<labels>(?:\t.*\n?)*)", re.MULTILINE)
_REMEDY = "change what it is made from in the spec"


def check(context: Context) -> Iterator[Problem]:
    """A problem for each rule that promtool refuses, and for rules that cannot be told apart."""
    files = [context.folder / path for path in sorted(context.files) if path.startswith(RULES)]
    said = promtool.check_rules(files).problems
    yield from _duplicates(context, said)
    for path, words in _entries(context, said.split("lint error")[0]):
        found = _IN_RULE.match(words)
        rule = _rule(context, path, found["group"], int(found["number"])) if found else None
        if found and rule:
            yield _at(context, rule, f"promtool refuses the rule `{rule.name}`: {words[found.end() :]}", _REMEDY)
        else:
            yield context.in_file(path, CODE, f"promtool refuses the file: {words}", _REMEDY)


def _entries(context: Context, said: str) -> Iterator[tuple[str, str]]:
    """Each file with what is said of it; what goes over several lines is joined."""
    entries: list[tuple[str, str]] = []
    for line in said.splitlines():
        told = line.strip().removeprefix(f"{context.folder}/")
        path, _, rest = told.partition(": ")
        if path in context.files:
            entries.append((path, rest))
        elif told and entries:
            entries[-1] = (entries[-1][0], f"{entries[-1][1]} {told}")
        elif told:
            entries.append((min(path for path in context.files if path.startswith(RULES)), told))
    yield from entries


def _duplicates(context: Context, said: str) -> Iterator[Problem]:
    for found in _DUPLICATE.finditer(said):
        labels = dict(line.strip().split(": ", 1) for line in found["labels"].splitlines() if ": " in line)
        twins = [rule for rule in context.rules if rule.name == found["name"] and dict(rule.labels) == labels]
        sentence = f"two rules are called `{found['name']}` and have the same labels, so that one hides the other"
        for rule in twins[:1]:
            yield _at(context, rule, sentence, "give one of them another name")


def _rule(context: Context, file: str, group: str, number: int) -> Rule | None:
    return next((r for r in context.rules if (r.file, r.group, r.number) == (file, group, number)), None)


def _at(context: Context, rule: Rule, sentence: str, remedy: str) -> Problem:
    path = _origin(context, rule.name, rule.labels)
    if path is None:
        return context.in_file(rule.file, CODE, sentence, remedy)
    return context.places.problem(CODE, sentence, remedy, path, key=True)


def _origin(context: Context, name: str, labels: Mapping[str, str]) -> Path | None:
    for alert in context.alerts.get(name, ()):
        if alert.service == labels.get("service"):
            return origin(context.plan, alert)
    return slo_origin(context.plan, labels.get("slo", ""))
