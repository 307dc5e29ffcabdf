"""Comments in the spec's expressions: the plan is the same without them, whatever is put behind an expression."""

from __future__ import annotations

from slostack.checks.spec.expressions import expressions
from slostack.plan import Plan
from slostack.plan.build import build
from slostack.render import runbooks
from slostack.spec.load import parse
from slostack.spec.model import Spec
from slostack.tools.promtool import check_expressions

SPEC = """
version: 1
teams: {shop: {page: {webhook: "http://x/p"}, ticket: {webhook: "http://x/t"}}}
services:
  shop:
    team: shop
    job: shop
    slos:
      bad: {promise: x, objective: 99, events: {bad: "sum(rate(a[5m]))NOTE", total: "bNOTE"}}
      good: {promise: x, objective: 99, events: {good: "sum(rate(a[5m]))NOTE", total: "sum(rate(b[5m]))NOTE"}}
      speed: {promise: x, objective: 99, latency: {histogram: "a_secondsNOTE", under: 1s, buckets: [1s]}}
      native: {promise: x, objective: 99, latency: {histogram: "b_secondsNOTE", under: 1s, native: true}}
      up: {promise: x, objective: 99, availability: {series: "probe_successNOTE"}}
      answers: {promise: x, objective: 99, availability: {series: "min(probe_success)NOTE"}}
      fresh: {promise: x, objective: 99, limit: {value: "time() - max(done)NOTE", at_most: 1h}}
      full: {promise: x, objective: 99, limit: {value: "used_bytesNOTE", at_least: 1}}
      ratio: {promise: x, objective: 99, ratio: "sum(a)NOTE\\n  / sum(b)NOTE"}
    alerts:
      Above:
        {severity: page, summary: x, when: "sum(\\n  aNOTE\\n)NOTE", above: 1, minimum: {of: "sum(b)NOTE", at_least: 1}}
      Gone: {severity: page, summary: x, absent: "aNOTE"}
    boards:
      all:
        title: All
        rows:
          - question: What?
            panels:
              - {title: x, describe: x, rate: "a_totalNOTE"}
              - {title: x, describe: x, ratio: {part: "a_totalNOTE", of: "b_totalNOTE"}}
              - {title: x, describe: x, quantiles: "a_secondsNOTE"}
              - {title: x, describe: x, heatmap: "a_secondsNOTE"}
              - {title: x, describe: x, value: "sum(a)NOTE"}
              - {title: x, describe: x, stat: "sum(a)NOTE"}
              - {title: x, describe: x, share: "a_totalNOTE", by: [job]}
              - title: x
                describe: x
                by: [job]
                table:
                  - {title: x, rate: "a_totalNOTE"}
                  - {title: x, ratio: {part: "a_totalNOTE", of: "b_totalNOTE"}}
                  - {title: x, quantile: "a_secondsNOTE", at: 95}
                  - {title: x, mean: "a_secondsNOTE"}
                  - {title: x, value: "sum by (job) (a)NOTE"}
"""
NOTE = " # it's (why"


def spec(note: str) -> Spec:
    loaded = parse(SPEC.replace("NOTE", note), "slo.yaml")
    assert loaded.spec is not None, loaded.problems
    return loaded.spec


def plan(note: str) -> Plan:
    return build(spec(note))


def test_no_kind_of_expression_takes_its_comment_into_the_plan() -> None:
    assert all(expression.text.endswith(NOTE) for expression in expressions(spec(NOTE)))
    assert plan(NOTE) == plan("")


def test_the_query_of_a_draft_stands_in_one_line_and_parses() -> None:
    """Flattened with its comment, it would end there."""
    page = runbooks.render(plan(NOTE), "runbooks", {})["runbooks/Above.md"]
    query = page.split("```promql\n")[1].split("\n```")[0]

    assert "\n" not in query
    assert check_expressions({"draft": query}) == {}
