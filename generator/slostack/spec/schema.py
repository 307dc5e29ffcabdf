"""The JSON Schema of `slo.yaml`, for editors: it completes keys, shows what they mean and marks what is wrong."""

from __future__ import annotations

from typing import Any

from slostack.promql import duration
from slostack.spec.model import Spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DESCRIPTION = "What users are promised, and who is told when a promise breaks. See docs/spec.md."


def json_schema() -> dict[str, Any]:
    """The schema of the whole spec, keys as people write them, in JSON Schema 2020-12.

    An editor cannot know everything: arithmetic, references and PromQL are left to `slostack check`.
    """
    schema: dict[str, Any] = _tidy(Spec.model_json_schema(by_alias=True, mode="validation"))
    return {"$schema": DIALECT, "title": "slo.yaml of slostack"} | schema | {"description": DESCRIPTION}


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
