"""`python -m masked`: a program whose threads that answer say which signals they leave to others."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from webpage import Request, Response, base_parser, json_response, run


class Masked:
    """Answers everything with the signals that are blocked where it is answered."""

    name = "masked"
    max_body = 0

    def respond(self, request: Request) -> Response:  # noqa: ARG002 - all paths say the same
        return json_response({"blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))})

    def close(self) -> None:
        """It holds nothing."""


if __name__ == "__main__":
    options = base_parser("masked", "Says what its threads block.", 0, "python -m masked").parse_args()
    sys.exit(run("masked", options, Masked, Path(__file__).parent))
