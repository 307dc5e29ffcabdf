"""Makes Debian's Alertmanager start without being installed.

Debian's build reads its notification templates from `/usr/share/prometheus/alertmanager`, a path in the binary, and
dies where the package is not installed. A private copy of the binary gets a path of the same length that leads to an
open directory, whatever its name is: `/proc/self/fd/9`. A small shell opens that directory and then *becomes*
Alertmanager, so that the process started is the process that gets the signals. No root, no namespace, no limit on the
length of a path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FIXED = b"/usr/share/prometheus"
_OPENED = b"/proc/self/fd/9".ljust(len(_FIXED), b"/")
_LAUNCHER = 'exec 9<"$0" && exec "$@"'


def relocate(binary: Path) -> bool:
    """Lead Debian's fixed path to descriptor 9, in place; False where there is no such path (upstream's builds)."""
    content = binary.read_bytes()
    if _FIXED not in content:
        return False
    binary.write_bytes(content.replace(_FIXED, _OPENED))
    return True


def argv(binary: Path, share: Path) -> list[str]:
    """How to start a relocated `binary` whose templates are in `share`/alertmanager; arguments may be added."""
    return ["/bin/sh", "-c", _LAUNCHER, str(share), str(binary)]
