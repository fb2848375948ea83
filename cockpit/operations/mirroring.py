"""Keep the tracking issue in step with the checklist, and adopt boxes that were ticked in it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from cockpit.operations.awaiting import asked_once, listed
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Progress,
    Section,
    StepFacts,
    StepState,
)
from cockpit.operations.process_in_use import process_of
from cockpit.operations.signing import Evidence, SpeakOfItem
from cockpit.operations.specs import Registry
from cockpit.operations.whole_state import whole_state
from cockpit.release.checklist import item_states
from cockpit.release.mirror import HandTick, Mirror, MirrorIssue, boxes, hand_ticks, mirror_title
from cockpit.release.pullrequests import own_part
from cockpit.release.signoffs import Signed
from cockpit.release.state import ReleaseState
from cockpit.release.tracking import tracking_text

if TYPE_CHECKING:
    from cockpit.provider import Backends


class KeepMirror:
    """See to it that the tracking issue is there, and that our part of its text is this one."""

    def __init__(self, backends: Backends, text: str) -> None:
        config = backends.config
        self._github = backends.github
        self._repository = config.core
        self._title = mirror_title(config.version)
        self._label = config.settings.github.checklist_label
        self._text = text.strip()
        digest = hashlib.sha256(self._text.encode()).hexdigest()[:8]
        self.facts = StepFacts(
            key=f"mirror/{self._repository.name}/{digest}",
            summary=f"Have {self._title} of {self._repository.name} show the checklist as it is",
            command=f"gh issue edit NUMBER --repo {self._repository.name} --body-file -",
            expects=(Expectation("what others wrote around the cockpit's part", "left as it is"),),
        )

    def probe(self) -> Probe:
        """Whether it shows exactly this."""
        issue = self._issue()
        if issue is None:
            return Probe(StepState.TODO, f"there is no {self._title} yet")
        if own_part(issue.body) == self._text:
            return Probe(StepState.DONE, f"it does: {issue.url}")
        return Probe(StepState.TODO, f"#{issue.number} shows something else: {issue.url}")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Open it, or amend our part; when the answer is lost, what GitHub has tells."""
        issue = self._issue()
        if issue is None:
            asked_once(self._open, self._issue, report, cancel)
            return
        report(Progress(note="writing to GitHub"))
        self._github.amend_issue(self._repository, issue.number, self._text)

    def verify(self) -> Probe:
        """Look until GitHub shows it, for a few seconds."""
        listed(self._shown)
        return self.probe()

    def _open(self) -> MirrorIssue:
        return self._github.open_issue(self._repository, self._title, self._text, (self._label,))

    def _shown(self) -> MirrorIssue | None:
        issue = self._issue()
        return issue if issue is not None and own_part(issue.body) == self._text else None

    def _issue(self) -> MirrorIssue | None:
        return self._github.titled_issue(self._repository, self._title, self._label).value


class MirrorChecklist:
    """Plans one step. Boxes that were ticked by hand stay as they are until they are adopted."""

    name = "mirror-checklist"

    def __init__(self, backends: Backends, *, reset: bool = False) -> None:
        """With `reset`, boxes that were changed by hand are put back."""
        self._backends = backends
        self._reset = reset

    def plan(self) -> Plan:
        """Judge the whole checklist, and say what the issue would show."""
        state = whole_state(self._backends)
        config = self._backends.config
        process = process_of(config)
        mirror = state.mirror.value or Mirror()
        states = item_states(process, state)
        settled = {found.item.id for found in states if found.progress.settled}
        ticks = mirror.hand_ticks()
        changed = [tick for tick in ticks if tick.item not in settled]
        unticked = [tick for tick in ticks if tick.item in settled and not tick.ticked]
        text = tracking_text(process, states, () if self._reset else changed)
        title = mirror_title(config.version)
        return Plan(
            operation=self.name,
            subject=title,
            sentence=f"Have the issue {title} of {config.core.name} show the checklist as it is",
            danger=Danger.REMOTE,
            target=title,
            steps=(KeepMirror(self._backends, text),),
            sections=(Section("The cockpit's part of its text", tuple(text.splitlines())),),
            blockers=tuple(_unread(state)),
            warnings=tuple(self._warnings(mirror, changed, unticked)),
        )

    def _warnings(
        self, mirror: Mirror, changed: list[HandTick], unticked: list[HandTick]
    ) -> Iterator[str]:
        issue, github = mirror.issue, self._backends.config.settings.github
        for tick in changed:
            what = "is put back" if self._reset else "stays until somebody adopts it"
            if tick.ticked or self._reset:
                yield f"the box of {tick.item}, {tick.describe()}, {what}"
        for tick in unticked:
            yield (
                f"the box of {tick.item}, {tick.describe()}, is ticked again: it is settled;"
                " report-problem holds it up"
            )
        if issue is None:
            return
        if issue.state != "open":
            yield f"#{issue.number} is {issue.state}"
        if github.tracker_label in issue.labels:
            yield (
                f"#{issue.number} carries {github.tracker_label!r} too: the bot takes it for a"
                " tracker, and nominates there"
            )


class AdoptTick:
    """Plans to sign an item whose box was ticked on GitHub, in the name of whoever adopts it."""

    name = "adopt-tick"

    def __init__(self, backends: Backends, registry: Registry, item: str) -> None:
        self._backends = backends
        self._registry = registry
        self._item = item

    def plan(self) -> Plan:
        """Look at the issue, and say who ticked it and what would be recorded."""
        config = self._backends.config
        answer = self._backends.github.titled_issue(
            config.core, mirror_title(config.version), config.settings.github.checklist_label
        )
        issue = answer.value
        tick = next((t for t in _ticks(issue) if t.item == self._item and t.ticked), None)
        note = tick.describe() if tick else "ticked on GitHub"
        evidence = Evidence(note, (issue.url,) if issue else ())
        made = SpeakOfItem(self._backends, self._registry, Signed, self._item, evidence).plan()
        warnings = made.warnings
        if tick is not None and not tick.by:
            warnings = (*warnings, answer.missing or "GitHub does not tell who ticked it")
        blockers = made.blockers if tick else (*made.blockers, self._unticked(issue))
        return msgspec.structs.replace(
            made,
            operation=self.name,
            sentence=f"Sign {self._item} in your own name, since its box was {note}",
            blockers=blockers,
            warnings=warnings,
        )

    def _unticked(self, issue: MirrorIssue | None) -> str:
        if issue is None:
            return "there is no tracking issue: release-cockpit do mirror-checklist"
        known = boxes(issue.body)
        if self._item in known and known[self._item][0]:
            return f"the box of {self._item} in #{issue.number} was ticked by the cockpit"
        return f"the box of {self._item} in #{issue.number} is not ticked"


def _ticks(issue: MirrorIssue | None) -> tuple[HandTick, ...]:
    return hand_ticks(issue) if issue else ()


def _unread(state: ReleaseState) -> Iterator[str]:
    """Without these nothing of the checklist can be told."""
    for feed, what in ((state.branches, "branches"), (state.ledger, "ledger")):
        if feed.value is None or feed.failure is not None:
            yield f"the {what} could not be read: {feed.failure or 'not read yet'}"
    if state.mirror.failure is not None:
        yield f"the tracking issue could not be read: {state.mirror.failure}"
    elif state.mirror.value is None:
        yield "the tracking issue has not been read"
