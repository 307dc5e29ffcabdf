"""Each of the owners' twelve alerts, and a burning budget: fired, routed, delivered once, documented, resolved."""

from __future__ import annotations

import pytest

from slostack.live import history
from slostack.live.clients import wait_until
from slostack.live.local import LocalStack
from tests.integration.campaign import Campaign, Drill
from tests.integration.conftest import SCALE, shipped_plan

PAGE, TICKET = "search-page", "search-ticket"
DRILLS = (
    Drill("errors", "HighErrorRate", PAGE),
    Drill("memory", "HighMemoryUsage", TICKET),
    Drill("cpu", "HighCPUUsage", TICKET),
    Drill("iteration-timeouts", "MCTSIterationTimeout", TICKET),
    Drill("llm-errors", "LLMProviderErrors", PAGE),
    Drill("disk", "DiskSpaceLow", TICKET),
    Drill("restarts", "ContainerRestarting", TICKET),
    Drill("rag-errors", "MctsFrameworkRagBurnsFast", PAGE),
    Drill("slow", "HighLatencyP95", TICKET, after_arrival=("HighErrorRate",)),
    Drill("very-slow", "HighLatencyP99", PAGE, after_arrival=("HighLatencyP95",)),
    Drill("rate-limited", "RateLimitingActive", TICKET, after_arrival=("HighLatencyP99",)),
    # One ticket tells of all that burns the SLO `speed`: this one alone is wanted here.
    Drill("queue", "HighQueueDepth", TICKET, after_resolution=("HighLatencyP95",)),
    # While the service is down its other alerts are held back.
    Drill(
        "down",
        "ServiceDown",
        PAGE,
        after_resolution=("HighQueueDepth", "ContainerRestarting", "RateLimitingActive", "MctsFrameworkRagBurnsFast"),
    ),
)
SECONDS = 300.0


@pytest.fixture(scope="module")
def campaign(stack: LocalStack) -> Campaign:
    """All drills, run once; a healthy past first, so that no long window is young."""
    history.write(shipped_plan(time_scale=SCALE), stack.prometheus)
    campaign = Campaign(stack, DRILLS)
    campaign.run(SECONDS)
    return campaign


@pytest.mark.timeout(500)
@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.alert)
def test_an_alert_fires_arrives_once_with_its_runbook_and_resolves(campaign: Campaign, drill: Drill) -> None:
    story = campaign.stories[drill.alert]

    assert story.began is not None, "the drill never began; what it waits for did not happen"
    assert story.fired, "Prometheus did not fire it"
    assert len({alert["labels"].get("tier") for alert in story.firing}) == len(story.firing) == 1, story.firing
    assert list(story.runbooks.values()) == [200], story.runbooks
    # A group's next message may name a resolved companion again: Prometheus repeats it for 15 minutes of real time.
    assert len({alert["endsAt"] for alert in story.ended}) == 1, story.ended


def test_nothing_else_is_notified(stack: LocalStack, campaign: Campaign) -> None:
    # The drill `down` alone spends half of what makes this a ticket; a workload that this machine starved spends more.
    down = stack.prometheus.number('max(sum_over_time((1 - up{job="mcts-framework"})[30m:1s]))') or 0
    rightly = {"MctsFrameworkAvailabilityBurnsSlowly"} if down * SCALE > 4 * 60 else set()

    assert [told for told in campaign.unexpected if not rightly & set(told.split())] == []


def test_the_shipped_spec_has_the_twelve_alerts_of_the_owners(campaign: Campaign) -> None:
    owners = {alert.name for alert in shipped_plan().alerts if alert.kind in {"threshold", "down"}}

    assert owners <= campaign.stories.keys()
    assert len(owners) == 12


def test_the_watchdog_beats(stack: LocalStack, campaign: Campaign) -> None:
    beats = stack.inbox.json("/api/heartbeats")["heartbeats"]

    assert [beat["name"] for beat in beats] == ["prometheus"]
    assert not beats[0]["silent"]


def test_no_rule_failed_and_none_was_missed(stack: LocalStack, campaign: Campaign) -> None:
    failures = "sum(prometheus_rule_evaluation_failures_total)"
    assert wait_until(lambda: stack.prometheus.query(failures), 30)

    assert stack.prometheus.number(failures) == 0
