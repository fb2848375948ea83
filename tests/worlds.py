"""Fixtures that start rehearsal worlds; a pytest plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cockpit.rehearsal.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A small world of the test's own, to do anything to."""
    from cockpit.rehearsal.world import World

    with World.start(tmp_path / "world", scenario="small") as started:
        yield started


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small world for the tests of one module, to read from only."""
    from cockpit.rehearsal.world import World

    directory = tmp_path_factory.mktemp("shared") / "world"
    with World.start(directory, scenario="small") as started:
        yield started
