"""What is risky: nothing of it blocks the release yet, and all of it may."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.release.board_lines import BoardLine
from cockpit.release.commits import short
from cockpit.release.coverage import named
from cockpit.release.findings import FindingKind, Severity, findings, lost_by_libraries
from cockpit.release.freshness import Freshness
from cockpit.release.gates_branches import TAG
from cockpit.release.gates_health import unrequired_red
from cockpit.release.gates_picks import open_findings
from cockpit.release.job_names import LIBTORCH
from cockpit.release.lookups import (
    branch_of,
    core_package,
    next_tag,
    open_proposal,
    pick_label,
    undecided,
)
from cockpit.release.meetings import next_meeting
from cockpit.release.phases import PHASE_GATES, standing
from cockpit.release.picks import PickState
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import FindingKind as LackKind
from cockpit.release.words import counted, few

SOON_DAYS = 3
"""Deadlines this close are a risk."""


def risks(
    state: ReleaseState,
    known: dict[str, Freshness],
    needed: set[str],
    judged: tuple[str, ...],
) -> Iterator[BoardLine]:
    """Everything that is risky: readings, people's words, picks, deadlines, builds and files."""
    for name, entry in known.items():
        if entry.whole and entry.stale:
            text = f"{entry.what}: stale"
        elif entry.taken_at is not None and entry.missing and name not in needed:
            text = f"{entry.what}: {entry.missing}"
        else:
            continue
        then = f"look at {entry.what} again"
        yield BoardLine(text, "refresh", name, source=entry.source, then=then)
    yield from _frozen(state)
    yield from _hand_ticks(state)
    yield from _risky_picks(state)
    yield from _risky_findings(state, judged)
    yield from _untagged(state)
    yield from _deadlines(state)
    yield from _flaky(state)
    yield from _doubtful_files(state)
    yield from _lost_files(state)
    yield from _other_checks(state)
    problems = [recorded for recorded in state.record.entries if recorded.problem]
    if problems:
        entries = counted(len(problems), "ledger entry does", "ledger entries do")
        text = f"{entries} not count: {problems[-1].problem}"
        then = "read it in the ledger, and ask its author"
        yield BoardLine(text, "ledger", problems[-1].sha, source="ledger", then=then)


def _frozen(state: ReleaseState) -> Iterator[BoardLine]:
    """Frozen branches; where approved picks wait for one, they say so."""
    waiting = sum(pick.state in (PickState.APPROVED, PickState.READY) for pick in state.queue)
    for repository in state.spec.repositories:
        frozen = state.record.frozen(repository)
        if frozen is None:
            continue
        text = f"{repository.short_name} {frozen.name} is frozen {frozen.describe()}"
        if waiting and repository == state.spec.core:
            text += f"; {counted(waiting, 'approved pick waits', 'approved picks wait')}"
        then = f"open {frozen.name} again (Z), or leave it frozen on purpose"
        yield BoardLine(text, "pane-1", repository.name, source="ledger", then=then)


def _hand_ticks(state: ReleaseState) -> Iterator[BoardLine]:
    """Boxes of the tracking issue that were ticked by hand and count for nothing yet."""
    mirror = state.mirror.value
    if mirror is None or mirror.issue is None:
        return
    signed = {item for item, words in state.record.words.items() if words}
    ticks = [tick for tick in mirror.hand_ticks() if tick.ticked and tick.item not in signed]
    if ticks:
        boxes = counted(len(ticks), "box", "boxes")
        text = f"{boxes} to adopt: {ticks[0].item} {ticks[0].describe()}"
        then = f"adopt the box of {ticks[0].item} in your own name (%), or have it unticked"
        url = mirror.issue.url
        yield BoardLine(text, "pane-4", ticks[0].item, url, url, then)


def _risky_picks(state: ReleaseState) -> Iterator[BoardLine]:
    source = state.picks.reading.source if state.picks.reading else ""
    rows = undecided(state)
    if rows:
        text = f"{counted(len(rows), 'nomination')} undecided: {few(map(pick_label, rows))}"
        then = f"decide on {pick_label(rows[0])}"
        yield BoardLine(text, "pane-3", rows[0].key, rows[0].url, source, then)
    proposal = open_proposal(state)
    strays = [
        pick
        for pick in state.queue
        if pick.release_pull
        and not (pick.nominated or pick.state.decided)
        and not (proposal and pick.release_pull == proposal.number)
    ]
    if strays:
        pulls = counted(len(strays), "pull request was", "pull requests were")
        text = f"{pulls} never nominated: {few(map(pick_label, strays))}"
        then = f"ask the author of {pick_label(strays[0])} to nominate it"
        yield BoardLine(text, "pane-3", strays[0].key, strays[0].url, source, then)

    yield from _risky_rows(state, source)


_OVER = (PickState.DENIED, PickState.SUPERSEDED, PickState.REVERTED)


