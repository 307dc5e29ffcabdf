"""runbook-placeholder: a placeholder that neither the alert's labels nor the stack's addresses can fill."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath

from slostack.checks.context import NAMES, Context
from slostack.checks.runbooks.reading import all_pages
from slostack.plan.model import AlertPlan
from slostack.problems import Problem
from slostack.render.runbooks import untouched
from slostack.spec.model import Links

CODE = "runbook-placeholder"
READS = (NAMES,)

# What the served page knows whatever the alert: addresses of the stack, and what notifications add to the link.
ALWAYS = frozenset(Links.model_fields) | {"jaeger", "inbox", "workload", "since", "environment"}


def check(context: Context) -> Iterator[Problem]:
    """A problem for each placeholder that would stay open. A guide may use the labels of any alert.

    What was generated holds words of the spec, such as PromQL with `{{…}}` in a text, and nobody is to mend them there.
    """
    every = frozenset().union(*map(labels, context.plan.alerts))
    for path, page in all_pages(context):
        own = context.alerts.get(PurePosixPath(path).stem)
        known = ALWAYS | (frozenset().union(*map(labels, own)) if own else every)
        facts = page.facts
        for placeholder in () if untouched(page.source) else page.placeholders:
            generated = facts is not None and facts.begin < placeholder.line < facts.end
            if placeholder.name not in known and not generated:
                near = get_close_matches(placeholder.name, sorted(known), 1)
                hint = f"did you mean {{{{{near[0]}}}}}?" if near else f"known are {', '.join(sorted(known))}"
                sentence = f"nothing fills {{{{{placeholder.name}}}}}"
                yield context.in_file(path, CODE, sentence, hint, placeholder.line)


def labels(alert: AlertPlan) -> frozenset[str]:
    """The labels that the alert's link to its page carries."""
    return frozenset({"service", "slo"} & alert.labels.keys()) | frozenset(alert.by)
