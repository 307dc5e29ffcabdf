"""Every check of what is generated, and the loop that runs them over the environments of a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from slostack.checks import (
    alertmanager,
    commands,
    dashboards,
    drift,
    heartbeat,
    notifications,
    prometheus,
    receivers,
    routing,
    rules,
    secrets,
)
from slostack.checks.context import NAMES, Context
from slostack.checks.runbooks import blocks, draft, links, markers, pages, placeholders, queries, sections
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.problems import Problem, in_order
from slostack.spec.load import Loaded, Variant, of_environment
from slostack.tools.errors import ToolError

Check = Callable[[Context], Iterable[Problem]]

MODULES: tuple[ModuleType, ...] = (
    rules,
    prometheus,
    alertmanager,
    routing,
    receivers,
    heartbeat,
    secrets,
    notifications,
    commands,
    dashboards,
    pages,
    markers,
    sections,
    draft,
    links,
    placeholders,
    queries,
    blocks,
    drift,
)

# What a machine that only checks cannot mend: `--strict` leaves it a warning.
NEVER_STRICT = frozenset({"secret-missing"})


@dataclass
class Findings:
    """What the checks found, what was looked at, and which tools were missing on the way."""

    problems: list[Problem] = field(default_factory=list)
    missing: list[ToolError] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def codes() -> tuple[str, ...]:
    """The codes of every check of generated files; each has a page in docs/checks."""
    return tuple(code for module in MODULES for code in getattr(module, "CODES", (module.CODE,)))


def check_generated(loaded: Loaded, spec: Path) -> Findings:
    """Check what the chosen environment gives, and where none was chosen, what every environment gives.

    `spec` is the file's path. A check is repeated for an environment only where files that it reads differ.
    """
    plans = _plans(loaded, spec)
    names = frozenset(alert.name for _, plan in _plans(loaded, spec, every=True) for alert in plan.alerts)
    texts = page_texts(spec.parent, plans[0][1].runbooks)
    findings = Findings()
    base: list[Problem] = []
    seen: set[tuple[str, int]] = set()
    for variant, plan in plans:
        first = not findings.counts
        with TemporaryDirectory(prefix="slostack-check-") as folder:
            context = Context(
                plan=plan,
                places=variant.places,
                files=write(rendered(plan), Path(folder)),
                folder=Path(folder),
                root=spec.parent,
                pages=texts if first else page_texts(spec.parent, plan.runbooks),
                alert_names=names,
                committed=first,
            )
            found = list(_run(context, seen, findings.missing))
        if first:
            base = found
            findings.counts = _counts(context)
            findings.problems += found
        else:
            findings.problems += of_environment(found, base, str(variant.environment))
    findings.problems = in_order(findings.problems)
    return findings


def rendered(plan: Plan) -> dict[str, str]:
    """Every generated file of a plan by path, runbook pages aside."""
    from slostack.outputs import RENDERERS  # noqa: PLC0415 - the renderers of dashboards take long to load

    return {
        path: content.decode() if isinstance(content, bytes) else content
        for renderer in RENDERERS
        for path, content in renderer(plan).items()
    }


def write(files: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    """Lay files out below a folder, for tools that read files; gives them back."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return files


def page_texts(root: Path, folder: str) -> dict[str, str]:
    """The texts of pages and guides by path below `root`; bytes that are no UTF-8 become replacement characters."""
    found = sorted([*(root / folder).glob("*.md"), *(root / folder).glob("guides/*.md")])
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for path in found
        if path.is_file()
    }


def _plans(loaded: Loaded, spec: Path, *, every: bool = False) -> list[tuple[Variant, Plan]]:
    """The variants to check, with their plans: the chosen one first, then all others where none was chosen."""
    chosen = [variant for variant in loaded.variants if variant.environment == loaded.environment]
    others = [variant for variant in loaded.variants if variant.environment != loaded.environment]
    wanted = chosen + (others if every or loaded.environment is None else [])
    return [
        (variant, build(variant.spec, source=spec.name, environment=variant.environment))
        for variant in wanted
        if variant.spec is not None
    ]


def _run(context: Context, seen: set[tuple[str, int]], missing: list[ToolError]) -> Iterator[Problem]:
    """Run every check that has something new to read. One whose tool is missing does not keep others from running."""
    for module in MODULES:
        read = context.names if NAMES in module.READS else _read(context, module.READS)
        key = (module.__name__, hash(read))
        if key in seen:
            continue
        seen.add(key)
        try:
            yield from list(module.check(context))
        except ToolError as error:
            missing.append(error)


def _read(context: Context, prefixes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The generated files that a check reads, with their paths."""
    return tuple((path, text) for path, text in sorted(context.files.items()) if path.startswith(prefixes))


def _counts(context: Context) -> dict[str, int]:
    return {
        "SLO": len(context.plan.slos),
        "alert": len(context.alerts),
        "runbook": sum(1 for name in context.alerts if f"{context.plan.runbooks}/{name}.md" in context.pages),
        "dashboard": sum(path.startswith("dashboards/") and path.endswith(".json") for path in context.files),
    }
