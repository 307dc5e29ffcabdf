"""Shell text: whether it parses, and whether it changes something."""

from __future__ import annotations

import re
from functools import lru_cache

from slostack.tools.errors import ToolError
from slostack.tools.process import run

_SECONDS = 5.0
_COMPLAINT = re.compile(r"^.*?: (?P<line>\d+): (?:Syntax error: )?(?P<said>.*)$")


def _commands(program: str, verbs: str, name: str) -> tuple[re.Pattern[str], str]:
    """One of `verbs` after a program and its options, within one command; `name` is how it is told."""
    return re.compile(rf"\b{program}\b[^;&|\n]*?\s({verbs})(?=[\s;&|)]|$)", re.MULTILINE), name


# What changes a running system. A small list: it is there to catch what was forgotten, not to judge all commands.
_CHANGING = (
    _commands(
        r"docker[ -]compose", "up|down|create|restart|rm|stop|start|kill|pause|unpause|scale", "docker compose {}"
    ),
    _commands("docker", "restart|rm|stop|start|kill|pause|unpause|run|prune|rmi|update", "docker {}"),
    _commands("kubectl", "delete|apply|scale|rollout undo|rollout restart|drain|cordon|patch|replace", "kubectl {}"),
    _commands("curl", "(?:-X ?|--request[ =])(?:POST|PUT|PATCH|DELETE)", "curl {}"),
    _commands("amtool", "add|expire|import|update", "amtool silence {}"),
    _commands("systemctl", "restart|stop|start|reload|kill|disable|enable", "systemctl {}"),
    (
        re.compile(r"(?:^\s*|[;&|(]\s*|\bsudo\s+)(rm|kill|pkill|killall|reboot|shutdown|truncate|dd)\s", re.MULTILINE),
        "{}",
    ),
)


# Words and quoted text after `curl`, and nothing that a shell treats specially: such a command always parses, and
# almost every derived one is such. Hundreds of processes are saved.
_PLAIN = re.compile(r"curl(?:[ \w./:=@%+,-]|\\'|'[^']*')*")


@lru_cache(maxsize=8192)
def complaint(text: str) -> tuple[int, str] | None:
    """Line (from one) and words of what `sh -n` refuses; None where the text parses. Raises ToolError without `sh`."""
    if _PLAIN.fullmatch(text):
        return None
    done = run(["sh", "-n"], timeout=_SECONDS, stdin=text)
    if done.code == 0:
        return None
    first = done.stderr.strip().splitlines()[:1]
    found = _COMPLAINT.match(first[0]) if first else None
    if found is None:
        msg = f"sh broke with exit code {done.code}; see that /bin/sh is a working POSIX shell"
        raise ToolError(msg)
    return int(found["line"]), found["said"]


def changing(text: str) -> tuple[int, str] | None:
    """Line and name of the first command that changes something; None where none is known to."""
    joined = text.replace("\\\n", "  ")  # a continued line is one command; lengths stay
    found = [
        (match.start(), words.format(match[1])) for pattern, words in _CHANGING for match in pattern.finditer(joined)
    ]
    if not found:
        return None
    at, words = min(found)
    return text.count("\n", 0, at) + 1, words
