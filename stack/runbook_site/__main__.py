"""`python -m runbook_site`: serve the runbooks."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from runbook_site.app import RunbookSite
from runbook_site.library import Library
from webpage import WrongUsageError, base_parser, run

_SETTING = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,63})=(.+)", re.DOTALL)


def main(arguments: list[str] | None = None) -> int:
    """Parse flags and serve; returns the exit code."""
    parser = base_parser(
        "runbook_site",
        "Serves runbooks with their placeholders filled from the address.",
        9098,
        "python -m runbook_site --pages runbooks/ --set prometheus=http://127.0.0.1:9090",
    )
    parser.add_argument("--pages", type=Path, required=True, metavar="DIR", help="the folder of Markdown pages")
    parser.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="fill {{NAME}} on every page; wins over the address (repeat for more)",
    )
    options = parser.parse_args(arguments)

    def build() -> RunbookSite:
        if not options.pages.is_dir():
            raise WrongUsageError(f"{options.pages} is not a folder; name the folder of runbooks with --pages.")
        return RunbookSite(Library(options.pages), dict(options.settings))

    return run("runbook_site", options, build, Path(__file__).parent / "static")


def _setting(text: str) -> tuple[str, str]:
    match = _SETTING.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return match.group(1), match.group(2)


if __name__ == "__main__":
    sys.exit(main())
