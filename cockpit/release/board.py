"""The board: what blocks the release, what is risky, what is ready, and what comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from cockpit.release.commits import short
from cockpit.release.coverage import configuration, named
from cockpit.release.findings import FindingKind, Severity, findings, lost_by_libraries
from cockpit.release.freshness import Freshness, freshness
from cockpit.release.gates import GATES
from cockpit.release.gates_branches import TAG
from cockpit.release.gates_health import unrequired_red
from cockpit.release.gates_picks import open_findings
from cockpit.release.job_names import LIBTORCH
from cockpit.release.lookups import (
    branch_of,
    core_package,
    is_red,
    next_tag,
    open_proposal,
    pick_label,
    undecided,
)
from cockpit.release.meetings import next_meeting
from cockpit.release.overrides import cleared, override_of
from cockpit.release.phases import PHASE_GATES, PhaseId, judge, standing
from cockpit.release.pick_next import next_of
from cockpit.release.picks import PickState
from cockpit.release.remembered import remembered
from cockpit.release.reruns import RERUN_FAILED, again_first
from cockpit.release.signoffs import Problem, Signed, Withdrawn
from cockpit.release.state import ReleaseState
from cockpit.release.trunk import FindingKind as LackKind
from cockpit.release.verdicts import NextStep, Outcome, Verdict
from cockpit.release.words import counted, few

_NOTHING = "nothing to do"
SOON_DAYS = 3
"""Deadlines this close are a risk."""


class BoardLine(msgspec.Struct, frozen=True):
    """One thing the captain should know."""

    text: str
    action: str | None = None
    """The action that deals with it, where the cockpit has one."""
    subject: str = ""
    """The gate, feed, pick or tag it is about."""
    url: str = ""
    source: str = ""
    then: str = ""
    """What to do about it, exactly."""
    pick: str = ""
    """The row of the queue that its action is about."""


class Board(msgspec.Struct, frozen=True):
    """The answer to every glance."""

    blocked: tuple[BoardLine, ...]
    risky: tuple[BoardLine, ...]
    ready: tuple[BoardLine, ...]
    next: NextStep


@remembered
def board(state: ReleaseState) -> Board:
    """The board of a state; one's own lease blocks nobody."""
    phase = standing(state).phase
    verdicts = judge(state, phase)
    known = freshness(state)
    needed = {name for gate in PHASE_GATES[phase] for name in GATES[gate].feeds}
    blocked = tuple(_blocked(state, verdicts, known, needed))
    judged = {name for gate in GATES.values() for name in gate.feeds}
    reached = all(known[name].taken_at is not None and not known[name].failure for name in judged)
    return Board(
        blocked=blocked,
        risky=(
            *_overridden(state, verdicts),
            *_risky(state, known, needed, PHASE_GATES[phase]),
        ),
        ready=tuple(_ready(state, verdicts)) if reached else (),
        next=_next(state, verdicts, known, needed),
    )


def _blocked(
    state: ReleaseState,
    verdicts: dict[str, Verdict],
    known: dict[str, Freshness],
    needed: set[str],
) -> Iterator[BoardLine]:
    for moved in state.moved:
        yield BoardLine(
            moved.describe(),
            "pane-1",
            moved.pin.tag,
            source=moved.pin.repository,
            then=f"find out who moved it, then declare {moved.pin.tag} a dud",
        )
    yield from _dead_versions(state)
    yield from _unreadable(known, needed)
    yield from _lease(state)
    yield from _problems(state)
    for gate, verdict in verdicts.items():
        readable = all(known[name].whole for name in GATES[gate].feeds)
        if cleared(gate, verdict, state):
            continue
        if gate == "builds-green" and verdict.outcome is Outcome.FAILED and not verdict.pending:
            yield from _red_builds(state)
        elif gate == "tags-unmoved" and state.moved:
            continue
        elif readable and not verdict.pending:
            yield _gate_line(gate, verdict)


def _problems(state: ReleaseState) -> Iterator[BoardLine]:
    """What reviewers reported, until it is withdrawn or the item is signed after it."""
    for item, words in state.record.words.items():
        ended = [at for at, (_, word) in enumerate(words) if isinstance(word, Signed | Withdrawn)]
        reported = words[ended[-1] + 1 if ended else 0 :]
        found = [(entry, word) for entry, word in reported if isinstance(word, Problem)]
        if found:
            entry, word = found[-1]
            text = f"problem with {item}: {word.note} ({entry.by})"
            then = "settle it, then sign the item or withdraw the problem"
            url = next(iter(word.links), "")
            yield BoardLine(text, "pane-4", item, url, source="ledger", then=then)


def _dead_versions(state: ReleaseState) -> Iterator[BoardLine]:
    for repository in state.spec.repositories:
        dead = state.record.dud_version(repository)
        if dead is not None:
            yield BoardLine(
                f"{repository.short_name} {dead.name} was declared a dud {dead.describe()}",
                "ledger",
                repository.name,
                source="ledger",
                then="begin the next version",
            )


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


def _unreadable(known: dict[str, Freshness], needed: set[str]) -> Iterator[BoardLine]:
    """Feeds that could not be read, those with one cause together."""
    causes: dict[str, list[Freshness]] = defaultdict(list)
    for name, entry in known.items():
        if entry.failure is not None:
            causes[str(entry.failure)].append(entry)
        elif not entry.whole and name in needed:
            causes["not read yet" if entry.taken_at is None else entry.missing].append(entry)
    for cause, entries in causes.items():
        names = ", ".join(entry.name for entry in entries)
        hint = entries[0].failure.hint if entries[0].failure else ""
        yield BoardLine(
            f"{cause} ({names})",
            "refresh",
            names,
            source=entries[0].source or entries[0].what,
            then=hint or "look again",
        )


