"""What the log is told once: a service that measures wrongly does so with every request."""

from __future__ import annotations

import logging

_LOG = logging.getLogger("instrumentation")
_SAID: set[str] = set()


def warn_once(about: str, message: str) -> None:
    """Log the first message about something; there is nothing new in the next ones."""
    if about not in _SAID:
        _SAID.add(about)
        _LOG.warning("%s: %s (said once)", about, message)
