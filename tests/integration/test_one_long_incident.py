"""Most of an hour of failure, as the person on duty lives it: one message when it begins, one when it is over."""

from __future__ import annotations

import time

import pytest

from slostack.live import history
from slostack.live.clients import wait_until
from slostack.live.local import LocalStack
from tests.integration.conftest import SCALE, shipped_plan, told

FAILURE = 50 * 60 / SCALE  # a full hour would come near the tickets' share of a day
# After recovery the 30 m window of the slower tier has to empty, then Alertmanager's group interval passes.
RECOVERY = 50 * 60 / SCALE
QUIET = 10 * 60 / SCALE  # twice the group interval of a page, in which nothing more is told


@pytest.mark.timeout(300)
def test_an_incident_wakes_once_for_each_thing_that_burns(stack: LocalStack) -> None:
    history.write(shipped_plan(time_scale=SCALE), stack.prometheus)
    stack.workload.fail("errors")  # crosses the owners' threshold first, then both tiers of the budget's burn rate
    stack.workload.fail("agent-errors")  # burns the budget of one agent; there is no owners' alert about it
    time.sleep(FAILURE)
    pages = told(stack)
    during = [_told(one) for one in pages]
    stack.workload.recover()
    assert wait_until(lambda: len(told(stack)) >= len(during) + 2, 2 * RECOVERY)
    time.sleep(QUIET)
    after = [_told(one) for one in told(stack)][len(during) :]

    assert sorted(during) == [
        ("firing", "search-page", "HighErrorRate"),
        ("firing", "search-page", "MctsFrameworkAgentsBurnsFast"),
    ]
    for page in pages:  # the owners' one too, which is the only one about its SLO
        assert "The budget burns at" in page["alerts"][0]["annotations"]["description"]
    assert sorted(after) == [
        ("resolved", "search-page", "HighErrorRate"),
        ("resolved", "search-page", "MctsFrameworkAgentsBurnsFast"),
    ]


def _told(notification: dict[str, object]) -> tuple[str, str, str]:
    alerts = notification["alerts"]
    assert isinstance(alerts, list)
    return (
        str(notification["status"]),
        str(notification["receiver"]),
        " ".join(sorted({alert["labels"]["alertname"] for alert in alerts})),
    )
