"""promql: an expression that Prometheus cannot read, with the place inside it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from slostack.checks.spec.expressions import TOO_DEEP, complaint, expressions
from slostack.problems import Problem
from slostack.promql import Token, tokens
from slostack.spec.model import Spec
from slostack.spec.places import Places

CODE = "promql"

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_VAGUE = "invalid promql query"
# What may follow the beginning of an expression, so that something whole comes of it.
_FILLS = (
    *("", " x", " 1", " (x)", " (a) x", " (a) (x)", " (a, b) (x)", "x[5m]", " 5m", "5m", "5m:1m", ":"),
    *('a="b"', '="b"', '"b"', ',a="b"', ", x", " 1, x", ' x, "a", "b", "c", "d"'),
)
_TYPES = {"matrix": "a range vector", "vector": "an instant vector", "scalar": "a number", "string": "a text"}
_TAILS = ("", " x", " (x)")  # after what was open is closed: what an aggregation's or a match's labels still need
# What the parser says, in plainer words where there are some, and what to do.
_ADVICE = (
    ("unclosed left parenthesis", "a parenthesis is not closed", "close it with `)`"),
    ("unexpected right parenthesis", "a parenthesis closes nothing", "remove it, or open it before"),
    ("unexpected end of input inside braces", "the matchers are not closed", "close them with `}`"),
    ("unexpected end of input inside brackets", "the range is not closed", "close it with `]`"),
    ("unterminated quoted string", "a quoted text is not closed", "close the quotes"),
    ("missing unit character in duration", "a duration has no unit", "write it such as `[5m]`"),
    ("inside brackets", "a range is no duration", "write it such as `[5m]`"),
    ("inside braces", "a matcher is broken", 'write it as `label="value"`'),
    ("in label matching, expected string", "a matcher's value is not in quotes", 'write it as `label="value"`'),
    ("illegal regex", None, "mend the regular expression"),
    ("unknown function", None, "check its spelling"),
    ("argument(s)", None, "check what the function takes"),
    ("non-empty matcher", "the selector names no metric", "name it, or add a matcher that is not empty"),
    ("no expression", "there is no expression", "write one"),
    (TOO_DEEP, "it is nested too deeply, or has too many terms", "record a part of it with a rule of your own"),
    ("ranges only allowed", "a range follows something else than a selector", "write a subquery such as `[5m:1m]`"),
    ("binary expression must contain", "a range vector cannot be calculated with", "put a function around it"),
)


def check(spec: Spec, places: Places) -> Iterator[Problem]:
    """A problem for each expression that is broken."""
    for expression in expressions(spec):
        said = complaint(expression.plain)
        if said is not None:
            sentence, remedy, offset = _explained(expression.plain, said)
            yield places.problem(CODE, f"`{expression.key}`: {sentence}", remedy, expression.path, offset=offset)


def _explained(text: str, said: str) -> tuple[str, str, int]:
    """What is wrong in plain words, a remedy, and where in the text."""
    parts = list(_placed(text))
    if said.startswith(_VAGUE):
        offset, token = _first_wrong(text, parts)
        if token is None:
            return "the expression ends too early", "complete it", offset
        return f"`{token}` cannot stand here", "check the operators, commas and brackets around it", offset
    types = re.search(r"expected type (\w+) in (?:call to function|(aggregation)).*?(?:'(\w+)')?, got (\w+)", said)
    if types:
        wanted, aggregation, name, got = types.groups()
        taker = "an aggregation" if aggregation else f"`{name}`"
        remedy = "add a range, such as `[5m]`" if wanted == "matrix" else "give it what it takes"
        return f"{taker} takes {_TYPES[wanted]}, and gets {_TYPES[got]}", remedy, _place(text, said, parts)
    words, remedy = next(((plain, advice) for sign, plain, advice in _ADVICE if sign in said), (None, "mend it"))
    unknown = re.fullmatch(r"unknown function with name '(\w+)'", said)
    sentence = f"there is no function `{unknown[1]}`" if unknown else words or said.replace("'", "`")
    return sentence, remedy, _place(text, said, parts)


def _placed(text: str) -> Iterator[tuple[int, Token]]:
    offset = 0
    for token in tokens(text):
        if token.kind not in {"space", "comment"}:
            yield offset, token
        offset += len(token.text)


def _place(text: str, said: str, parts: list[tuple[int, Token]]) -> int:
    """The offset of what a complaint is about; 0 where that cannot be told."""
    if said.startswith(("unclosed", "unexpected end of input", "unexpected right")):
        return _unbalanced(parts)
    if said.startswith("unterminated"):
        return next((at for at, token in parts if token.kind == "sign" and token.text in "\"'`"), 0)
    if said.startswith("illegal regex for "):
        pattern = said.removeprefix("illegal regex for ")
        return next((at for at, token in parts if token.kind == "string" and token.text[1:-1] == pattern), 0)
    named = re.search(r"(?:function|name|call to) '(\w+)'", said)
    if named:
        calls = [at for at, token in parts if token.text == named[1]]
        return next((at for at in reversed(calls) if complaint(_call(text, at)) == said), calls[0] if calls else 0)
    quoted = re.search(r"(?:identifier|character[^']*) '([^']+)'", said)
    return max(text.find(quoted[1]), 0) if quoted else 0


def _unbalanced(parts: list[tuple[int, Token]]) -> int:
    """The first bracket that closes nothing, else the last that is not closed."""
    opened: list[tuple[int, str]] = []
    for at, token in parts:
        if token.text in _CLOSING:
            opened.append((at, _CLOSING[token.text]))
        elif token.text in _CLOSING.values() and (not opened or opened.pop()[1] != token.text):
            return at
    return opened[-1][0] if opened else 0


def _call(text: str, start: int) -> str:
    """The call that begins at `start`, up to its closing parenthesis."""
    depth = 0
    for offset, token in _placed(text[start:]):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == ")" and depth == 0:
            return text[start : start + offset + 1]
    return text[start:]


def _first_wrong(text: str, parts: list[tuple[int, Token]]) -> tuple[int, str | None]:
    """The first token after which nothing can make the expression whole; None where only its end is missing."""
    closers: list[str] = []
    opened = ""
    for _, token in parts:
        if token.text in _CLOSING:
            opened = _CLOSING[token.text] + opened
        elif opened.startswith(token.text):
            opened = opened[1:]
        closers.append(opened)

    def hopeless(number: int) -> bool:
        at, token = parts[number]
        begin, close = text[: at + len(token.text)], closers[number]
        return not any(_whole(begin + fill + close[:1] + tail + close[1:]) for fill in _FILLS for tail in _TAILS)

    # What is hopeless stays so however it goes on; halving keeps a long expression quick.
    first = bisect_left(range(len(parts)), True, key=hopeless)
    if first < len(parts):
        return parts[first][0], parts[first][1].text
    return (parts[-1][0] if parts else 0), None


def _whole(text: str) -> bool:
    """Whether the grammar takes a text, whatever its types."""
    said = complaint(text)
    return said is None or said.startswith(("expected type", "expected", "binary expression", "set operator", "ranges"))
