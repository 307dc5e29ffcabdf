"""notification: every template that a receiver uses is rendered, with data as it comes and as it should not come.

amtool's own check accepts a template that nobody defines; Alertmanager then drops the page at run time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slostack.checks.context import Context, parsed_yaml
from slostack.problems import Problem
from slostack.render.alertmanager import CONFIG, TEMPLATE
from slostack.tools import amtool

CODE = "notification"
READS = (CONFIG, TEMPLATE)

_TITLES = {"title", "Subject", "description", "fallback", "summary"}
_HTML = {"html"}
_BREAK = "\x1e"  # a record separator, which no template writes: several texts in one call of amtool
_HOSTILE = '<script>alert(1)</script> {{ template "x" }} "quoted" \'too\'\nsecond line <!channel> & more'
_START, _END = "2026-01-05T09:00:00Z", "2026-01-05T09:41:00Z"
_REMEDY = "mend the template, or the field of the receiver that uses it"


@dataclass(frozen=True)
class Use:
    """A text of a receiver's configuration that is a template: `key` is its field, `way` such as `slack_configs`."""

    way: str
    key: str
    text: str

    @property
    def html(self) -> bool:
        """Whether Alertmanager renders it as HTML, with escaping."""
        return self.key in _HTML


def check(context: Context) -> Iterator[Problem]:
    """A problem for each template and kind of data that gives an error, an empty title, or unescaped foreign text."""
    uses = list(dict.fromkeys(_uses(parsed_yaml(context.files[CONFIG]))))
    for what, data in samples(context).items():
        for html in (False, True):
            same_kind = [use for use in uses if use.html == html]
            for use, rendered in zip(same_kind, _rendered(context, same_kind, data, html), strict=True):
                for fault in _faults(use, rendered, hostile=what == "hostile"):
                    sentence = f"`{use.key}` of {use.way} {fault}, with {what} data: {use.text}"
                    yield context.in_file(TEMPLATE, CODE, sentence, _REMEDY)


def samples(context: Context) -> dict[str, dict[str, Any]]:
    """What Alertmanager hands to a notification, by kind."""
    alert = next((one for one in context.plan.alerts if one.severity == "page"), context.plan.alerts[0])
    labels = {"alertname": alert.name} | alert.labels | ({"environment": context.plan.environment or "test"})
    plain = {name: text.split("{{")[0] for name, text in alert.annotations.items()}
    hostile = {name: text if name.endswith("_url") else _HOSTILE for name, text in plain.items()}
    grouped = [_alert(labels | {"instance": f"host-{number}"}, plain) for number in range(5)]
    return {
        "firing": _data([_alert(labels, plain)]),
        "resolved": _data([_alert(labels, plain, ended=True)]),
        "grouped": _data(grouped),
        "partly resolved": _data([*grouped, _alert(labels, plain, ended=True)]),
        "unannotated": _data([_alert(labels, {})]),
        "hostile": _data([_alert(labels | dict.fromkeys(("tenant", "alertname", "service"), _HOSTILE), hostile)]),
    }


def _alert(labels: Mapping[str, str], annotations: Mapping[str, str], *, ended: bool = False) -> dict[str, Any]:
    return {
        "status": "resolved" if ended else "firing",
        "labels": dict(labels),
        "annotations": dict(annotations),
        "startsAt": _START,
        "endsAt": _END if ended else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "0123456789abcdef",
    }


def _data(alerts: list[dict[str, Any]]) -> dict[str, Any]:
    def common(key: str) -> dict[str, str]:
        first = alerts[0][key]
        return {name: text for name, text in first.items() if all(one[key].get(name) == text for one in alerts)}

    labels = common("labels")
    return {
        "receiver": "test",
        "status": "firing" if any(one["status"] == "firing" for one in alerts) else "resolved",
        "alerts": alerts,
        "groupLabels": {name: labels[name] for name in ("environment", "service", "slo") if name in labels},
        "commonLabels": labels,
        "commonAnnotations": common("annotations"),
        "externalURL": "http://alertmanager.example",
    }


def _uses(config: Mapping[str, Any]) -> Iterator[Use]:
    for receiver in config.get("receivers") or []:
        for way in receiver:
            for one in receiver[way] if way.endswith("_configs") else ():
                yield from _texts(way, one)


def _texts(way: str, config: Mapping[str, Any]) -> Iterator[Use]:
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _texts(way, value)
        elif isinstance(value, str) and "{{" in value:
            yield Use(way, key, value)


def _rendered(context: Context, uses: list[Use], data: dict[str, Any], html: bool) -> list[amtool.Rendered]:
    """The texts in one call; if that fails, in one call each, to see which of them it is."""
    files = [context.folder / TEMPLATE]
    if not uses:
        return []
    together = amtool.render_template(files, _BREAK.join(use.text for use in uses), data, html=html)
    texts = together.text.split(_BREAK)
    if together.ok and len(texts) == len(uses):
        return [amtool.Rendered(ok=True, problems="", text=text) for text in texts]
    return [amtool.render_template(files, use.text, data, html=html) for use in uses]


def _faults(use: Use, rendered: amtool.Rendered, *, hostile: bool) -> Iterator[str]:
    if not rendered.ok:
        yield f"cannot be rendered ({' '.join(rendered.problems.split())})"
        return
    if use.key in _TITLES and not rendered.text.strip():
        yield "is empty"
    if hostile and use.html and "<script>" in rendered.text:
        yield "lets markup of an alert through unescaped"
    if hostile and use.way == "slack_configs" and "<!channel>" in rendered.text and use.key in {"text", "title"}:
        yield "lets an alert's text mention a whole channel"
