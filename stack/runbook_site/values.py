"""What placeholders are filled with, and where that is safe.

Two sources: settings, which whoever started the server chose, and the address, which anybody may have written.
Settings win, so that no link can turn `{{prometheus}}` in a command into somebody else's server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from runbook_site.markdown import PLACEHOLDER

MAX_VALUE = 500
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_FOR_SHELL = re.compile(r"[A-Za-z0-9_.:/@%+,=-]+")
_LIKE_A_FLAG = re.compile(r"-(?!\d)")


@dataclass(frozen=True, slots=True)
class Values:
    """Placeholder values from the address and from the settings."""

    asked: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: Mapping[str, str], settings: Mapping[str, str]) -> Values:
        """Keep of a query string what can be a placeholder: a name, and a value that is neither empty nor long."""
        asked = {
            name: value
            for name, value in query.items()
            if _NAME.fullmatch(name) and 0 < len(value) <= MAX_VALUE and name not in settings
        }
        return cls(asked, settings)

    def get(self, name: str) -> str | None:
        """The value, or None."""
        return self.settings.get(name, self.asked.get(name))

    def carried(self) -> str:
        """The query string that internal links take along; empty when nothing was asked."""
        return urlencode(sorted(self.asked.items()))


def safe_in_code(value: str) -> bool:
    """Whether a value may stand in a block that is copied into a shell.

    Nothing that a shell, a quoted string or PromQL reads as more than a word, and nothing a command reads as a flag.
    """
    return bool(_FOR_SHELL.fullmatch(value)) and not _LIKE_A_FLAG.match(value)


def fill_target(target: str, values: Values) -> str | None:
    """A link's target with its placeholders filled; None when one has no value.

    At the start a placeholder is the address of a server: only a setting may be one. Elsewhere values are encoded.
    """
    missing = False

    def replace(match: re.Match[str]) -> str:
        nonlocal missing
        name = match.group(1)
        value = values.settings.get(name) if match.start() == 0 else values.get(name)
        if value is None:
            missing = True
            return ""
        return value.rstrip("/") if match.start() == 0 else quote(value, safe="")

    filled = PLACEHOLDER.sub(replace, target)
    return None if missing else filled


def is_web_address(target: str) -> bool:
    """http or https with a host, without white space."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(char.isspace() for char in target)
