"""The one object behind both the app and the command line: feeds, operations and runner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.backends.ports import ApiBudget, Resolution
from cockpit.backends.provider import Backends
from cockpit.backends.threads import in_thread
from cockpit.commandlog import CommandLog
from cockpit.config import Config
from cockpit.feeds.cache import ReadingCache
from cockpit.feeds.hub import NAMES, FeedHub
from cockpit.feeds.looks import Looks
from cockpit.operations.plan import Plan
from cockpit.process.loader import Process, load_process
from cockpit.release.state import ReleaseState

if TYPE_CHECKING:
    from cockpit.operations.runner import Observer, Outcome, Runner


class Cockpit:
    """Everything that draws nothing, for one release.

    Raises Unreachable for a rehearsal that is not running any more: without its clock no date and
    no duration means anything.
    """

    def __init__(self, config: Config, *, read_only: bool = False) -> None:
        folders = config.folders
        self.config = config
        self.read_only = read_only
        self.process: Process = load_process(config.settings.release.process, config.path.parent)
        self.command_log = CommandLog()
        self.backends = Backends(
            config, data=folders.data, cache=folders.cache, log=self.command_log.add
        )
        clock = self.backends.clock
        clock.now()
        self._hub = FeedHub(
            config,
            Looks(self.backends),
            clock,
            ReadingCache(folders.cache),
            self.backends.budget,
            lambda: self.backends.me,
        )

    @cached_property
    def runner(self) -> Runner:
        """This process's only way to write."""
        from cockpit.operations.runner import Runner

        return Runner(self.backends.ledger, read_only=self.read_only)

    @property
    def state(self) -> ReleaseState:
        """What is known at this moment."""
        return self._hub.state()

    @property
    def budget(self) -> ApiBudget | None:
        """What is left of GitHub's quota."""
        return self.backends.budget()

    @property
    def still(self) -> Path:
        """Where the dashboard's picture is kept between two starts."""
        return self.config.folders.still

    @property
    def running(self) -> Plan | None:
        """The plan being carried out."""
        return self.runner.running if "runner" in self.__dict__ else None

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the event loop after any reading changed; returns what ends it."""
        return self._hub.subscribe(listener)

    async def start(self) -> None:
        """Begin to look at the world on schedule."""
        self._hub.start()

    async def stop(self) -> None:
        """Stop looking."""
        await self._hub.stop()

    async def refresh(self, *names: str) -> None:
        """Look now, at these feeds or at all."""
        await self._hub.refresh(names or NAMES)

    async def plan(self, operation: str, arguments: Mapping[str, str]) -> Plan:
        """What an operation would do; reads only."""
        from cockpit.operations.registry import operation as find

        spec = find(operation)
        return await in_thread(lambda: spec.build(self.backends, arguments).plan())

    async def begin_resolution(self, arguments: Mapping[str, str]) -> Resolution:
        """A work tree with a pick's conflict in it, as it was left, or a new one."""
        from cockpit.operations.picking import PickWish
        from cockpit.operations.resolving import Resolver

        change, onto = arguments.get("change", ""), arguments.get("onto", "")
        return await in_thread(lambda: Resolver(self.backends, change, PickWish(onto=onto)).begin())

    async def carry_out(
        self,
        plan: Plan,
        observe: Observer,
        cancel: threading.Event | None = None,
        take_over: str = "",
    ) -> Outcome:
        """Run a plan that was confirmed; where a schedule runs, look at the world again after."""
        try:
            return await self.runner.run(plan, observe, cancel, take_over)
        finally:
            self._hub.look_again()
