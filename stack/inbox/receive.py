"""From the three bodies that Alertmanager sends to one form.

Webhook: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config (version 4).
Slack: attachments of an incoming webhook. PagerDuty: Events API v2.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

from inbox.notification import FIRING, RESOLVED, Alert, Content, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WEBHOOK, SLACK, PAGERDUTY = "webhook", "slack", "pagerduty"
MAX_VALUES = 150_000
MAX_LEVELS = 50
_REDACTED = "(not stored)"
_LABELS = ("alertname", "severity", "team", "service", "slo", "tier", "environment")
_ANNOTATIONS = (
    "summary",
    "description",
    "command",
    "runbook_url",
    "dashboard_url",
    "traces_url",
    "query_url",
    "silence_url",
)
_LINK_WORDS = {
    "runbook": "runbook_url",
    "dashboard": "dashboard_url",
    "traces": "traces_url",
    "trace": "traces_url",
    "graph": "query_url",
    "query": "query_url",
    "silence": "silence_url",
}
_SEVERITIES = {"critical": "page", "error": "page", "warning": "ticket", "info": "ticket"}
_HEADLINE = re.compile(r"^\s*[■▲●◆]?\s*\[?\b(PAGE|TICKET|RESOLVED|ALERT|FIRING)\b(?::\d+)?\]?[:\s]*")
_SLACK_LINK = re.compile(r"<([^<>|]+)\|([^<>]*)>")
_SLACK_BARE = re.compile(r"<((?:https?|mailto):[^<>|]+)>")
_SLACK_PART = re.compile(r"^(?=\*[^*\n]+\*[ \t]*$)", re.MULTILINE)
_SLACK_BOLD = re.compile(r"\s*\*([^*\n]+)\*[ \t]*$", re.MULTILINE)
_TIME = r"(?P<start>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC"
_SLACK_WHEN = re.compile(rf"^(?:since |lasted (?P<lasted>[\d.hmsnµ]{{1,40}}), from ){_TIME}.*$", re.MULTILINE)
_GO_PART = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ms|µs|ns|h|m|s)")
_SLACK_CODE = re.compile(r"```(.+?)```", re.DOTALL)


class BadBodyError(ValueError):
    """The body is not what its address takes; one sentence says where and why."""


def decode(body: bytes) -> Mapping[str, object]:
    """A JSON object in UTF-8, with as many values and levels as alerts can need; raises `BadBodyError`."""
    if sum(body.count(mark) for mark in b",[{") > MAX_VALUES:  # each takes many times its length in memory
        raise BadBodyError(f"The body has more than {MAX_VALUES} values.")
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise BadBodyError("The body is not UTF-8.") from None
    except RecursionError:
        raise BadBodyError("The body is nested too deeply.") from None
    except ValueError as error:
        raise BadBodyError(f"The body is not JSON: {error}.") from None
    if not _within(value, MAX_LEVELS):
        raise BadBodyError("The body is nested too deeply.")
    return _mapping(value, "The body")


def understand(kind: str, body: Mapping[str, object]) -> Content:
    """Read a decoded body of `kind`; raises `BadBodyError`."""
    return _READERS[kind](body)


def storable(kind: str, body: Mapping[str, object]) -> Mapping[str, object]:
    """The body without its secrets: PagerDuty's routing key is a password."""
    if kind == PAGERDUTY and "routing_key" in body:
        return {**body, "routing_key": _REDACTED}
    return body


def _read_webhook(body: Mapping[str, object]) -> Content:
    version = body.get("version", "4")
    if version != "4":
        raise BadBodyError(f"The webhook body has version {version!r}; this inbox reads version '4'.")
    status = _status(body.get("status"), "status")
    items = body.get("alerts")
    if not isinstance(items, list) or not items:
        raise BadBodyError("The webhook body needs a list 'alerts' with at least one alert.")
    truncated = body.get("truncatedAlerts", 0)
    return Content(
        status=status,
        alerts=tuple(_read_alert(item, f"alerts[{index}]", status) for index, item in enumerate(items)),
        group_key=_text(body.get("groupKey")),
        group_labels=_strings(body.get("groupLabels"), "groupLabels"),
        truncated=truncated if isinstance(truncated, int) and truncated > 0 else 0,
    )


