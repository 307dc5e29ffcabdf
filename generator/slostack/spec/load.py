"""From the text of `slo.yaml` to a `Spec`, or to every mistake in it at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from slostack.problems import Problem, in_order
from slostack.spec.messages import sentences
from slostack.spec.model import Spec
from slostack.spec.overrides import applied, environments_of
from slostack.spec.places import Places
from slostack.spec.salvage import salvaged
from slostack.spec.shape import Path as SpecPath
from slostack.spec.shape import suggestion
from slostack.spec.tree import BrokenTextError, Mapping, Mark, Node, build, data_of

MAX_BYTES = 10_000_000


@dataclass(frozen=True)
class Variant:
    """The spec as it is in one environment; None is the file without overrides.

    `doubts` are the places where something stands in for what is broken or missing: `spec` is then good only for
    checking the rest. `places` are those of the file.
    """

    environment: str | None
    spec: Spec | None
    places: Places
    doubts: frozenset[SpecPath] = frozenset()


@dataclass(frozen=True)
class Loaded:
    """What a file held. `spec` is None where a mistake leaves nothing to work with.

    `spec` and `places` are those of the chosen environment, `variants` are all: the plain file first. `refused` says
    that there was nothing to check: the file cannot be read, or has no such environment. Commands then exit with 2.
    """

    spec: Spec | None
    problems: list[Problem]
    places: Places
    variants: tuple[Variant, ...] = ()
    environment: str | None = None
    refused: bool = False


def load(path: Path, environment: str | None = None) -> Loaded:
    """Read a spec and apply an environment's overrides. Never raises for anything that a file can hold."""
    text = _text(path)
    if isinstance(text, Problem):
        return Loaded(None, [text], Places(str(path)), environment=environment, refused=True)
    return parse(text, str(path), environment)


def parse(text: str, file: str, environment: str | None = None) -> Loaded:
    """As `load`, for a text that has been read already; `file` is what problems call it."""
    problems: list[Problem] = []
    places = Places(file, text)
    if text.startswith("\ufeff"):
        text = text[1:]
        places = Places(file, text)
        sentence, remedy = "the file begins with a byte order mark", "save it as UTF-8 without one"
        problems.append(places.at(1, 1, "byte-order-mark", sentence, remedy, "warning"))
    root = _tree(text, places, problems)
    if root is None:
        return Loaded(None, in_order(problems), places, environment=environment)
    places = Places(file, text, root)
    variants = _variants(places, problems)
    chosen = next((variant for variant in variants if variant.environment == environment), None)
    if chosen is None:
        names = list(environments_of(root))
        remedy = suggestion(environment or "", names, "add it to `environments`, or leave the choice out")
        sentence = f"there is no environment `{environment}`"
        problems.append(places.problem("unknown-environment", sentence, remedy, ("environments",), key=True))
        return Loaded(None, in_order(problems), places, tuple(variants), environment, refused=True)
    broken = any(problem.severity == "error" for problem in problems)
    spec = None if broken else chosen.spec
    return Loaded(spec, in_order(problems), chosen.places, tuple(variants), environment)


def _text(path: Path) -> str | Problem:
    """The file's text, or why it cannot be had."""

    def refuse(code: str, sentence: str, remedy: str) -> Problem:
        return Problem(code, sentence, remedy, str(path))

    try:
        if path.is_dir():
            return refuse("unreadable", "this is a folder", "name the file, such as `--spec slo.yaml`")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return refuse("unreadable", "there is no such file", "write one, or name another with `--spec FILE`")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return refuse("unreadable", f"the file cannot be read: {reason}", "make it readable, or name another")
    if len(raw) > MAX_BYTES:
        return refuse("unreadable", "the file is larger than 10 MB", "check that it is the right one, or split it")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = refuse("encoding", "the file is not in UTF-8 here", "save it as UTF-8")
        return replace(problem, line=line, column=column)


def _tree(text: str, places: Places, problems: list[Problem]) -> Node | None:
    """The tree of a text whose top level is a mapping; every mistake goes to `problems`."""

    def report(mark: Mark, code: str, sentence: str, remedy: str) -> None:
        problems.append(places.at(mark.line, mark.column, code, sentence, remedy))

    try:
        root = build(text, report)
    except BrokenTextError:
        return None
    remedy = "begin with `version: 1`, `teams:` and `services:`"
    if root is None:
        problems.append(places.at(1, 1, "no-spec", "the file is empty", remedy))
    elif not isinstance(root, Mapping):
        report(root.start, "no-spec", "the file does not hold a mapping of keys to values", remedy)
        return None
    return root


def _variants(places: Places, problems: list[Problem]) -> list[Variant]:
    """The plain spec and that of each environment; mistakes of both kinds go to `problems`, each once."""
    variant, base = _validated(places, None)
    problems += base
    variants = [variant]
    for name in environments_of(places.root) if places.root else ():
        changed, faults = applied(places, name)
        variant, found = _validated(changed, name)
        problems += faults
        problems += of_environment(found, base, name)
        variants.append(replace(variant, spec=None) if faults else variant)
    return variants


def of_environment(found: list[Problem], base: list[Problem], environment: str) -> list[Problem]:
    """The problems that only an environment has; each says whose it is."""
    known = set(base)
    new = [problem for problem in found if problem not in known]
    return [replace(problem, sentence=f"{problem.sentence}, in environment `{environment}`") for problem in new]


def _validated(places: Places, environment: str | None) -> tuple[Variant, list[Problem]]:
    try:
        return Variant(environment, Spec.model_validate(data_of(places.root) if places.root else {}), places), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    rest = salvaged(places)
    if rest is None:
        return Variant(environment, None, places), sentences(errors, places)
    said = {(places.known(found["loc"]), found["msg"]) for found in errors}
    errors += [found for found in rest.further if (found["loc"], found["msg"]) not in said]
    return Variant(environment, rest.spec, places, rest.doubts), sentences(errors, places)
