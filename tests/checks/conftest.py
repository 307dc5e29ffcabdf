"""The project in which tests plant mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from house import House, house


@pytest.fixture
def sound(tmp_path: Path) -> House:
    """A project in which no check finds anything."""
    return house(tmp_path)
