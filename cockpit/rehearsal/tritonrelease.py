"""Triton's own release: its maintainers publish it to the index, shortly before release day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from cockpit.rehearsal.index import PackageIndex
from cockpit.rehearsal.matrix import Wheel
from cockpit.rehearsal.packages import Build, triton_wheel
from cockpit.rehearsal.scenario import Scenario
from cockpit.rehearsal.upstream import TRITON_VERSION

_BEFORE = timedelta(days=2)


class TritonRelease:
    """Appears on the index by itself when its day has come."""

    def __init__(self, index: PackageIndex, scenario: Scenario) -> None:
        self._index = index
        self._scenario = scenario
        self._day = datetime.combine(scenario.release_day, time(16), UTC) - _BEFORE
        self._there = False

    def settle(self, now: datetime) -> None:
        """Publish it once it is due; cheap before and after."""
        if self._there or now < self._day:
            return
        self._there = True
        matrix = self._scenario.matrix
        linux = next(target for target in matrix.targets if target.os == "linux")
        for python in matrix.pythons:
            made = triton_wheel(
                Build(TRITON_VERSION, "", self._day), Wheel(linux, "cpu", python), prefix=""
            )
            self._index.publish_wheel(made.key.rpartition("/")[2], made.body, self._day)
