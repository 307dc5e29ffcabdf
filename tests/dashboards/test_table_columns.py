"""Columns of tables are made in one place."""

from __future__ import annotations

from pathlib import Path

from slostack.render import dashboards
from slostack.render.dashboards import columns


def test_columns_have_their_order_and_their_headings() -> None:
    names = columns.headings(["agent_type", "tenant"]) | {"Value": columns.BUDGET_LEFT}
    made = columns.ordered(names, unnamed=("slo",))["options"]

    assert made["renameByName"] == {"agent_type": "Agent type", "tenant": "Tenant", "Value": "Budget left"}
    assert made["indexByName"] == {"agent_type": 0, "tenant": 1, "Value": 2, "slo": 3}
    assert made["excludeByName"] == {"Time": True}


def test_no_other_module_arranges_columns_itself() -> None:
    """One table that differs from the others in how it does the same is what a reader stumbles over."""
    folder = Path(dashboards.__file__).parent
    found = {
        file.name
        for file in folder.glob("*.py")
        if any(words in file.read_text(encoding="utf-8") for words in ('"organize"', ".capitalize()", "budget_steps()"))
    }

    assert "columns.py" in found
    assert found <= {"columns.py", "look.py", "slo_answers.py"}
