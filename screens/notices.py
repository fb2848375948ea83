"""Telling somebody who is not looking that a candidate's builds have changed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import App

from cockpit.release.build_changes import Change, changes, following
from cockpit.release.notices import Notice, Quiet, tell
from cockpit.release.picture import Picture, pictures
from cockpit.release.state import ReleaseState
from cockpit.views.desktop import desktop_sequence

if TYPE_CHECKING:
    from screens.ports import Cockpit

TITLE = "release-cockpit"


class Notices:
    """Compares each picture with the one before; the first is the one that was kept on disk.

    So nothing is told twice, not even after a restart, and what changed while the cockpit was
    closed is told when it opens.
    """

    def __init__(
        self, app: App[None], cockpit: Cockpit, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._app = app
        self._cockpit = cockpit
        self._environment = environment
        self._pictures: dict[str, Picture] = {}
        self._readings: tuple[object, ...] = ()
        self._quiet = Quiet()
        self._news: deque[Change] = deque()
        """What was found and has not been told."""
        self._begin()

    def _begin(self) -> None:
        """Take the picture to compare with."""
        self._note(self._cockpit.state)
        for repository, picture in tuple(self._pictures.items()):
            if picture.missing and picture.builds.jobs:
                # What it left out may have been told before.
                del self._pictures[repository]

    def look(self, state: ReleaseState) -> None:
        """Find what has changed since the last look; may run in a thread, one look at a time."""
        self._news.extend(self._note(state))

    def tell(self) -> None:
        """Tell what was found."""
        found = [self._news.popleft() for _ in range(len(self._news))]
        if found or self._quiet.held:
            settings = self._cockpit.notifications
            wall = self._cockpit.state.wall
            self._quiet, notices = tell(self._quiet, found, wall, settings.noise)
            for notice in notices:
                self._tell(notice)

    def _note(self, state: ReleaseState) -> list[Change]:
        """Keep the newest pictures, and give what is new in them."""
        feeds = (state.branches, state.ledger, state.builds, state.libraries)
        readings = tuple(part for feed in feeds for part in (feed.reading, feed.failure))
        if self._same(readings) or state.branches.reading is None or state.builds.reading is None:
            return []
        self._readings = readings
        found: list[Change] = []
        for picture in pictures(state):
            before = self._pictures.get(picture.repository)
            after = following(before, picture)
            found += changes(before, after)
            self._pictures[picture.repository] = after
        return found

    def _same(self, readings: tuple[object, ...]) -> bool:
        return len(readings) == len(self._readings) and all(
            now is before for now, before in zip(readings, self._readings, strict=True)
        )

    def _tell(self, notice: Notice) -> None:
        settings = self._cockpit.notifications
        if settings.lines:
            self._app.notify(
                notice.text, severity="warning" if notice.bad else "information", markup=False
            )
        if settings.bell:
            self._app.bell()
        write_to_terminal(
            self._app,
            desktop_sequence(settings.desktop, TITLE, notice.text, self._environment),
        )


def write_to_terminal(app: App[None], sequence: str) -> None:
    """Write a sequence that draws nothing, between two frames, as textual itself rings its bell."""
    driver = app._driver
    if sequence and driver is not None and not app.is_headless:
        driver.write(sequence)
