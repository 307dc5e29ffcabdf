"""Stops programs of a containers' stack for a moment, and has them up again whatever happens meanwhile.

A terminal's Ctrl-C goes to every process of its group. A `docker compose stop` that it ends leaves the engine stopping,
and what is started at that moment is stopped a little later. So every process here is out of the terminal's reach, a
signal waits for the end of what must not be cut in two, and a start is repeated until all are up.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import orjson

from slostack.failure import MISSING, Failure
from slostack.interruption import held_back
from slostack.live.clients import wait_until
from slostack.live.compose import UNCHECKED, Compose, Container
from slostack.tools.errors import ToolError
from slostack.tools.process import run

Step = Callable[[str], None]

_UP = frozenset({"running", "restarting"})  # one that crashes again and again must not do so amid its data's exchange
_STOP_SECONDS = 3600.0
_START_SECONDS = 60.0  # the engine starts a container in one; more is for a busy machine
_READY_SECONDS = 300.0  # a large Prometheus reads its log before it answers
_QUICK = 120.0
_PAUSE = 1.0


@contextlib.contextmanager
def standstill(compose: Compose, services: list[str], step: Step) -> Iterator[None]:
    """Stop what runs of these services, and have just that up and well again, whatever happens in between.

    A signal that comes while they stop or start takes effect afterwards. Raises Failure where one does not start again,
    with the command that starts it, or starts and is not well, with its last words.
    """
    apart = replace(compose, apart=True)
    running = {found.service: found for found in apart.containers() if found.service in services}
    wanted = {service: found.name for service, found in sorted(running.items()) if found.state in _UP}
    if not wanted:
        yield
        return
    failed: BaseException | None = None
    try:
        with held_back():
            step(f"stopping {', '.join(wanted)} for a moment")
            apart.ask("stop", *wanted, timeout=_STOP_SECONDS)  # one that fails half-way has stopped some
        yield
    except BaseException as error:
        failed = error
        raise
    finally:
        _end(apart, wanted, step, failed)


def _end(compose: Compose, wanted: Mapping[str, str], step: Step, failed: BaseException | None) -> None:
    """Start them, and wait until they are well unless somebody wants to leave. Raises Failure where that fails."""
    wrong = ""
    try:
        with held_back():
            with contextlib.suppress(OSError):  # a terminal that is gone is no reason to leave them stopped
                step("starting them again")
            wrong = _start(compose, wanted)
        if not wrong and (failed is None or isinstance(failed, Exception)):
            wrong = _unwell(compose, wanted)
    except (Failure, ToolError) as error:
        wrong = str(error)
    finally:
        if wrong:  # more important than a signal: nobody else says what is down
            raise Failure(f"{failed}; {wrong}" if isinstance(failed, Exception) else wrong, MISSING) from failed


def _start(compose: Compose, wanted: Mapping[str, str]) -> str:
    """Start them until all are up. Returns what is wrong, or nothing.

    By the engine itself, because Compose would not start one program while another that it uses is not healthy.
    """
    deadline = time.monotonic() + _START_SECONDS
    while True:
        down = list(wanted)
        try:
            said = run(["docker", "start", *wanted.values()], timeout=_QUICK, apart=True).stderr.strip()
            states = {found.service: found.state for found in compose.containers()}
            down = [service for service in wanted if states.get(service) not in _UP]
        except (Failure, ToolError) as error:
            said = str(error)
        if not down:
            return ""
        if time.monotonic() >= deadline:
            why = f" ({said.splitlines()[0]})" if said else ""
            remedy = f"`docker compose start {' '.join(down)}` starts what is down"
            return f"{', '.join(down)} stopped and did not start again{why} — {remedy}"
        time.sleep(_PAUSE)


def _unwell(compose: Compose, wanted: Mapping[str, str]) -> str:
    """Wait until all of them are well. Returns which are not, with their last words, or nothing."""
    unwell: list[Container] = []

    def well() -> bool:
        nonlocal unwell
        found = compose.containers()
        unwell = [one for one in found if one.service in wanted and not (one.well and _asked(compose, one, found))]
        return not unwell

    if wait_until(well, _READY_SECONDS, _PAUSE):
        return ""
    names = [container.service for container in unwell]
    words = "".join(map(compose.last_words, unwell))
    return f"{', '.join(names)} not well; `docker compose logs {names[0]}` says more, its last words:{words}"


def _asked(compose: Compose, container: Container, found: list[Container]) -> bool:
    """Whether a program without a health check of its own answers its neighbour, where that one runs."""
    neighbour = f"{container.service}-health"
    if container.service not in UNCHECKED or not any(one.service == neighbour and one.state in _UP for one in found):
        return True
    services = orjson.loads(compose.ask("config", "--format", "json"))["services"]
    _kind, *check = services[neighbour]["healthcheck"]["test"]
    return run(compose.argv("exec", "-T", neighbour, *check), timeout=_QUICK, env=compose.settings).code == 0
