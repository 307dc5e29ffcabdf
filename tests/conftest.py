"""How the tests are spread over workers: those that share servers stay together, the longest begin first."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from slostack.live import ports
from tests.chromium import browser
from tests.own_ports import share

__all__ = ["browser"]  # a fixture for every folder

# Whoever starts the tests in the background, or under nohup, has them ignore these, and every process they start too;
# what is tested is how a person's Ctrl-C and a closed terminal end things.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_LONG = ("compose", "truth", "integration")  # folders whose stacks run for minutes, the longest first


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests of a file, unless the file names a larger group."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(item.config.rootpath))))
    rank = {folder: number for number, folder in enumerate(_LONG)}
    items.sort(key=lambda item: min((rank.get(part, len(rank)) for part in item.path.parts), default=0))


@pytest.fixture(scope="session", autouse=True)
def own_ports() -> Iterator[None]:
    """Free ports are chosen from those that no other worker, and no other run on this machine, chooses from."""
    with share() as own, pytest.MonkeyPatch.context() as patch:
        if own is not None:
            patch.setattr(ports, "CHOICE", own)
        yield
