"""The JSON Schema of `slo.yaml`, for editors: it completes keys, shows what they mean and marks what is wrong."""

from __future__ import annotations

from typing import Any

from slostack.promql import duration
from slostack.spec.boards import KINDS
from slostack.spec.model import ALERT_KINDS, LIMITS, SLI_KINDS, Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DESCRIPTION = "What users are promised, and who is told when a promise breaks. See docs/spec.md."

# Keys of a mapping of which exactly one must be given, as the model's validators demand.
_ONE_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "Slo": (SLI_KINDS,),
    "Events": (("good", "bad"),),
    "Limit": (("at_most", "at_least"),),
    "Alert": (ALERT_KINDS, ("absent", *LIMITS)),  # a limit beside `when`, none beside `absent`
    "Column": (("rate", "ratio", "quantile", "mean", "value"),),
    "Panel": (KINDS,),
}
# Keys of which at least one must be given.
_ANY_OF = {"Receiver": ("webhook", "webhook_file", "slack", "email", "pagerduty")}


def json_schema() -> dict[str, Any]:
    """The schema of the whole spec, keys as people write them, in JSON Schema 2020-12.

    An editor cannot know everything: arithmetic, references and PromQL are left to `slostack check`.
    """
    schema: dict[str, Any] = _tidy(Spec.model_json_schema(by_alias=True, mode="validation"))
    for name, groups in _ONE_OF.items():
        choices = [{"oneOf": [_given(key) for key in group]} for group in groups]
        schema["$defs"][name] |= choices[0] if len(choices) == 1 else {"allOf": choices}
    for name, keys in _ANY_OF.items():
        schema["$defs"][name]["anyOf"] = [_given(key) for key in keys]
    return {"$schema": DIALECT, "title": "slo.yaml of slostack"} | schema | {"description": DESCRIPTION}


def _given(key: str) -> dict[str, Any]:
    """What a mapping with the key is; `null` is the same as leaving it out."""
    return {"required": [key], "properties": {key: {"not": {"type": "null"}}}}


def _tidy(node: Any) -> Any:
    """The schema without pydantic's titles, and with defaults as people write them."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key in {"properties", "$defs"}:
            out[key] = {name: _tidy(inner) for name, inner in value.items()}
        elif key == "default":
            if value not in (None, {}, []):
                out[key] = _default(value, node)
        elif key != "title":
            out[key] = _tidy(value)
    if "patternProperties" in out:
        out.setdefault("additionalProperties", False)  # a name that fits no pattern is a mistake
    return out


def _default(value: Any, node: dict[str, Any]) -> Any:
    return duration(value) if isinstance(value, int) and node.get("type") == "string" else value
