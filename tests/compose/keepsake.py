"""Something of a user's in Grafana's data, by which a test tells whether they are the same as before."""

from __future__ import annotations

from slostack.live.clients import Client
from tests.compose.conftest import Running

_VOLUME = "/volume"
_FILE = f"{_VOLUME}/kept/by-a-test"
_USER = 472  # Grafana's
_OWN = f"os.chown('{_VOLUME}', {_USER}, {_USER})"
_WRITE = f"os.setuid({_USER}); os.mkdir('{_VOLUME}/kept'); open('{_FILE}', 'w').close()"
_PREFERENCES = "/api/user/preferences"
_THEME = {"theme": "light"}


def leave(running: Running) -> None:
    """Put it there: a preference of the administrator's; without an image of Grafana a file in its volume."""
    if "GRAFANA_IMAGE" in running.settings:
        _grafana(running).request("PUT", _PREFERENCES, json=_THEME)
    else:
        make_volume(running)
        _python(running, _WRITE)


def is_there(running: Running) -> bool:
    """Whether it is there."""
    if "GRAFANA_IMAGE" in running.settings:
        preferences: dict[str, str] = _grafana(running).json(_PREFERENCES)
        return _THEME.items() <= preferences.items()
    return _python(running, f"print(os.path.exists('{_FILE}'))") == "True"


def make_volume(running: Running) -> None:
    """Grafana's volume, where no container of Grafana makes it."""
    if "GRAFANA_IMAGE" not in running.settings:
        of = {"com.docker.compose.project": running.name, "com.docker.compose.volume": "grafana"}
        running.client.volumes.create(_volume(running), labels=of)
        _python(running, _OWN)


def password(running: Running) -> str:
    """Grafana's administrator's, from the volume of the secrets."""
    show = ["run", "--rm", "--no-deps", "-T", "init", "first_start", "--folder", "/data/secrets", "--show"]
    return running.compose.ask(*show).strip()


class _Board(Client):
    title = "Grafana"

    def __init__(self, url: str, word: str) -> None:
        super().__init__(url)
        self._session.auth = ("admin", word)


def _grafana(running: Running) -> _Board:
    return _Board(running.stack.url("grafana"), password(running))


def _volume(running: Running) -> str:
    return f"{running.name}_grafana"


def _python(running: Running, program: str) -> str:
    """What a program prints that sees the volume."""
    said: bytes = running.client.containers.run(
        running.settings["SLOSTACK_IMAGE"],
        ["-c", f"import os; {program}"],
        entrypoint="python",
        user="0",
        network_mode="none",
        remove=True,
        volumes={_volume(running): {"bind": _VOLUME, "mode": "rw"}},
    )
    return said.decode().strip()
