"""A team's receiver as Alertmanager's integrations; every text comes from the template file."""

from __future__ import annotations

from typing import Any

from slostack.plan.model import ReceiverPlan


def receiver(plan: ReceiverPlan) -> dict[str, Any]:
    """The receiver with every way that its team named."""
    out: dict[str, Any] = {"name": plan.name}
    if plan.webhook or plan.webhook_file:
        address = {"url": plan.webhook} if plan.webhook else {"url_file": plan.webhook_file}
        out["webhook_configs"] = [address | {"send_resolved": True}]
    if plan.slack:
        out["slack_configs"] = [
            {
                "api_url_file": plan.slack.url_file,
                "channel": plan.slack.channel,
                "send_resolved": True,
                "color": '{{ template "slostack.color" . }}',
                "title": '{{ template "slostack.slack.title" . }}',
                "title_link": '{{ template "slostack.link" . }}',
                "text": '{{ template "slostack.slack.text" . }}',
                "fallback": '{{ template "slostack.slack.title" . }}',
            }
        ]
    if plan.email:
        out["email_configs"] = [
            {
                "to": plan.email.to,
                "send_resolved": True,
                "headers": {"Subject": '{{ template "slostack.title" . }}'},
                "html": '{{ template "slostack.email" . }}',
                "text": '{{ template "slostack.text" . }}',
            }
        ]
    if plan.pagerduty:
        config: dict[str, Any] = {
            "routing_key_file": plan.pagerduty.routing_key_file,
            "send_resolved": True,
            "severity": "critical" if plan.severity == "page" else "warning",
            "description": '{{ template "slostack.title" . }}',
            "class": "{{ .CommonLabels.slo }}",
            "component": "{{ .CommonLabels.service }}",
            "group": "{{ .CommonLabels.environment }}",
            "client": "slostack",
            "client_url": '{{ template "slostack.link" . }}',
            "details": {"message": '{{ template "slostack.text" . }}'},
        }
        if plan.pagerduty.url:
            config["url"] = plan.pagerduty.url
        out["pagerduty_configs"] = [config]
    return out
