"""`slostack schema`."""

from __future__ import annotations

import click
import orjson


@click.command()
def schema() -> None:
    """Print a JSON Schema of the spec for editors.

    \b
    Example:
      slostack schema > slo.schema.json
    and as the first line of slo.yaml: # yaml-language-server: $schema=./slo.schema.json
    """
    from slostack.spec.schema import json_schema  # noqa: PLC0415 - the model takes longer to load than help may

    click.echo(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2).decode())
