"""The one object behind both the app and the command line: feeds, operations and runner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.backends.ports import Answer, ApiBudget, ApiUsage, Resolution
from cockpit.commandlog import CommandLog
from cockpit.config import Config
from cockpit.config_tables import NotificationsTable
from cockpit.feeds.cache import ReadingCache
from cockpit.feeds.feed import Feed
from cockpit.feeds.hub import NAMES, FeedHub
from cockpit.feeds.looks import Looks
from cockpit.operations import registry
from cockpit.operations.plan import Plan
from cockpit.operations.process_in_use import process_of
from cockpit.provider import Backends
from cockpit.release.candidates import Candidate
from cockpit.release.changes import ChangeText, EndState
from cockpit.release.job_logs import JobLog
from cockpit.release.jobs import CandidateBuilds, Step
from cockpit.release.nominations import Comment
from cockpit.release.repos import Repository
from cockpit.release.state import ReleaseState
from cockpit.threads import in_thread, spread

if TYPE_CHECKING:
    from cockpit.feeds.pick_reads import PickReads
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
        self.process = process_of(config, registry.BY_NAME)
        self.command_log = CommandLog()
        self.backends = Backends(
            config, data=folders.data, cache=folders.cache, log=self.command_log.add
        )
        clock = self.backends.clock
        clock.now()
        self._looks = Looks(self.backends)
        self._hub = FeedHub(
            config,
            self._looks,
            clock,
            ReadingCache(folders.cache),
            self.backends.budget,
            lambda: self.backends.me,
        )

    @cached_property
    def runner(self) -> Runner:
        """This process's only way to write."""
        from cockpit.operations.runner import Runner

        return Runner(self.backends.ledger, read_only=self.read_only, forbids=self._forbidden)

    def _forbidden(self, plan: Plan) -> str:
        """Why whoever flies may not carry a plan out; git is asked anew who that is."""
        from cockpit.operations.permission import refusal

        self.backends.recognise()
        return refusal(self.config.team, self.backends.me, plan.operation, plan.danger)

    @property
    def state(self) -> ReleaseState:
        """What is known at this moment."""
        return self._hub.state()

    @property
    def budget(self) -> ApiBudget | None:
        """What is left of GitHub's quota."""
        return self.backends.budget()

    @property
    def usage(self) -> ApiUsage:
        """What was asked of GitHub since the start."""
        return self.backends.usage()

    @property
    def notifications(self) -> NotificationsTable:
        """How somebody who is not looking is told."""
        return self.config.settings.notifications

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

    def feed(self, name: str) -> Feed[Any]:
        """One feed of the release."""
        return self._hub.feeds[name]

    def feed_of(self, repository: Repository, candidate: Candidate) -> Feed[CandidateBuilds]:
        """The builds of one candidate of one repository."""
        return self._hub.feed_of(repository, candidate)

    async def start(self, *feeds: Feed[Any]) -> None:
        """Begin to look at the world on schedule, at these feeds or at all of the release."""
        spread([self.backends.recognise], threads=1)  # what may be done depends on who asks
        self._hub.start(feeds)

    async def stop(self) -> None:
        """Stop looking."""
        await self._hub.stop()

    async def refresh(self, *names: str) -> None:
        """Look now, at these feeds or at all."""
        await self._hub.refresh(names or NAMES)

    async def verify(self, keys: Collection[str] = ()) -> dict[str, str]:
        """Look inside of the files of the test channel, these or all, and at the channels again.

        A few hundred kilobytes of each are read, once for ever. Gives the keys of files that could
        not be read, with why.
        """
        channels = self._looks.channels
        problems = await in_thread(
            lambda: channels.read_inside(lambda file: not keys or file.key in keys)
        )
        await self.refresh("artifacts")
        return problems

    async def verify_promotion(self) -> dict[str, str]:
        """Read every promoted file that no store vouches for; gives those that could not be."""
        places = self._looks.places
        return await in_thread(places.read_what_is_told)

    def prepare(self) -> None:
        """Get ready to ask GitHub, while something else is waited for."""
        self._hub.prepare()

    async def refresh_feed(self, feed: Feed[Any]) -> None:
        """Look now, at a feed that may be part of no state."""
        await self._hub.refresh_feed(feed)

    async def plan(self, operation: str, arguments: Mapping[str, str]) -> Plan:
        """What an operation would do; reads only."""
        spec = registry.operation(operation)
        return await in_thread(lambda: spec.build(self.backends, arguments).plan())

    async def job_steps(self, repository: str, job_id: int) -> tuple[Step, ...]:
        """The steps of a job, read now."""
        where = self._repository(repository)
        return await in_thread(lambda: self.backends.github.job_steps(where, job_id))

    async def job_log(self, repository: str, job_id: int) -> JobLog:
        """The end of a job's log, read now."""
        where = self._repository(repository)
        return await in_thread(lambda: self.backends.github.job_log(where, job_id))

    async def pick_comments(self, key: str) -> Answer[tuple[Comment, ...]]:
        """What is said about a row of the queue, read now."""
        state = self.state
        return await in_thread(lambda: self._pick_reads.comments(state, key))

    async def pick_diff(self, key: str) -> ChangeText:
        """What a row of the queue changes, read now."""
        state = self.state
        return await in_thread(lambda: self._pick_reads.diff(state, key))

    async def end_state(self, order: tuple[str, ...]) -> EndState:
        """What the branch would be once these commits have landed in this order."""
        state = self.state
        return await in_thread(lambda: self._pick_reads.end_state(state, order))

    @cached_property
    def _pick_reads(self) -> PickReads:
        from cockpit.feeds.pick_reads import PickReads

        return PickReads(self.backends)

    def _repository(self, name: str) -> Repository:
        return self.config.repository(name) or self.config.core

    async def begin_resolution(self, arguments: Mapping[str, str]) -> Resolution:
        """A work tree with a pick's conflict in it, as it was left, or a new one."""
        from cockpit.operations.pick_specs import picking_wish
        from cockpit.operations.resolving import Resolver

        wish = picking_wish(arguments)
        return await in_thread(
            lambda: Resolver(self.backends, arguments.get("change", ""), wish).begin()
        )

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
