"""What a time-lapse asks of programs beyond their files: shorter times, and a Prometheus that takes in a past."""

from __future__ import annotations

from slostack.plan.model import Plan

_HEARTBEAT_LIMIT = 300
_LEAST_HEARTBEAT_LIMIT = 10  # seconds: a busy machine may pause for some


def prometheus(plan: Plan) -> list[str]:
    """Arguments for Prometheus.

    Blocks as long as the period keep what is dated back in its head, and blocks are not merged: from merged blocks of
    samples that came out of order Prometheus 3 takes, at its next start, that everything up to their end is in them,
    and drops what its log holds of the last hours.
    """
    block = plan.duration(max(plan.periods, default=86_400))
    return [
        "--web.enable-remote-write-receiver",  # the past comes in this way
        f"--storage.tsdb.min-block-duration={block}",
        f"--storage.tsdb.max-block-duration={block}",
        "--no-storage.tsdb.allow-overlapping-compaction",
        f"--query.lookback-delta={plan.duration(300)}",
        f"--rules.alert.resend-delay={plan.duration(60)}",
        f"--rules.alert.for-grace-period={plan.duration(600)}",
        f"--rules.alert.for-outage-tolerance={plan.duration(3600)}",
    ]


def inbox(plan: Plan) -> list[str]:
    """Arguments for the inbox."""
    return ["--heartbeat-limit", str(max(_LEAST_HEARTBEAT_LIMIT, _HEARTBEAT_LIMIT // plan.time_scale))]
