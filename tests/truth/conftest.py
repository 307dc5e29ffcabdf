"""Runs each story once, all at the same time; the tests then look at what was recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "rules"))  # the plans made by hand

from stories import Told, disturbed, patiently, reconciled, undisturbed

from slostack.tools.errors import ToolError
from slostack.tools.find import find

STORIES = {"undisturbed": undisturbed, "disturbed": disturbed, "reconciled": reconciled}


@pytest.fixture(scope="session")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Told]]]:
    try:
        find("prometheus")
    except ToolError as error:
        pytest.skip(f"no Prometheus to hold the rules against: {error}")
    with ThreadPoolExecutor(len(STORIES)) as pool:
        told = {name: pool.submit(patiently, story, tmp_path_factory.mktemp(name)) for name, story in STORIES.items()}
        yield told
        for future in told.values():
            if future.exception() is None:
                future.result().open.close()