def _risky_rows(state: ReleaseState, source: str) -> Iterator[BoardLine]:
    """Rows of the queue that are not what they seem."""
    rows = [pick for pick in state.queue if pick.state not in _OVER]
    core = state.spec.core
    undone = [pick for pick in rows if pick.reverted_on_trunk]
    late = [pick for pick in rows if pick.late and not pick.merged_sha]
    stray = [
        pick
        for pick in rows
        if pick.pull and pick.pull.base not in ("", core.release_branch) and not pick.merged_sha
    ]
    for found, one, many in (
        (undone, "pick was reverted on trunk", "picks were reverted on trunk"),
        (late, "nomination came after picks closed", "nominations came after picks closed"),
        (
            stray,
            "nominated pull request targets another branch",
            "nominated pull requests target other branches",
        ),
    ):
        if found:
            text = f"{counted(len(found), one, many)}: {few(map(pick_label, found))}"
            then = f"look at {pick_label(found[0])} and decide"
            yield BoardLine(text, "pane-3", found[0].key, found[0].url, source, then)


_FINDINGS = (
    (LackKind.MISSING_REVERT, "reverts-picked", "revert is", "reverts are"),
    (LackKind.MISSING_FIX, "fixes-picked", "fix is", "fixes are"),
)


def _risky_findings(state: ReleaseState, judged: tuple[str, ...]) -> Iterator[BoardLine]:
    """What the branch lacks, until a gate of the phase says so."""
    for kind, gate, one, many in _FINDINGS:
        found = open_findings(state, kind)
        if found and gate not in judged:
            first = f"#{found[0].pull}" if found[0].pull else short(found[0].commit)
            text = f"{counted(len(found), one, many)} missing from the branch, first {first}"
            yield BoardLine(text, "pane-3", gate, found[0].url, "git", f"pick {first}")


def _untagged(state: ReleaseState) -> Iterator[BoardLine]:
    core = state.spec.core
    branch, candidate = branch_of(state, core), state.candidate
    since = branch.since(candidate.commit_sha) if branch and candidate else None
    if candidate is not None and since:
        yield BoardLine(
            f"{counted(len(since), 'commit')} since {candidate.tag.name} in no candidate",
            TAG,
            core.name,
            source="git",
            then=f"tag {next_tag(state, core)}",
        )


def _deadlines(state: ReleaseState) -> Iterator[BoardLine]:
    schedule, today = state.spec.schedule, state.now.date()
    for what, left, pane, then in (
        (
            *("picks close", schedule.days_until_picks_close(today), "pane-3"),
            "decide and merge what is to come in",
        ),
        (
            *("release day", schedule.days_until_release(today), "pane-4"),
            "work through the checklist",
        ),
    ):
        if left is not None and 0 <= left <= SOON_DAYS:
            when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} d")
            yield BoardLine(f"{what} {when}", pane, what, source="schedule", then=then)
    meeting = next_meeting(state.spec.meetings, schedule, state.now)
    if meeting is not None and meeting.date() == today and meeting > state.now:
        text = f"sync meeting today at {meeting:%H:%M} UTC"
        then = "release-cockpit meeting prints its agenda"
        yield BoardLine(text, "pane-4", "meeting", source="schedule", then=then)


def _flaky(state: ReleaseState) -> Iterator[BoardLine]:
    jobs = state.builds.value.jobs if state.builds.value else ()
    flaky = [job for job in jobs if job.flaky]
    if flaky:
        names = few(map(named, flaky), 2)
        text = f"{counted(len(flaky), 'job')} flaky, green after red: {names}"
        then = f"read why {named(flaky[0])} was red at first"
        yield BoardLine(text, "pane-2", "builds-green", flaky[0].url, then=then)


def _doubtful_files(state: ReleaseState) -> Iterator[BoardLine]:
    """Files in doubt; and wrong ones too, unless a gate of the phase is about them.

    No gate is about the files of libraries: `wheels-complete` judges the core's.
    """
    gated = "wheels-complete" in PHASE_GATES[standing(state).phase]
    judged = (core_package(state), LIBTORCH) if gated else ()
    found = [
        f
        for f in findings(state)
        if f.kind is not FindingKind.MISSING
        and (
            f.severity is Severity.RISK
            or (f.severity is Severity.BLOCKS and f.package not in judged)
        )
    ]
    if found:
        files = len({finding.key for finding in found})
        text = f"{counted(files, 'file')} of the test channel in doubt: {found[0].text}"
        source = state.artifacts.reading.source if state.artifacts.reading else ""
        yield BoardLine(text, "pane-2", "wheels-complete", found[0].url, source, found[0].then.text)


def _lost_files(state: ReleaseState) -> Iterator[BoardLine]:
    found = lost_by_libraries(state)
    if found:
        text = f"{counted(len(found), 'file')} missing from the test channel: {found[0].text}"
        source = state.artifacts.reading.source if state.artifacts.reading else ""
        then = found[0].then.text
        yield BoardLine(text, "pane-2", "libraries-green", found[0].url, source, then)


def _other_checks(state: ReleaseState) -> Iterator[BoardLine]:
    red = unrequired_red(state)
    if red:
        names = few(f"{check.app} {check.name}" for check in red)
        text = f"{counted(len(red), 'check')} of others failed on the candidate: {names}"
        then = f"look into {red[0].name}"
        yield BoardLine(text, "pane-2", "checks-green", red[0].url, then=then)
