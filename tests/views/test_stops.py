"""From stop to stop, around the circle."""

from __future__ import annotations

import pytest

from cockpit.views.stops import stop_beside


@pytest.mark.parametrize(
    ("here", "after", "before"),
    [(None, 3, 9), (0, 3, 9), (3, 5, 9), (4, 5, 3), (5, 9, 3), (9, 3, 5), (12, 3, 9)],
)
def test_stops_follow_each_other_around_the_circle(
    here: int | None, after: int, before: int
) -> None:
    assert stop_beside((3, 5, 9), here, 1) == after
    assert stop_beside((3, 5, 9), here, -1) == before


def test_the_only_stop_is_beside_itself() -> None:
    assert stop_beside((3,), 3, 1) == stop_beside((3,), 3, -1) == 3
