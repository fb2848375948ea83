"""The command palette: every action of the registry, grouped, with its key or why not now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from cockpit.actions.action import Action
from cockpit.actions.registry import availability, offered
from cockpit.actions.situation import Disabled, Situation
from widgets.keys import written

Perform = Callable[[str], object]


def palette_provider(situation: Situation, perform: Perform) -> type[Provider]:
    """A provider for what can be done in this situation; what a command acts on is fixed by it."""

    class ActionProvider(Provider):
        """Finds actions by title, group or key."""

        async def discover(self) -> Hits:
            """Every action, in the order of the registry."""
            for entry, title, note in _entries(situation):
                yield DiscoveryHit(title, partial(perform, entry.id), help=note)

        async def search(self, query: str) -> Hits:
            """The actions that match."""
            matcher = self.matcher(query)
            for entry, title, note in _entries(situation):
                score = 1.0 if query in map(written, entry.keys) else matcher.match(title)
                if score > 0:
                    shown = matcher.highlight(title)
                    yield Hit(score, shown, partial(perform, entry.id), text=title, help=note)

    return ActionProvider


def _entries(situation: Situation) -> Iterator[tuple[Action, str, str]]:
    for entry in offered(situation):
        keys = " or ".join(map(written, entry.keys))
        available = availability(entry, situation)
        note = f"{keys}  {entry.tooltip}"
        if isinstance(available, Disabled):
            note = f"{keys}  not now: {available.reason}"
        yield entry, f"{entry.group.value}: {entry.title}", note
