"""Keys that no person typed do nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual import events
from textual.app import App

from cockpit.actions.action import Group
from cockpit.actions.registry import ACTIONS
from screens.base import CockpitScreen
from widgets.bursts import WINDOW_S, BurstGuard

_HANDS_FREE = frozenset("jkgG") | {
    key for entry in ACTIONS if entry.group is Group.MOVE for key in entry.keys
}
"""Keys that only move, and so are never held back."""


class TypedKeys:
    """Lets through what a person typed; drops pastes and bursts outside of fields."""

    def __init__(
        self,
        app: App[None],
        front: Callable[[], CockpitScreen | None],
        pressed: Callable[[], None],
        *,
        through: Callable[[events.Event], Awaitable[None]],
    ) -> None:
        self._app = app
        self._front = front
        self._pressed = pressed
        self._through = through
        self._bursts: BurstGuard[events.Key] = BurstGuard()

    async def hear(self, event: events.Event) -> None:
        """Judge an event that came from the terminal; everything else goes through."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._pressed()
            await self._hear_key(event)
        elif isinstance(event, events.Paste) and not event.is_forwarded and not self._typing:
            self._dropped()
        else:
            await self._through(event)

    @property
    def _typing(self) -> bool:
        """Whether a field takes the keys."""
        focused = self._app.focused
        return focused is not None and focused.check_consume_key("x", "x")

    def _only_moves(self, key: str) -> bool:
        front = self._front()
        return key in _HANDS_FREE or bool(front and key in front.moving_keys)

    async def _hear_key(self, key: events.Key) -> None:
        guard, printable = self._bursts, key.is_printable and not self._typing
        if guard.dropping(key.time) and not self._typing:
            guard.prolong(key.time)
        elif not guard.holding and (not printable or self._only_moves(key.key)):
            if printable and guard.count(key.time):
                self._dropped()
            else:
                await self._through(key)
        else:
            if not guard.holding:
                self._app.set_timer(WINDOW_S, self._release)
            if guard.take(key, key.time, printable=printable):
                self._dropped()

    async def _release(self) -> None:
        for key in self._bursts.release():
            if self._front() is not None:
                await self._through(key)

    def _dropped(self) -> None:
        self._app.notify("Too many keys at once to be typed: nothing was done", severity="warning")
