"""What is shown and when: what takes time is made in a thread, and only then drawn."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial

from textual.app import App
from textual.timer import Timer
from textual.worker import WorkType

from cockpit.threads import give_way, in_thread
from screens.base import CockpitScreen
from screens.quiet import Rests
from screens.sight import Sight
from widgets.bursts import WINDOW_S

_TICK_S = 1.0
_LARGEST_SHARE = 0.05
"""Part of the time that ticking may take, on a slow machine or with a huge release."""
_STILL_S = 0.2
"""How long no key may have been pressed for what nobody asked for to be drawn."""
_LATEST_S = 4.0
"""How long somebody who goes on pressing keys may keep the newest state off the screen."""
_PAINTED_S = 0.03
"""By then what a key does has been painted, mostly: other work begins no earlier."""


class Showing:
    """Shows the newest state on the screen in front, one look at a time."""

    def __init__(
        self,
        app: App[None],
        front: Callable[[], CockpitScreen | None],
        sight: Callable[[], Sight],
        prepare: Callable[[CockpitScreen, Sight], None],
        draw: Callable[[CockpitScreen, Sight], None],
    ) -> None:
        self._app = app
        self._front = front
        self._sight = sight
        self._prepare = prepare
        self._draw = draw
        self._waiting: Timer | None = None
        self._under_way = False
        self._again = False
        self._cost_s = 0.0
        self._rests: Rests | None = None
        self._pressed_at = -math.inf
        self._shown_at = -math.inf

    def pressed(self) -> None:
        """Somebody has pressed a key: what it does goes before what has changed meanwhile.

        What has been kept off the screen for too long comes right after it.
        """
        give_way(_PAINTED_S, turns_s=_STILL_S)
        self._pressed_at = now = time.monotonic()
        if self._waiting is not None and now - self._shown_at >= _LATEST_S:
            self._waiting.stop()
            self._shown_at = now
            self._waiting = self._app.set_timer(_PAINTED_S, self._look_now)

    def soon(self) -> None:
        """Show what changed; several changes at once are shown together."""
        if self._waiting is None and self._app.is_running:
            self._waiting = self._app.set_timer(WINDOW_S, self.begin)

    def begin(self) -> None:
        """Look once no key was pressed for a moment."""
        still_in = self._pressed_at + _STILL_S - time.monotonic()
        if still_in > 0:
            self._waiting = self._app.set_timer(still_in, self.begin)
        else:
            self._look_now()

    def _look_now(self) -> None:
        """Look, or again once the look that is under way has ended."""
        self._waiting = None
        if self._under_way:
            self._again = True
            return
        self._shown_at = time.monotonic()
        self._under_way = True
        # Given uncalled: an app that is closing takes no more work, and would leave it unawaited.
        look: WorkType[None] = self._look
        self._app.run_worker(look, name="look")

    def tick(self) -> None:
        """Look, and go on doing so; in a rest, tidy up as well."""
        idle_s = time.monotonic() - self._pressed_at
        if self._rests is None:
            self._rests = Rests()
        elif idle_s > _STILL_S:
            self._rests.take(idle_s)
        if self._waiting is None:
            self.begin()
        self._app.set_timer(max(_TICK_S, self._cost_s / _LARGEST_SHARE), self.tick)

    async def _look(self) -> None:
        front, sight = self._front(), self._sight()
        began = time.perf_counter()
        try:
            if front is not None:
                await in_thread(partial(self._prepare, front, sight))
                if front is self._front():
                    self._app.call_next(self._draw, front, sight)
        finally:
            self._under_way = False
            self._cost_s = time.perf_counter() - began
        if self._again:
            self._again = False
            self.soon()
