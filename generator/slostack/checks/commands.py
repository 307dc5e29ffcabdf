"""command: the first command of a notification is pasted into a shell at night; it must parse there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slostack.checks import shell
from slostack.checks.context import RULES, Context
from slostack.problems import Problem

CODE = "command"
READS = (RULES,)

_BRACES = re.compile(r'\{\{ "(\{\{|\}\})" \}\}')  # how braces of the spec are quoted in annotations
_FILLED = re.compile(r"\{\{(?! \"[{}]).*?\}\}")


def check(context: Context) -> Iterator[Problem]:
    """A problem for each alert whose command the shell refuses."""
    for alert in context.plan.alerts:
        text = _BRACES.sub(r"\1", _FILLED.sub("value", alert.annotations.get("command", "")))
        if said := shell.complaint(text):
            sentence = f"the command of `{alert.name}` is no shell command ({said[1]}): {text}"
            yield context.of_alert(alert, CODE, sentence, "write `command` so that it can be pasted into a shell")
