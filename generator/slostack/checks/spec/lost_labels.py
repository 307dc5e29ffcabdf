"""lost-label: `by` names a label that the expression aggregates away, so that no series would have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slostack.checks.spec.expressions import expressions, type_of
from slostack.checks.spec.fates import Fate, fate
from slostack.problems import Problem
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "lost-label"


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each label that an expression is proven to lose."""
    for expression in expressions(spec):
        tree = expression.tree
        if tree is None or expression.wanted == "selector" or type_of(tree) != "vector":
            continue
        for label in expression.by:
            if lost(tree, label):
                sentence = f"`by` names the label `{label}`, which the result of `{expression.key}` cannot have"
                remedy = f"keep it with `by ({label})` where the expression aggregates, or leave it out of `by`"
                yield places.problem(CODE, sentence, remedy, expression.path)


def lost(tree: Any, label: str) -> bool:
    """Whether no series of the result can have `label`. False where that cannot be told."""
    return fate(tree, label) == Fate.LOST