def _lease(state: ReleaseState) -> Iterator[BoardLine]:
    lease = state.record.lease
    if lease is not None and lease.email != state.me and not lease.expired(state.now):
        yield BoardLine(
            f"{lease.holder} holds the lease for {lease.operation}"
            f" until {lease.expires_at:%H:%M} UTC",
            "ledger",
            lease.id,
            source="ledger",
            then=f"wait for {lease.holder}, or ask; after that time it can be taken over",
        )


def _gate_line(gate: str, verdict: Verdict) -> BoardLine:
    step = verdict.next_action or NextStep(f"look into {GATES[gate].subject}")
    url = next((entry.url for entry in verdict.evidence if entry.url), "")
    text = f"{GATES[gate].subject}: {verdict.headline}"
    return BoardLine(text, step.action or "pane-4", gate, url, verdict.source, step.text, step.pick)


def _overridden(state: ReleaseState, verdicts: dict[str, Verdict]) -> Iterator[BoardLine]:
    """Gates that do not hold and were overridden: nothing that is out of sight."""
    for gate, verdict in verdicts.items():
        found = None if verdict.clear else override_of(gate, state)
        if found is not None:
            text = f"{GATES[gate].subject}: {verdict.headline}; {found.describe()}"
            yield BoardLine(
                text, "pane-4", gate, source="ledger", then="mend it, if there is still time"
            )


def _red_builds(state: ReleaseState) -> Iterator[BoardLine]:
    jobs = state.builds.value.jobs if state.builds.value else ()
    red = [job for job in jobs if is_red(job)]
    if red:
        yield BoardLine(
            f"{counted(len(red), 'build')} failed: {few(named(job) for job in red)}",
            "pane-2",
            "builds-green",
            red[0].url,
            state.builds.reading.source if state.builds.reading else "",
            f"look into {named(red[0])}",
        )


def _risky(
    state: ReleaseState,
    known: dict[str, Freshness],
    needed: set[str],
    judged: tuple[str, ...],
) -> Iterator[BoardLine]:
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


def _ready(state: ReleaseState, verdicts: dict[str, Verdict]) -> Iterator[BoardLine]:
    for gate, verdict in verdicts.items():
        if verdict.outcome is Outcome.PASSED:
            url = verdict.evidence[0].url
            yield BoardLine(GATES[gate].title, None, gate, url, verdict.source, _NOTHING)
    contained = sum(pick.state is PickState.IN_CANDIDATE for pick in state.queue)
    if contained:
        yield BoardLine(f"{contained} picks are in a candidate", "pane-3", "picks", then=_NOTHING)


def _next(
    state: ReleaseState,
    verdicts: dict[str, Verdict],
    known: dict[str, Freshness],
    needed: set[str],
) -> NextStep:
    if state.moved:
        alarm = state.moved[0]
        if alarm.change is not None:
            return NextStep(f"ask {alarm.change.by} about {alarm.pin.tag}, or declare it a dud")
        return NextStep(f"find out who moved {alarm.pin.tag}, or declare it a dud")
    for line in _unreadable(known, needed):
        return NextStep(f"look again: {line.text}", "refresh")
    for line in _lease(state):
        return NextStep(f"wait: {line.text}")
    return _tag_next(state) or _gates_next(state, verdicts)


def _tag_next(state: ReleaseState) -> NextStep | None:
    """Tag the next candidate, or do what stands in its way; None when nothing waits for a tag."""
    core = state.spec.core
    branch, candidate = branch_of(state, core), state.candidate
    if branch is None or standing(state).phase.order > PhaseId.FINAL_CANDIDATE.order:
        return None
    if state.record.dud_version(core) is not None:
        return NextStep("begin the next version: this one was declared a dud", "ledger")
    since = branch.since(candidate.commit_sha) if candidate else branch.commits
    if candidate is not None and not since:
        return None
    for gate in ("candidate-pinned", "version-file", "ci-green", "picks-merged"):
        verdict = GATES[gate].judge(state)
        if verdict.next_action is not None and not cleared(gate, verdict, state):
            return verdict.next_action
    commits = counted(len(since or ()), "commit")
    last = candidate.tag.name.rpartition("-")[2] if candidate else "the cut"
    return NextStep(f"tag {next_tag(state, core)}: {commits} since {last}", TAG)


def _gates_next(state: ReleaseState, verdicts: dict[str, Verdict]) -> NextStep:
    """What the first gate that is not passed asks for; waiting comes last."""
    open_gates = [v for gate, v in verdicts.items() if not cleared(gate, v, state)]
    red = [v for v in open_gates if v.next_action and not v.pending]
    again = again_first(state.builds.value) if state.builds.value else None
    if again is not None and red[:1] == [verdicts.get("builds-green")]:
        return NextStep(f"re-run the failed {configuration(again)} job", RERUN_FAILED)
    rows = undecided(state)
    if red and red[0].next_action:
        return red[0].next_action
    if rows:
        first = next_of(state, rows[0])
        more = f"; {len(rows) - 1} more wait" if len(rows) > 1 else ""
        return NextStep(f"{first.text}{more}", first.action, first.pick)
    waiting = [v.next_action for v in open_gates if v.next_action]
    return waiting[0] if waiting else NextStep("work through the checklist", "pane-4")