def _read_alert(value: object, place: str, status: str) -> Alert:
    item = _mapping(value, place)
    own = _status(item.get("status", status), f"{place}.status")
    return Alert(
        status=own,
        labels=_strings(item.get("labels"), f"{place}.labels"),
        annotations=_strings(item.get("annotations"), f"{place}.annotations"),
        starts_at=parse_time(item.get("startsAt")),
        ends_at=parse_time(item.get("endsAt")) if own == RESOLVED else None,
        generator_url=_text(item.get("generatorURL")),
    )


def _read_slack(body: Mapping[str, object]) -> Content:
    items = body.get("attachments")
    if not isinstance(items, list) or not items:
        if not isinstance(body.get("text"), str):
            raise BadBodyError("The Slack body needs 'attachments' or 'text'.")
        items = [{"title": body["text"]}]
    parts = [_read_attachment(_mapping(item, f"attachments[{i}]")) for i, item in enumerate(items)]
    alerts = tuple(alert for part in parts for alert in part)
    firing = any(alert.status == FIRING for alert in alerts)
    return Content(
        status=FIRING if firing else RESOLVED, alerts=alerts, group_key=alerts[0].annotations.get("summary", "")
    )


def _read_attachment(item: Mapping[str, object]) -> list[Alert]:
    """One alert per part of the text that a bold line begins; usually there is one."""
    shared: dict[str, str] = {}
    title = _slack_text(_text(item.get("title")) or _text(item.get("fallback")), shared)
    headline = _HEADLINE.match(title)
    word = headline.group(1) if headline else ""
    title = title[headline.end() :].strip() if headline else title.strip()
    labels: dict[str, str] = {}
    if word in {"PAGE", "TICKET"}:
        labels["severity"] = word.lower()
    for entry in _mappings(item.get("fields")):
        name, value = _text(entry.get("title")).strip().lower(), _slack_text(_text(entry.get("value")), shared)
        if name in _LABELS:
            labels[name] = value.lower() if name == "severity" else value
        elif name in _ANNOTATIONS:
            shared.setdefault(name, value)
    for action in _mappings(item.get("actions")):
        _keep_link(_text(action.get("text")), _text(action.get("url")), shared)
    color = _text(item.get("color")).lower()
    status = RESOLVED if word == "RESOLVED" or (not word and color == "good") else FIRING
    parts = [part for part in _SLACK_PART.split(_text(item.get("text"))) if part.strip()] or [""]
    link = _text(item.get("title_link"))
    return [_read_part(part, title, labels, shared, "" if index else link, status) for index, part in enumerate(parts)]


def _read_part(
    text: str, title: str, labels: Mapping[str, str], shared: Mapping[str, str], title_link: str, status: str
) -> Alert:
    annotations = dict(shared)
    if code := _SLACK_CODE.search(text):
        annotations.setdefault("command", unescape(code.group(1)).strip())
        text = text.replace(code.group(0), "", 1)
    summary = title
    if bold := _SLACK_BOLD.match(text):
        summary = _slack_text(bold.group(1), annotations)
        text = text[bold.end() :]
    starts = ends = None
    if when := _SLACK_WHEN.search(text):
        starts = parse_time(when.group("start").replace(" ", "T") + "Z")
        if starts and when.group("lasted"):
            ends = starts + _go_duration(when.group("lasted"))
        text = text[: when.start()] + text[when.end() :]
    if description := _slack_text(text, annotations).strip():
        annotations["description"] = description
    if title_link and title_link not in annotations.values():
        annotations.setdefault("query_url", title_link)
    # Our own title ends in service and environment; the bold line shows where the summary ends.
    place = title.removeprefix(summary).strip(" ·").split(" · ") if title.startswith(summary + " · ") else []
    said = dict(zip(("service", "environment"), place, strict=False))
    annotations["summary"] = summary
    return Alert(status, said | dict(labels), {name: text for name, text in annotations.items() if text}, starts, ends)


