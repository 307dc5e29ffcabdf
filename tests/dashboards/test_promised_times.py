"""Graphs of a latency promise: in the unit of its histogram, which is that of the histogram's name."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from dashboard_plans import metric, plan
from reading import Json, boards, panels

from slostack.plan import Plan


def promising(histogram: str, under: str) -> Plan:
    """The plan whose promise of speed is about another histogram."""
    made = plan()
    slos = (
        replace(slo, histogram=metric(histogram), threshold=Fraction(under)) if slo.histogram else slo
        for slo in made.slos
    )
    return replace(made, slos=tuple(slos))


def graphs(of: Plan) -> tuple[Json, Json]:
    heat, tail = (
        panel
        for panel in panels(boards(of)["slo-shop"])
        if panel["title"].startswith(("How are times", "How are values", "Is the promised"))
    )
    return heat, tail


@pytest.mark.parametrize(
    ("histogram", "under", "heading", "question", "unit"),
    [
        ("took_seconds", "0.25", "How are times spread? (promised: 99.95 % within 0.25 s)", "time", "s"),
        ('took_milliseconds{a="b"}', "250", "How are times spread? (promised: 99.95 % within 250 ms)", "time", "ms"),
        ("sent_bytes", "2500000", "How are values spread? (promised: 99.95 % within 2.5 MB)", "value", "decbytes"),
        ("items", "20", "How are values spread? (promised: 99.95 % within 20)", "value", "short"),
    ],
)
def test_a_promise_is_drawn_in_the_unit_of_its_histogram(
    histogram: str, under: str, heading: str, question: str, unit: str
) -> None:
    heat, tail = graphs(promising(histogram, under))

    assert heat["title"] == heading
    assert heat["options"]["yAxis"]["unit"] == unit
    assert tail["title"] == f"Is the promised {question} kept?"
    assert tail["fieldConfig"]["defaults"]["unit"] == unit
