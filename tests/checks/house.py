"""A small project with every kind of receiver, generated into a folder, in which tests plant one mistake at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from slostack import files, outputs
from slostack.checks.context import Context
from slostack.checks.generated import page_texts, rendered, write
from slostack.plan.build import build
from slostack.plan.model import Plan
from slostack.problems import Problem, in_order
from slostack.spec.load import parse
from slostack.spec.places import Places

SPEC = """\
version: 1
heartbeat: https://heartbeat.example/beat
mail: {smarthost: "mail.example:587", from: alerts@shop.example}
teams:
  shop:
    page: {slack: {channel: "#shop", url_file: secrets/slack}, pagerduty: {routing_key_file: secrets/pager}}
    ticket: {email: {to: shop@shop.example}}
  ops:
    page: {webhook: "https://hooks.example/ops"}
    ticket: {webhook: "https://hooks.example/ops"}
services:
  checkout:
    team: shop
    job: checkout
    slos:
      requests:
        promise: Checkouts succeed
        objective: 99.9
        events: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total}
        by: [tenant]
    alerts:
      QueueLong:
        severity: ticket
        summary: "{value} checkouts wait"
        when: max(queue_length)
        above: 100
"""

PAGE = """\
# {name}

<!-- slostack:facts begin -->
<!-- slostack:facts end -->

## What this means

Some checkouts fail.

## Is it real?

```promql
up{{job="checkout"}}
```

## Mitigate now

```sh danger
docker compose restart checkout
```

## Find the cause

Read the [guide](guides/errors.md#first-steps).

## Fixed when

The query is above zero.

## Escalate

After 15 minutes to the lead.

## Afterwards

Write down what happened.
"""

GUIDE = """\
# Errors

## First steps

Look at {{grafana}}, then at:

```sh
curl -fsS {{prometheus}}/-/ready
```
"""


@dataclass
class House:
    """The project in `root`, and its plan."""

    root: Path
    plan: Plan
    places: Places
    files: dict[str, str]

    @property
    def folder(self) -> Path:
        """Where the files lie for tools that read files."""
        return self.root / "rendered"

    def page(self, name: str) -> Path:
        """An alert's page, or a guide by its path below runbooks."""
        return self.root / "runbooks" / f"{name}.md"

    def edit(self, name: str, old: str, new: str) -> int:
        """Plant a mistake in a page; gives the line on which it begins."""
        path = self.page(name)
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def change(self, path: str, old: str, new: str) -> None:
        """Plant a mistake in a rendered file."""
        assert old in self.files[path], f"{path} has no {old!r}"
        self.files[path] = self.files[path].replace(old, new)

    def context(self) -> Context:
        """What checks see of it now."""
        return Context(
            plan=self.plan,
            places=self.places,
            files=write(self.files, self.folder),
            folder=self.folder,
            root=self.root,
            pages=page_texts(self.root, "runbooks"),
            alert_names=frozenset(alert.name for alert in self.plan.alerts),
        )

    def told(self, check: Callable[[Context], Iterable[Problem]]) -> list[str]:
        """What a check says, as people read it, with paths below the project."""
        problems = in_order(check(self.context()))
        short = [replace(problem, file=problem.file.removeprefix(f"{self.root}/")) for problem in problems]
        return [
            f"{p.file}:{p.line}: {'warning: ' if p.severity == 'warning' else ''}{p.code}: {p.message}" for p in short
        ]


def house(root: Path, text: str = SPEC, environment: str | None = None) -> House:
    """Write the project below `root`: spec, generated files and a finished page for every alert."""
    (root / "slo.yaml").write_text(text, encoding="utf-8")
    loaded = parse(text, str(root / "slo.yaml"), environment)
    assert loaded.spec is not None, loaded.problems
    plan = build(loaded.spec, environment=environment)
    (root / "runbooks/guides").mkdir(parents=True)
    (root / "runbooks/guides/errors.md").write_text(GUIDE, encoding="utf-8")
    pages: Mapping[str, str] = {f"runbooks/{one.name}.md": PAGE.format(name=one.name) for one in plan.alerts}
    made = outputs.render(plan, pages, "runbooks")
    files.apply(root, files.changes(root, made, frozenset(pages)))
    (root / "secrets").mkdir()
    for name in ("slack", "pager"):
        (root / "secrets" / name).touch(mode=0o600)
    return House(root, plan, loaded.places, rendered(plan))
