"""Nominate a change for the release, or have pytorchbot pick it: comments, nothing more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cockpit.errors import ConfigError
from cockpit.operations.pick_comments import PostComment, Remark
from cockpit.operations.pick_queue import PickDesk
from cockpit.operations.plan import Danger, Plan, Section
from cockpit.release.pickwords import bot_request, nomination_text
from cockpit.release.pullrequests import PullPage
from cockpit.release.repos import Repository

if TYPE_CHECKING:
    from cockpit.provider import Backends


class NominatePick:
    """Plans the comment on the tracker, in the form of section 12.10."""

    name = "nominate"

    def __init__(
        self, backends: Backends, pull: int, release_pull: int | None, category: str
    ) -> None:
        self._backends = backends
        self._pull = pull
        self._release_pull = release_pull
        self._category = " ".join(category.split())
        if not self._category:
            raise ConfigError(
                f"It is not said why #{pull} should be in the release",
                "expected one of the criteria in the tracker's text",
                "--category 'Critical: …'",
            )

    def plan(self) -> Plan:
        """Look at the tracker, and say what would be written."""
        desk = PickDesk(self._backends)
        core = desk.core
        row = desk.row(self._pull)
        page = self._backends.github.pull(core, self._pull)
        release = self._release_pull or (row.release_pull if row else None)
        into = self._backends.github.pull(core, release) if release else None
        blockers = [*desk.blockers]
        if desk.tracker is None:
            blockers.append("there is no tracker to nominate it on")
        blockers += _not_landed(core, self._pull, page)
        if release and into is None:
            blockers.append(f"#{release} is no pull request of {core.name}")
        elif into is not None and into.base != core.release_branch:
            blockers.append(f"#{into.number} targets {into.base}, not {core.release_branch}")
        url = desk.page(release) if release else ""
        text = nomination_text([desk.page(self._pull)], url, self._category)
        issue = desk.tracker.number if desk.tracker else 0
        remark = Remark(
            issue,
            f"nominate #{self._pull} for {core.release_branch} as {release or 'unopened'}",
            f"Nominate #{self._pull} on the tracker #{issue}",
            desk.login,
            lambda: text,
        )
        step = PostComment(self._backends, core, remark)
        if row is not None and row.nominated and row.author.lower() != desk.login.lower():
            blockers.append(f"{row.author} has nominated #{self._pull} already: {row.url}")
        warnings = [] if release else [f"#{self._pull} has no pull request into the branch yet"]
        return Plan(
            operation=self.name,
            subject=f"#{self._pull}",
            sentence=f"Nominate #{self._pull} for {core.release_branch}: {self._category}",
            danger=Danger.REMOTE,
            target=f"#{self._pull}",
            steps=(step,),
            sections=(Section("The comment", tuple(text.splitlines())),),
            blockers=tuple(blockers),
            warnings=tuple(warnings),
        )


class RequestBot:
    """Plans the comment that has pytorchbot pick a landed pull request; section 12.2."""

    name = "request-bot"

    def __init__(self, backends: Backends, pull: int, classification: str, fixes: str) -> None:
        self._backends = backends
        self._pull = pull
        branch = backends.config.core.release_branch
        try:
            self._line = bot_request(branch, classification, fixes)
        except ValueError as err:
            raise ConfigError("The bot would not take this", str(err), "see --help") from err

    def plan(self) -> Plan:
        """See to it that the pull request has landed, since the bot refuses any other."""
        desk = PickDesk(self._backends)
        core = desk.core
        page = self._backends.github.pull(core, self._pull)
        blockers = list(_not_landed(core, self._pull, page))
        row = desk.row(self._pull)
        warnings = []
        if row is not None and row.pull is not None and row.pull.state == "open":
            warnings.append(f"#{row.pull.number} picks it already: {row.pull.url}")
        digest = hashlib.sha256(self._line.encode()).hexdigest()[:8]
        remark = Remark(
            self._pull,
            f"request {core.release_branch} {digest}",
            f"Ask pytorchbot on #{self._pull}: {self._line}",
            desk.login,
            lambda: self._line,
        )
        return Plan(
            operation=self.name,
            subject=f"#{self._pull}",
            sentence=f"Ask pytorchbot to pick #{self._pull} onto {core.release_branch}",
            danger=Danger.REMOTE,
            target=f"#{self._pull}",
            steps=(PostComment(self._backends, core, remark),),
            sections=(Section("The comment", (self._line,)),),
            blockers=tuple(blockers),
            warnings=tuple(warnings),
        )


def _not_landed(core: Repository, pull: int, page: PullPage | None) -> Iterator[str]:
    """Why a pull request has nothing on trunk that could be picked: landing closes it."""
    if page is None:
        yield f"#{pull} is no pull request of {core.name}"
    elif page.state != "closed":
        yield f"#{pull} has not landed on {core.trunk}"
