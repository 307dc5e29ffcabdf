"""The skeleton that the small web programs of the stack share: server, command line, templates, style."""

from webpage.command import UnavailableError, WrongUsageError, base_parser, port_number, run
from webpage.exposition import exposition, registry
from webpage.server import (
    Application,
    Request,
    Response,
    ResponseError,
    html,
    json_response,
    load_static,
    methods,
    plain,
)
from webpage.templates import environment

__all__ = [
    "Application",
    "Request",
    "Response",
    "ResponseError",
    "UnavailableError",
    "WrongUsageError",
    "base_parser",
    "environment",
    "exposition",
    "html",
    "json_response",
    "load_static",
    "methods",
    "plain",
    "port_number",
    "registry",
    "run",
]