def _go_duration(text: str) -> timedelta:
    """`1h9m2.5s`, as Go writes durations."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "µs": 1e-6, "ns": 1e-9}
    seconds = sum(float(number) * units[unit] for number, unit in _GO_PART.findall(text))
    return timedelta(seconds=min(seconds, 1e9))


def _slack_text(text: str, annotations: dict[str, str]) -> str:
    """Slack's own markup as plain text; links with a known word become annotations and leave the text."""

    def replace(match: re.Match[str]) -> str:
        url, words = unescape(match.group(1)), match.group(2)
        return "" if _keep_link(words, url, annotations) else f"{words} ({url})"

    plain = _SLACK_BARE.sub(r"\1", _SLACK_LINK.sub(replace, text))
    lines = (line.strip(" ·|") for line in unescape(plain).split("\n"))
    return "\n".join(line for line in lines if line)


def _keep_link(words: str, url: str, annotations: dict[str, str]) -> bool:
    for word in re.findall(r"[a-z]+", words.lower()):
        if word in _LINK_WORDS and url:
            annotations.setdefault(_LINK_WORDS[word], url)
            return True
    return False


def _read_pagerduty(body: Mapping[str, object]) -> Content:
    action = body.get("event_action")
    if action not in {"trigger", "acknowledge", "resolve"}:
        raise BadBodyError("The PagerDuty event needs an 'event_action' of trigger, acknowledge or resolve.")
    payload = _mapping(body.get("payload") or {}, "payload")
    summary = _text(payload.get("summary"))
    if action == "trigger" and not summary:
        raise BadBodyError("The PagerDuty event needs 'payload.summary'.")
    details = _mapping(payload.get("custom_details") or {}, "payload.custom_details")
    status = RESOLVED if action == "resolve" else FIRING
    key = _text(body.get("dedup_key"))
    if alerts := _detailed_alerts(details):
        return Content(status, alerts, group_key=key)
    said = {name: value for name, value in details.items() if isinstance(value, str) and value}
    labels = {name: said[name] for name in _LABELS if name in said}
    severity = _SEVERITIES.get(_text(payload.get("severity")).lower())
    if severity:
        labels.setdefault("severity", severity)
    if component := _text(payload.get("component")):
        labels.setdefault("service", component)
    annotations = {name: said[name] for name in _ANNOTATIONS if name in said}
    headline = _HEADLINE.match(summary)
    annotations["summary"] = summary[headline.end() :].strip() if headline else summary or f"Event {key}".strip()
    for link in _mappings(body.get("links")):
        _keep_link(_text(link.get("text")), _text(link.get("href")), annotations)
    if url := _text(body.get("client_url")):
        annotations.setdefault("query_url", url)
    starts = parse_time(said.get("starts_at")) or parse_time(payload.get("timestamp"))
    ends = parse_time(said.get("ends_at")) if status == RESOLVED else None
    return Content(status, (Alert(status, labels, annotations, starts, ends),), group_key=key)


def _detailed_alerts(details: Mapping[str, object]) -> tuple[Alert, ...]:
    """The alerts themselves, which Alertmanager adds as `firing` and `resolved`; older ones send text there."""
    return tuple(
        _read_alert(item, f"payload.custom_details.{status}[{index}]", status)
        for status in (FIRING, RESOLVED)
        for index, item in enumerate(_mappings(details.get(status)))
    )


_READERS: dict[str, Callable[[Mapping[str, object]], Content]] = {
    WEBHOOK: _read_webhook,
    SLACK: _read_slack,
    PAGERDUTY: _read_pagerduty,
}


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


def _within(value: object, levels: int) -> bool:
    """Whether what a value holds is nested no deeper: whoever reads it later may have less stack left."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_within(part, levels - 1) for part in parts)


def _status(value: object, place: str) -> str:
    if value not in {FIRING, RESOLVED}:
        raise BadBodyError(f"{place} must be 'firing' or 'resolved'.")
    return str(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadBodyError(f"{place} must be a JSON object.")
    return value


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _strings(value: object, place: str) -> dict[str, str]:
    pairs = _mapping({} if value is None else value, place)
    for name, text in pairs.items():
        if not isinstance(text, str):
            raise BadBodyError(f"{place}.{name} must be a string.")
    return {name: str(text) for name, text in pairs.items()}
